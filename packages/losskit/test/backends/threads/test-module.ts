// A small WebAssembly module, put together by hand, whose functions show which calls were made, or go wrong.

const I32 = 0x7f;
const END = 0x0b;
const LOCAL_GET = 0x20;
const I32_CONST = 0x41;

/** Unsigned LEB128. */
function leb(value: number): number[] {
  const low = value & 0x7f;
  return value < 0x80 ? [low] : [low | 0x80, ...leb(value >>> 7)];
}
const vector = (items: readonly (readonly number[])[]): number[] => [...leb(items.length), ...items.flat()];
const section = (id: number, content: readonly number[]): number[] => [id, ...leb(content.length), ...content];
const text = (characters: string): number[] => vector([...characters].map((c) => [c.charCodeAt(0)]));
const body = (...code: number[]): number[] => {
  const withoutLocals = [0, ...code, END];
  return [...leb(withoutLocals.length), ...withoutLocals];
};

/** base + 4 × index */
const PLACE = [LOCAL_GET, 0, LOCAL_GET, 1, I32_CONST, 2, 0x74 /* shl */, 0x6a /* add */];

/**
 * Functions of (base, index, third), all i32:
 * `mark` adds `step` to the word at base + 4 × index in one atomic act, so that a call too many or too few is seen;
 * `keep` stores the third argument there; `trap` is unreachable code; `hang` never returns.
 *
 * @param step 0 to 63
 */
export function testModule(step: number): Uint8Array {
  const functions: Record<string, number[]> = {
    mark: body(...PLACE, I32_CONST, step, 0xfe, 0x1e /* i32.atomic.rmw.add */, 2, 0, 0x1a /* drop */),
    keep: body(...PLACE, LOCAL_GET, 2, 0x36 /* i32.store */, 2, 0),
    trap: body(0x00),
    hang: body(0x03 /* loop */, 0x40, 0x0c /* br */, 0, END),
  };
  const names = Object.keys(functions);
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector([[0x60, ...vector([[I32], [I32], [I32]]), 0]])),
    ...section(2, vector([[...text("env"), ...text("memory"), 2, 3 /* shared, with a maximum */, 1, ...leb(65536)]])),
    ...section(3, vector(names.map(() => [0]))),
    ...section(7, vector(names.map((name, i) => [...text(name), 0, i]))),
    ...section(10, vector(names.map((name) => functions[name]))),
  ]);
}
