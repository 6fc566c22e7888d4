// What a stage gathers over the voxels of a tile: sums, products and checks; how each starts, takes a vector, and leaves the tile.

import type { Effect, Stage } from "../../compiler/kernel.js";
import type { Instruction, Opcode, WasmFunction } from "./assembler.js";
import type { FunctionFrame } from "./emit.js";
import type { StageLocals } from "./emit-tile.js";
import * as functions from "./functions.js";
import type { LaneNode } from "./lane-code.js";
import type { LeafReader } from "./leaf-reader.js";
import { createNodeWriter, localOfNumber, type NodeWriter } from "./node-writer.js";

/** Of the lanes of a vector those that are voxels, and the numbers of their voxels. */
export interface Mask {
  readonly lanes: number;
  readonly voxel: number;
}

type Sum = Extract<Effect, { kind: "sum" }>;
type Product = Extract<Effect, { kind: "product" }>;
type Check = Extract<Effect, { kind: "check" }>;
type Gathering = Sum | Product | Check;

/**
 * Voxels that are added up by themselves before they join those of the tile: of equal values, which a saturated network gives, a long sum rounds
 * each the same way.
 */
const BLOCK = 32;

const START = { total: 0, largest: Number.NEGATIVE_INFINITY, smallest: Number.POSITIVE_INFINITY };

/** @param mask where voxels beyond the last stay out; there are few then, and no blocks */
export function createAccumulators(
  { kernel, layout, code: c, numbers, parameter, newLocal }: FunctionFrame,
  stage: Stage,
  own: StageLocals,
  reader: LeafReader,
  mask: Mask | undefined,
) {
  const vector = () => newLocal("v128");
  const gathering = stage.effects.filter((effect): effect is Gathering =>
    ["sum", "product", "check"].includes(effect.kind),
  );
  const locals = new Map(gathering.map((effect) => [effect, vector()]));
  const isTotal = (effect: Gathering) => effect.kind === "sum" && kernel.sums[effect.sum].how === "total";
  /** Totals of the blocks of a tile. */
  const totals = new Map(mask ? [] : gathering.filter(isTotal).map((effect) => [effect, vector()]));
  const ofVoxels: Instruction[] = mask ? [["local.get", mask.lanes], ["v128.and"]] : [];
  const factor = gathering.some(({ kind }) => kind === "product") ? vector() : -1;
  const localOf = (effect: Gathering) => locals.get(effect) as number;

  /** Starts are numbers of the function, kept in a local each: a shorter code than the constant. */
  const clear = (effect: Gathering, local: number): Instruction[] => {
    const start = c.float(effect.kind === "sum" ? START[kernel.sums[effect.sum].how] : 0);
    return [
      ["local.get", localOfNumber(start, vector, numbers)],
      ["local.set", local],
    ];
  };
  const join = (local: number, op: Opcode): Instruction[] => [["local.get", local], [op], ["local.set", local]];

  function take(effect: Gathering, value: LaneNode, writer: NodeWriter): Instruction[] {
    const local = localOf(effect);
    if (effect.kind === "check") return [...writer.write(value), ...join(local, largestBits(effect))];
    if (effect.kind === "product") return multiply(local, writer.write(value));
    const { how } = kernel.sums[effect.sum];
    const written = writer.write(value);
    if (how === "total") return [...written, ...ofVoxels, ...join(local, "f32x4.add")];
    const op = how === "largest" ? "f32x4.pmax" : "f32x4.pmin";
    if (!mask) return [...written, ...join(local, op)];
    // Lanes beyond the last voxel meet the accumulator itself.
    return [
      ...written,
      ["local.get", local],
      ["v128.xor"],
      ["local.get", mask.lanes],
      ["v128.and"],
      ["local.get", local],
      ["v128.xor"],
      ...join(local, op),
    ];
  }

  /**
   * q is the product of the 1 + e, less 1: q' = q + (e + q e) keeps every digit of a small e, where 1 + e would round, and q e beside e, where it
   * would be nothing beside q + e.
   */
  function multiply(q: number, e: Instruction[]): Instruction[] {
    return [
      ...e,
      ...ofVoxels,
      ["local.set", factor],
      ["local.get", q],
      ["local.get", factor],
      ["local.get", q],
      ["local.get", factor],
      ["f32x4.mul"],
      ["f32x4.add"],
      ["f32x4.add"],
      ["local.set", q],
    ];
  }

  function largestBits({ check }: Check): Opcode {
    const { type } = kernel.arrays[kernel.checks[check].array];
    return type === "uint8" ? "i8x16.max_u" : "i32x4.max_u";
  }

  const partialsOf = (sum: number) =>
    kernel.sums[sum].perClass && own.perClass ? own.perClass.partials : parameter.partials;

  /** Sums of a tile leave it as float64: over many tiles float32 would lose digits. */
  function flush(effect: Gathering): Instruction[] {
    const local = totals.get(effect) ?? localOf(effect);
    if (effect.kind === "check") {
      const offset = layout.checks[effect.check];
      return [
        ["local.get", parameter.partials],
        ["local.get", parameter.partials],
        ["v128.load", offset],
        ["local.get", local],
        [largestBits(effect)],
        ["v128.store", offset],
      ];
    }
    const base = partialsOf(effect.sum);
    const offset = layout.sums.offsets[effect.sum];
    const addLanes: Instruction[] = [
      ["local.get", base],
      ["i32.const", offset],
      ["call", ADD_LANES_INDEX],
    ];
    if (effect.kind === "product") {
      // At most 64 factors of at most 2 met in a lane: no overflow.
      const log = functions.log1pPositive(c, c.leaf([["local.get", local]], false));
      const term = c.mul(reader.lowerings[0](effect.factor), log);
      const writer = createNodeWriter([[term]], vector, numbers);
      const written = writer.write(term);
      return [...writer.prologue(), ...written, ...addLanes];
    }
    const { how } = kernel.sums[effect.sum];
    if (how === "total") return [["local.get", local], ...addLanes];
    return [
      ["local.get", base],
      ["local.get", base],
      ["f64.load", offset],
      ...extremeOfLanes(local, how === "largest" ? "f32x4.pmax" : "f32x4.pmin"),
      ["f64.promote_f32"],
      [how === "largest" ? "f64.max" : "f64.min"],
      ["f64.store", offset],
    ];
  }

  return {
    /** Stands before the loops. */
    start: gathering.flatMap((effect) => clear(effect, totals.get(effect) ?? localOf(effect))),
    /** What stands around the loop over a block; undefined where a tile is not cut into blocks. */
    blocks:
      totals.size === 0
        ? undefined
        : {
            voxels: BLOCK,
            start: [...totals.keys()].flatMap((effect) => clear(effect, localOf(effect))),
            end: [...totals].flatMap(([effect, total]): Instruction[] => [
              ["local.get", localOf(effect)],
              ...join(total, "f32x4.add"),
            ]),
          },
    take,
    /** Stands behind the loops. */
    flush: gathering.flatMap(flush),
  };
}

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
 * Adds the lanes of a vector, (0 + 2) + (1 + 3) in float64, to the float64 at an address and an offset. A function of its own, once for all sums: a kernel has dozens, and
 * must stay small.
 */
export const ADD_LANES: WasmFunction = {
  name: "addLanes",
  parameters: ["v128", "i32", "i32"],
  locals: [],
  body: [
    ["local.get", 1],
    ["local.get", 2],
    ["i32.add"],
    ["local.tee", 1],
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
