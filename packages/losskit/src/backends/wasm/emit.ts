// A kernel as a WebAssembly function: tiles, the stages of each, and rounds over the classes.

import { computedIn, readsArray } from "../../compiler/check-kernel-values.js";
import { type Kernel, type KernelArray, type Stage, TILE } from "../../compiler/kernel.js";
import { ADD_LANES } from "./accumulators.js";
import { EMPTY, encodeModule, type Instruction, type LocalType, type WasmModule } from "./assembler.js";
import { emitTile, type StageLocals } from "./emit-tile.js";
import { createLaneCode } from "./lane-code.js";
import { layOut } from "./layout.js";
import type { NumberLocals } from "./node-writer.js";

export interface EmitOptions {
  /** Most vectors of 4 voxels per iteration of the innermost loops; each stage has its own width. */
  readonly unroll: 1 | 2 | 4;
  /** Whether voxels beyond the last stay out of sums: for numbers of voxels that no vector divides. */
  readonly masked: boolean;
}

/**
 * Parameters of every kernel, all i32. `n` voxels of one image, a multiple of 4 × unroll unless masked; the others are addresses. Then for each array its
 * address and, where it has a stretch per class, the bytes from one to the next.
 */
export const FIXED_PARAMETERS = ["scratch", "n", "classes", "constants", "partials"] as const;

export const elementBytes = (type: KernelArray["type"]): number => (type === "uint8" ? 1 : 4);

/** Modules above this must not be compiled synchronously on a page's main thread by the browsers that are strictest. */
export const SYNCHRONOUS_BYTES = 4096;

export interface KernelModule {
  readonly module: WasmModule;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Two functions of a kernel: over whole vectors, with the widest loops whose module is small enough to be compiled at once (the narrowest if
 * none is); and for the fewer than 16 voxels that are left.
 */
export function kernelModules(
  kernel: Kernel,
  sharedMemory: boolean,
): { readonly whole: KernelModule; readonly rest: KernelModule } {
  const moduleWith = (options: EmitOptions) => {
    const emitted = emitKernel(kernel, options);
    const module = { sharedMemory, functions: [emitted, ADD_LANES] };
    return { module, bytes: encodeModule(module), emitted };
  };
  const rest = moduleWith({ unroll: 1, masked: true });
  // Emitting in vain costs more than anything else here, so the rest, which is needed anyway, tells how large the others will be.
  const { loops, body } = rest.emitted;
  for (const unroll of [4, 2] as const) {
    const more = loops.reduce((sum, { length, width }) => sum + length * (width(unroll) - 1), 0);
    if (rest.bytes.length * (1 + more / body.length) >= 1.1 * SYNCHRONOUS_BYTES) continue;
    const whole = moduleWith({ unroll, masked: false });
    if (whole.bytes.length < SYNCHRONOUS_BYTES) return { whole, rest };
  }
  return { whole: moduleWith({ unroll: 1, masked: false }), rest };
}

export interface InnermostLoop {
  /** Instructions in it. */
  readonly length: number;
  /** Its vectors per iteration. */
  width(unroll: EmitOptions["unroll"]): number;
}

/** What the emitter of a stage needs of the function around it. */
export interface FunctionFrame {
  readonly kernel: Kernel;
  readonly layout: ReturnType<typeof layOut>;
  readonly code: ReturnType<typeof createLaneCode>;
  readonly numbers: NumberLocals;
  readonly parameter: Readonly<Record<(typeof FIXED_PARAMETERS)[number], number>>;
  /** Voxels that are left, this tile's included. */
  readonly left: number;
  readonly loops: InnermostLoop[];
  newLocal(type: LocalType): number;
}

export function emitKernel(kernel: Kernel, options: EmitOptions) {
  const { arrays } = kernel;
  const bases: number[] = [];
  let parameters = FIXED_PARAMETERS.length;
  for (const { perClass } of arrays) {
    bases.push(parameters);
    parameters += perClass ? 2 : 1;
  }
  const locals: LocalType[] = [];
  const newLocal = (type: LocalType) => parameters + locals.push(type) - 1;
  const frame: FunctionFrame = {
    kernel,
    layout: layOut(kernel),
    code: createLaneCode(),
    numbers: new Map(),
    parameter: Object.fromEntries(FIXED_PARAMETERS.map((name, i) => [name, i])) as FunctionFrame["parameter"],
    left: newLocal("i32"),
    loops: [],
    newLocal,
  };
  const stages = kernel.stages.flatMap((stage, index) => emitStage(frame, stage, index, bases, options));
  const advance = arrays.flatMap(({ type }, slot) => step(bases[slot], TILE * elementBytes(type)));
  const numbers = [...frame.numbers].flatMap(([{ code }, local]): Instruction[] => [...code, ["local.set", local]]);
  const body: Instruction[] = [
    ...numbers,
    ["local.get", frame.parameter.n],
    ["local.set", frame.left],
    ["loop", EMPTY],
    ...stages,
    ...advance,
    ...repeatWhileLeft(frame.left, TILE),
  ];
  return { name: "run", parameters: Array<LocalType>(parameters).fill("i32"), locals, body, loops: frame.loops };
}

/** local += by */
export const step = (local: number, by: number): Instruction[] => [
  ["local.get", local],
  ["i32.const", by],
  ["i32.add"],
  ["local.set", local],
];

/** The end of a loop that counts down. */
export const repeatWhileLeft = (counter: number, by: number): Instruction[] => [
  ["local.get", counter],
  ["i32.const", by],
  ["i32.sub"],
  ["local.tee", counter],
  ["i32.const", 0],
  ["i32.gt_s"],
  ["br_if", 0],
  ["end"],
];

function emitStage(
  frame: FunctionFrame,
  stage: Stage,
  index: number,
  bases: readonly number[],
  options: EmitOptions,
): Instruction[] {
  const { kernel, layout, parameter, newLocal } = frame;
  const arrays = arraysOf(kernel, stage, index);
  const pointers = new Map(arrays.map((slot) => [slot, newLocal("i32")]));
  const clear = stage.effects.flatMap((effect): Instruction[] => {
    if (effect.kind !== "overClasses") return [];
    // All bits 0 are the number 0; all bits 1 are NaN, over which pmax takes the first value that comes.
    return [
      ["local.get", parameter.scratch],
      ["i32.const", layout.rows.offsets[effect.row]],
      ["i32.add"],
      ["i32.const", effect.how === "max" ? 255 : 0],
      ["i32.const", TILE * 4],
      ["memory.fill"],
    ];
  });
  const start = (slot: number, from: number): Instruction[] => [
    ["local.get", from],
    ["local.set", pointers.get(slot) as number],
  ];
  if (!stage.perClass) {
    const own: StageLocals = { pointers };
    return [
      ...clear,
      ...arrays.flatMap((slot) => start(slot, bases[slot])),
      ...emitTile(frame, stage, index, own, options),
    ];
  }

  const classIndex = newLocal("i32");
  // Each moves on by its record, or stretch, from class to class.
  const records = {
    constants: { local: newLocal("i32"), base: parameter.constants, region: layout.constants },
    partials: { local: newLocal("i32"), base: parameter.partials, region: layout.sums },
    rows: { local: newLocal("i32"), base: parameter.scratch, region: layout.rows },
  };
  const starts = new Map(arrays.map((slot) => [slot, newLocal("i32")]));
  const own: StageLocals = {
    pointers,
    perClass: {
      index: classIndex,
      constants: records.constants.local,
      partials: records.partials.local,
      rows: records.rows.local,
    },
  };
  return [
    ...clear,
    ["i32.const", 0],
    ["local.set", classIndex],
    ...Object.values(records).flatMap(({ local, base, region }): Instruction[] => [
      ["local.get", base],
      ["i32.const", region.perClassStart],
      ["i32.add"],
      ["local.set", local],
    ]),
    ...[...starts].flatMap(([slot, local]): Instruction[] => [
      ["local.get", bases[slot]],
      ["local.set", local],
    ]),
    ["loop", EMPTY],
    ...arrays.flatMap((slot) => start(slot, starts.get(slot) as number)),
    ...emitTile(frame, stage, index, own, options),
    ...Object.values(records).flatMap(({ local, region }) => step(local, region.perClassBytes)),
    ...arrays
      .filter((slot) => kernel.arrays[slot].perClass)
      .flatMap((slot): Instruction[] => [
        ["local.get", starts.get(slot) as number],
        ["local.get", bases[slot] + 1],
        ["i32.add"],
        ["local.set", starts.get(slot) as number],
      ]),
    ["local.get", classIndex],
    ["i32.const", 1],
    ["i32.add"],
    ["local.tee", classIndex],
    ["local.get", parameter.classes],
    ["i32.lt_u"],
    ["br_if", 0],
    ["end"],
  ];
}

/** Slots of the arrays that a stage reads or writes itself, rather than through a row. */
function arraysOf(kernel: Kernel, stage: Stage, index: number): number[] {
  const written = stage.effects.flatMap((effect) =>
    effect.kind === "write" || effect.kind === "check" ? [effect.array] : [],
  );
  const read = computedIn(kernel, stage, index).filter(readsArray);
  return [...new Set([...written, ...read.map(({ data }) => data)])];
}
