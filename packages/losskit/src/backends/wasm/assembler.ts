// A small WebAssembly assembler: functions as lists of instructions in, bytes or text out.

/** How the numbers behind an instruction are written. */
type Immediates = "none" | "index" | "type" | "memory" | "i32" | "f32" | "lane" | "lanes";

const SIMD = 0xfd;
const BULK = 0xfc;

/** The instructions that kernels use, by the names of the specification. */
const OPCODES = {
  block: [[0x02], "type"],
  loop: [[0x03], "type"],
  if: [[0x04], "type"],
  end: [[0x0b], "none"],
  br: [[0x0c], "index"],
  br_if: [[0x0d], "index"],
  call: [[0x10], "index"],
  select: [[0x1b], "none"],
  "local.get": [[0x20], "index"],
  "local.set": [[0x21], "index"],
  "local.tee": [[0x22], "index"],
  "f64.load": [[0x2b], "memory"],
  "f64.store": [[0x39], "memory"],
  "i32.const": [[0x41], "i32"],
  "f32.const": [[0x43], "f32"],
  "i32.lt_u": [[0x49], "none"],
  "i32.gt_s": [[0x4a], "none"],
  "i32.add": [[0x6a], "none"],
  "i32.sub": [[0x6b], "none"],
  "f64.add": [[0xa0], "none"],
  "f64.min": [[0xa4], "none"],
  "f64.max": [[0xa5], "none"],
  "f64.promote_f32": [[0xbb], "none"],
  "memory.fill": [[BULK, 11, 0], "none"],
  "v128.load": [[SIMD, 0], "memory"],
  "v128.load8_splat": [[SIMD, 7], "memory"],
  "v128.load32_splat": [[SIMD, 9], "memory"],
  "v128.store": [[SIMD, 11], "memory"],
  "v128.const": [[SIMD, 12], "lanes"],
  "i8x16.shuffle": [[SIMD, 13], "lanes"],
  "i8x16.splat": [[SIMD, 15], "none"],
  "i32x4.splat": [[SIMD, 17], "none"],
  "f32x4.splat": [[SIMD, 19], "none"],
  "f32x4.extract_lane": [[SIMD, 31], "lane"],
  "f64x2.extract_lane": [[SIMD, 33], "lane"],
  "i8x16.eq": [[SIMD, 35], "none"],
  "i32x4.eq": [[SIMD, 55], "none"],
  "i32x4.lt_s": [[SIMD, 57], "none"],
  "f32x4.eq": [[SIMD, 65], "none"],
  "f32x4.lt": [[SIMD, 67], "none"],
  "f32x4.le": [[SIMD, 69], "none"],
  "v128.not": [[SIMD, 77], "none"],
  "v128.and": [[SIMD, 78], "none"],
  "v128.andnot": [[SIMD, 79], "none"],
  "v128.or": [[SIMD, 80], "none"],
  "v128.xor": [[SIMD, 81], "none"],
  "v128.bitselect": [[SIMD, 82], "none"],
  "v128.load32_zero": [[SIMD, 92], "memory"],
  "v128.load64_zero": [[SIMD, 93], "memory"],
  "f64x2.promote_low_f32x4": [[SIMD, 95], "none"],
  "i8x16.max_u": [[SIMD, 121], "none"],
  "i16x8.extend_low_i8x16_s": [[SIMD, 135], "none"],
  "i16x8.extend_high_i8x16_s": [[SIMD, 136], "none"],
  "i16x8.extend_low_i8x16_u": [[SIMD, 137], "none"],
  "i32x4.extend_low_i16x8_s": [[SIMD, 167], "none"],
  "i32x4.extend_high_i16x8_s": [[SIMD, 168], "none"],
  "i32x4.extend_low_i16x8_u": [[SIMD, 169], "none"],
  "i32x4.shl": [[SIMD, 171], "none"],
  "i32x4.shr_s": [[SIMD, 172], "none"],
  "i32x4.add": [[SIMD, 174], "none"],
  "i32x4.sub": [[SIMD, 177], "none"],
  "i32x4.max_u": [[SIMD, 185], "none"],
  "f32x4.sqrt": [[SIMD, 227], "none"],
  "f32x4.add": [[SIMD, 228], "none"],
  "f32x4.sub": [[SIMD, 229], "none"],
  "f32x4.mul": [[SIMD, 230], "none"],
  "f32x4.div": [[SIMD, 231], "none"],
  "f32x4.pmin": [[SIMD, 234], "none"],
  "f32x4.pmax": [[SIMD, 235], "none"],
  "f64x2.add": [[SIMD, 240], "none"],
  "f32x4.convert_i32x4_s": [[SIMD, 250], "none"],
} as const satisfies Readonly<Record<string, readonly [readonly number[], Immediates]>>;

export type Opcode = keyof typeof OPCODES;

/** An instruction with its immediates: an index, a constant, a memory offset, sixteen lanes. */
export type Instruction = readonly [op: Opcode, ...immediates: readonly number[]];

const TYPES = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const;
export type LocalType = keyof typeof TYPES;

/** Of a block that leaves nothing on the stack. */
export const EMPTY = 0x40;

export interface WasmFunction {
  readonly name: string;
  /** They are the first locals. */
  readonly parameters: readonly LocalType[];
  readonly locals: readonly LocalType[];
  readonly body: readonly Instruction[];
}

export interface WasmModule {
  /** Whether the memory it imports is shared between threads. */
  readonly sharedMemory: boolean;
  readonly functions: readonly WasmFunction[];
}

/** All memory that 32-bit addresses reach, in pages. */
const MAX_PAGES = 65536;

export function encodeModule({ sharedMemory, functions }: WasmModule): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ parameters }) => [
    0x60,
    parameters.length,
    ...parameters.map((type) => TYPES[type]),
    0,
  ]);
  const limits = [sharedMemory ? 0x03 : 0x01, ...unsigned(1), ...unsigned(MAX_PAGES)];
  const memory = [...text("env"), ...text("memory"), 0x02, ...limits];
  const exports = functions.map(({ name }, i) => [...text(name), 0x00, ...unsigned(i)]);
  const sections = [
    [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, types),
    ...section(2, [memory]),
    ...section(
      3,
      functions.map((_, i) => unsigned(i)),
    ),
    ...section(7, exports),
    ...section(10, functions.map(encodeFunction)),
  ];
  const bytes = new Uint8Array(sections.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of sections) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function encodeFunction({ locals, body }: WasmFunction): number[] {
  const runs: { type: LocalType; count: number }[] = [];
  for (const type of locals) {
    const last = runs[runs.length - 1];
    if (last?.type === type) last.count++;
    else runs.push({ type, count: 1 });
  }
  const code = unsigned(runs.length);
  for (const { type, count } of runs) code.push(...unsigned(count), TYPES[type]);
  for (const instruction of body) encodeInstruction(code, instruction);
  code.push(OPCODES.end[0][0]);
  return [...unsigned(code.length), ...code];
}

const float = new DataView(new ArrayBuffer(4));

function encodeInstruction(code: number[], instruction: Instruction): void {
  const [opcode, kind] = OPCODES[instruction[0]];
  if (opcode[0] === SIMD) {
    code.push(SIMD);
    appendUnsigned(code, opcode[1]);
  } else code.push(...opcode);
  const first = instruction.length > 1 ? (instruction[1] as number) : 0;
  switch (kind) {
    case "none":
      return;
    case "index":
      appendUnsigned(code, first);
      return;
    case "memory":
      // Alignment is only a hint; 0 promises nothing.
      code.push(0);
      appendUnsigned(code, first);
      return;
    case "i32":
      appendSigned(code, first);
      return;
    case "f32":
      float.setFloat32(0, first, true);
      for (let i = 0; i < 4; i++) code.push(float.getUint8(i));
      return;
    default:
      for (let i = 1; i < instruction.length; i++) code.push(instruction[i] as number);
  }
}

/** A section of entries: its id, the bytes that follow, and how many entries those are. */
function section(id: number, entries: readonly (readonly number[])[]): (readonly number[])[] {
  const count = unsigned(entries.length);
  const length = entries.reduce((sum, entry) => sum + entry.length, count.length);
  return [[id, ...unsigned(length)], count, ...entries];
}

const text = (name: string) => [name.length, ...[...name].map((letter) => letter.charCodeAt(0))];

function unsigned(value: number): number[] {
  const bytes: number[] = [];
  appendUnsigned(bytes, value);
  return bytes;
}

/** LEB128, seven bits a byte, the lowest first. */
function appendUnsigned(bytes: number[], value: number): void {
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
}

function appendSigned(bytes: number[], value: number): void {
  for (let rest = value | 0; ; ) {
    const low = rest & 0x7f;
    rest >>= 7;
    const done = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
    bytes.push(done ? low : low | 0x80);
    if (done) return;
  }
}

/** The module in the text format, one instruction a line. */
export function printModule({ sharedMemory, functions }: WasmModule): string {
  const lines = ["(module", `  (import "env" "memory" (memory 1 ${MAX_PAGES}${sharedMemory ? " shared" : ""}))`];
  for (const { name, parameters, locals, body } of functions) {
    lines.push(`  (func (export "${name}")${parameters.length > 0 ? ` (param ${parameters.join(" ")})` : ""}`);
    if (locals.length > 0) lines.push(`    (local ${locals.join(" ")})`);
    let depth = 2;
    for (const instruction of body) {
      const [op] = instruction;
      if (op === "end") depth--;
      lines.push("  ".repeat(depth) + printInstruction(instruction));
      if (op === "block" || op === "loop" || op === "if") depth++;
    }
    lines.push("  )");
  }
  return `${[...lines, ")"].join("\n")}\n`;
}

function printInstruction([op, ...immediates]: Instruction): string {
  const [, kind] = OPCODES[op];
  if (kind === "none" || kind === "type") return op;
  if (kind === "memory") return immediates[0] === 0 ? op : `${op} offset=${immediates[0]}`;
  if (op === "v128.const") return `${op} i8x16 ${immediates.join(" ")}`;
  if (kind === "f32") return `${op} ${printFloat(immediates[0])}`;
  return `${op} ${immediates.join(" ")}`;
}

function printFloat(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return Object.is(value, -0) ? "-0" : String(Math.fround(value));
}
