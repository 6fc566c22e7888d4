// One stage of a kernel on one tile: what is uniform, the loop over vectors of 4 voxels, and the sums that leave it.

import type { Effect, KernelValue, Stage } from "../../compiler/kernel.js";
import { TILE } from "../../compiler/kernel.js";
import { EMPTY, type Instruction, type WasmFunction } from "./assembler.js";
import { type EmitOptions, elementBytes, type FunctionFrame, repeatWhileLeft, step } from "./emit.js";
import * as functions from "./functions.js";
import type { LaneNode } from "./lane-code.js";
import { createLeafReader, type LeafReader } from "./leaf-reader.js";
import { createNodeWriter } from "./node-writer.js";

export const VECTOR = 16;
export const LANES = 4;

/** Locals that a stage finds set: where its arrays are, and, in a round over the classes, the records of the class. */
export interface StageLocals {
  readonly pointers: ReadonlyMap<number, number>;
  readonly perClass?: {
    readonly index: number;
    readonly constants: number;
    readonly partials: number;
    readonly rows: number;
  };
}

type Sum = Extract<Effect, { kind: "sum" }>;
type Check = Extract<Effect, { kind: "check" }>;
/** What an effect does with vectors of one chain. */
interface ChainStep {
  readonly effect: Effect;
  readonly chain: number;
  readonly value: LaneNode;
  readonly product?: LaneNode;
}

const START = { total: 0, largest: Number.NEGATIVE_INFINITY, smallest: Number.POSITIVE_INFINITY };

const splat = (value: number): Instruction[] => [["f32.const", value], ["f32x4.splat"]];

export function emitTile(
  frame: FunctionFrame,
  stage: Stage,
  index: number,
  own: StageLocals,
  { unroll, masked }: EmitOptions,
): Instruction[] {
  const { kernel, layout, code: c, numbers, parameter, newLocal } = frame;
  const vector = () => newLocal("v128");
  const rowPointers = { common: newLocal("i32"), perClass: own.perClass ? newLocal("i32") : -1 };
  const reader = createLeafReader(frame, index, own, rowPointers, unroll);

  const steps = chainSteps(stage, reader, unroll, frame);
  const chains = Array.from({ length: unroll }, (_, chain) => steps.filter((entry) => entry.chain === chain));
  const writer = createNodeWriter(
    chains.map((own) => own.flatMap(({ value, product }) => (product ? [value, product] : [value]))),
    vector,
    numbers,
  );
  const accumulators = new Map<Effect, number>();
  const parts = new Map<Effect, number>();
  const products = new Map<Effect, number>();
  const factors = new Map<Effect, number>();
  for (const effect of stage.effects) {
    if (effect.kind === "sum" || effect.kind === "check") accumulators.set(effect, vector());
    if (effect.kind === "sum" && effect.product) products.set(effect, vector());
  }
  const mask = masked ? { lanes: vector(), voxel: vector() } : undefined;
  const inLoop = chains.flatMap((own) => {
    writer.startChain();
    return own.flatMap(emitStep);
  });
  frame.loops.push(inLoop.length);
  const flush = [...accumulators].flatMap(([effect, acc]) =>
    effect.kind === "sum" ? flushSum(effect, acc) : flushCheck(effect as Check, acc),
  );

  const clear = [...accumulators].flatMap(([effect, acc]): Instruction[] => [
    ...splat(effect.kind === "sum" ? START[kernel.sums[effect.sum].how] : 0),
    ["local.set", acc],
  ]);
  const clearProducts = [...products.values()].flatMap((acc): Instruction[] => [...splat(0), ["local.set", acc]]);
  const count = newLocal("i32");
  return [
    ...writer.prologue(),
    ...clear,
    ...clearProducts,
    ["local.get", parameter.scratch],
    ["local.set", rowPointers.common],
    ...(own.perClass
      ? ([
          ["local.get", own.perClass.rows],
          ["local.set", rowPointers.perClass],
        ] as Instruction[])
      : []),
    // The smaller of what is left and a tile.
    ["local.get", frame.left],
    ["i32.const", TILE],
    ["local.get", frame.left],
    ["i32.const", TILE],
    ["i32.lt_u"],
    ["select"],
    ["local.set", count],
    ...(mask ? ([LANE_NUMBERS, ["local.set", mask.voxel]] as Instruction[]) : []),
    ["loop", EMPTY],
    ...(mask
      ? ([
          ["local.get", mask.voxel],
          ["local.get", parameter.n],
          ["i32x4.splat"],
          ["i32x4.lt_s"],
          ["local.set", mask.lanes],
        ] as Instruction[])
      : []),
    ...inLoop,
    ...[...own.pointers].flatMap(([slot, pointer]) =>
      step(pointer, unroll * LANES * elementBytes(kernel.arrays[slot].type)),
    ),
    ...(reader.usesRows().common ? step(rowPointers.common, unroll * VECTOR) : []),
    ...(reader.usesRows().perClass ? step(rowPointers.perClass, unroll * VECTOR) : []),
    ...(mask
      ? ([
          ["local.get", mask.voxel],
          ["i32.const", LANES],
          ["i32x4.splat"],
          ["i32x4.add"],
          ["local.set", mask.voxel],
        ] as Instruction[])
      : []),
    ...repeatWhileLeft(count, unroll * LANES),
    ...flush,
  ];

  function emitStep({ effect, chain, value, product }: ChainStep): Instruction[] {
    switch (effect.kind) {
      case "row": {
        const { pointer, offset } = reader.rowPlace(effect.row, chain);
        return [["local.get", pointer], ...writer.write(value), ["v128.store", offset]];
      }
      case "overClasses": {
        const { pointer, offset } = reader.rowPlace(effect.row, chain);
        return [
          ["local.get", pointer],
          ...writer.write(value),
          ["local.get", pointer],
          ["v128.load", offset],
          [effect.how === "max" ? "f32x4.pmax" : "f32x4.add"],
          ["v128.store", offset],
        ];
      }
      case "write": {
        const pointer = own.pointers.get(effect.array) as number;
        return [["local.get", pointer], ...writer.write(value), ["v128.store", VECTOR * chain]];
      }
      case "check": {
        const acc = accumulators.get(effect) as number;
        return [...writer.write(value), ["local.get", acc], [largestBits(effect)], ["local.set", acc]];
      }
      default:
        return [...emitSum(effect, value, chain), ...(product ? emitProduct(effect, product) : [])];
    }
  }

  function emitSum(effect: Sum, value: LaneNode, chain: number): Instruction[] {
    const acc = accumulators.get(effect) as number;
    const { how } = kernel.sums[effect.sum];
    if (how === "total") {
      // The chains of an iteration first: of equal values, which a saturated network gives, a long sum rounds each the same way.
      const own = kept(writer.write(value));
      const whole: Instruction[] = [["local.get", acc], ["f32x4.add"], ["local.set", acc]];
      if (unroll === 1) return [...own, ...whole];
      const part = parts.get(effect) ?? vector();
      parts.set(effect, part);
      const sum: Instruction[] = chain > 0 ? [...own, ["local.get", part], ["f32x4.add"]] : own;
      return [...sum, ...(chain < unroll - 1 ? ([["local.set", part]] as const) : whole)];
    }
    const op = how === "largest" ? "f32x4.pmax" : "f32x4.pmin";
    const written = writer.write(value);
    if (!mask) return [...written, ["local.get", acc], [op], ["local.set", acc]];
    // Lanes beyond the last voxel meet the accumulator itself.
    return [
      ...written,
      ["local.get", acc],
      ["v128.xor"],
      ["local.get", mask.lanes],
      ["v128.and"],
      ["local.get", acc],
      ["v128.xor"],
      ["local.get", acc],
      [op],
      ["local.set", acc],
    ];
  }

  /** q is the product of the 1 + e, minus 1: q' = q + (e + q e) keeps every digit of a small e, where 1 + e would lose it. */
  function emitProduct(effect: Sum, product: LaneNode): Instruction[] {
    const q = products.get(effect) as number;
    const e = factors.get(effect) ?? vector();
    factors.set(effect, e);
    return [
      ...kept(writer.write(product)),
      ["local.set", e],
      ["local.get", q],
      ["local.get", e],
      ["local.get", q],
      ["local.get", e],
      ["f32x4.mul"],
      ["f32x4.add"],
      ["f32x4.add"],
      ["local.set", q],
    ];
  }

  function kept(written: Instruction[]): Instruction[] {
    return mask ? [...written, ["local.get", mask.lanes], ["v128.and"]] : written;
  }

  function largestBits({ check }: Check) {
    const { type } = kernel.arrays[kernel.checks[check].array];
    return type === "uint8" ? "i8x16.max_u" : "i32x4.max_u";
  }

  /** Sums of a tile leave it as float64: over many tiles float32 would lose digits. */
  function flushSum(effect: Sum, acc: number): Instruction[] {
    const { perClass, how } = kernel.sums[effect.sum];
    const base = perClass && own.perClass ? own.perClass.partials : parameter.partials;
    const offset = layout.sums.offsets[effect.sum];
    if (how !== "total") {
      const join = how === "largest" ? "f32x4.pmax" : "f32x4.pmin";
      return [
        ["local.get", base],
        ["local.get", base],
        ["f64.load", offset],
        ...extremeOfLanes(acc, join),
        ["f64.promote_f32"],
        [how === "largest" ? "f64.max" : "f64.min"],
        ["f64.store", offset],
      ];
    }
    const q = products.get(effect);
    const logarithms: Instruction[] = [];
    if (q !== undefined && effect.factor) {
      // At most 64 factors of at most 2 met in a lane: no overflow.
      const term = c.mul(
        reader.lowerings[0](effect.factor),
        functions.log1pPositive(c, c.leaf([["local.get", q]], false)),
      );
      const own = createNodeWriter([[term]], vector, numbers);
      const written = own.write(term);
      logarithms.push(...own.prologue(), ...written, ["local.get", acc], ["f32x4.add"], ["local.set", acc]);
    }
    return [
      ...logarithms,
      ["local.get", acc],
      ["local.get", base],
      ["i32.const", offset],
      ["i32.add"],
      ["call", ADD_LANES_INDEX],
    ];
  }

  function flushCheck(effect: Check, acc: number): Instruction[] {
    const offset = layout.checks[effect.check];
    return [
      ["local.get", parameter.partials],
      ["local.get", parameter.partials],
      ["v128.load", offset],
      ["local.get", acc],
      [largestBits(effect)],
      ["v128.store", offset],
    ];
  }
}

/** Writes come last in a chain: the stash is read from where the gradient goes. */
function chainSteps(stage: Stage, reader: LeafReader, unroll: number, { kernel }: FunctionFrame): ChainStep[] {
  const ordered = [
    ...stage.effects.filter(({ kind }) => kind !== "write"),
    ...stage.effects.filter(({ kind }) => kind === "write"),
  ];
  const steps: ChainStep[] = [];
  for (let chain = 0; chain < unroll; chain++) {
    const lower = reader.lowerings[chain] as (value: KernelValue) => LaneNode;
    for (const effect of ordered) {
      if (effect.kind === "check") {
        const value = reader.checkedBits(kernel.checks[effect.check], chain);
        if (value) steps.push({ effect, chain, value });
      } else {
        const product = effect.kind === "sum" && effect.product ? lower(effect.product) : undefined;
        steps.push({ effect, chain, value: lower(effect.value), product });
      }
    }
  }
  return steps;
}

/** The numbers 0 to 3 as 32-bit integers. */
const LANE_NUMBERS: Instruction = ["v128.const", 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0];

const UPPER_HALF = [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7];
const NEIGHBOURS = [4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11];

function turned(local: number, lanes: readonly number[]): Instruction[] {
  return [
    ["local.get", local],
    ["local.get", local],
    ["i8x16.shuffle", ...lanes],
  ];
}

/** Where the function below lies in the module of a kernel, behind the kernel itself. */
const ADD_LANES_INDEX = 1;

/**
 * Adds the lanes of a vector, (0 + 2) + (1 + 3) in float64, to the float64 at an address. A function of its own, once for all sums: a kernel has dozens, and
 * must stay small.
 */
export const ADD_LANES: WasmFunction = {
  name: "addLanes",
  parameters: ["v128", "i32"],
  locals: [],
  body: [
    ["local.get", 1],
    ["local.get", 1],
    ["f64.load", 0],
    ["local.get", 0],
    ["f64x2.promote_low_f32x4"],
    ...turned(0, UPPER_HALF),
    ["f64x2.promote_low_f32x4"],
    ["f64x2.add"],
    ["local.tee", 0],
    ["f64x2.extract_lane", 0],
    ["local.get", 0],
    ["f64x2.extract_lane", 1],
    ["f64.add"],
    ["f64.add"],
    ["f64.store", 0],
  ],
};

function extremeOfLanes(acc: number, join: "f32x4.pmax" | "f32x4.pmin"): Instruction[] {
  return [
    ["local.get", acc],
    ...turned(acc, UPPER_HALF),
    [join],
    ["local.set", acc],
    ["local.get", acc],
    ...turned(acc, NEIGHBOURS),
    [join],
    ["f32x4.extract_lane", 0],
  ];
}
