// One stage of a kernel on one tile: what is uniform, the loop over vectors of 4 voxels, and the sums that leave it.

import { computedIn } from "../../compiler/check-kernel-values.js";
import type { Effect, Kernel, KernelValue, Stage } from "../../compiler/kernel.js";
import { TILE } from "../../compiler/kernel.js";
import { FUNCTIONS } from "../../compiler/stages.js";
import { createAccumulators, type Mask } from "./accumulators.js";
import { EMPTY, type Instruction } from "./assembler.js";
import { type EmitOptions, elementBytes, type FunctionFrame, repeatWhileLeft, step } from "./emit.js";
import type { LaneNode } from "./lane-code.js";
import { createLeafReader, type LeafReader } from "./leaf-reader.js";
import { createNodeWriter } from "./node-writer.js";

export const VECTOR = 16;
export const LANES = 4;

/** Functions that an iteration computes, of all its vectors: what they wait for one another keeps four of them busy. */
const FUNCTIONS_AT_ONCE = 4;

/** Sums for which two vectors at a time still find registers; WebAssembly has 16 of them on x86. */
const SUMS_OF_TWO = 8;

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

/** What an effect does with vectors of one chain. */
interface ChainStep {
  readonly effect: Effect;
  readonly chain: number;
  readonly value: LaneNode;
}

export function emitTile(
  frame: FunctionFrame,
  stage: Stage,
  index: number,
  own: StageLocals,
  options: EmitOptions,
): Instruction[] {
  const { kernel, numbers, parameter, newLocal } = frame;
  const vector = () => newLocal("v128");
  const functions = countFunctions(kernel, stage, index);
  const width = (most: EmitOptions["unroll"]) => widthOf(kernel, stage, functions, most);
  const unroll = width(options.unroll);
  const rowPointers = { common: newLocal("i32"), perClass: own.perClass ? newLocal("i32") : -1 };
  const reader = createLeafReader(frame, index, own, rowPointers, unroll);

  const mask: Mask | undefined = options.masked ? { lanes: vector(), voxel: vector() } : undefined;
  const accumulators = createAccumulators(frame, stage, own, reader, mask);
  const steps = chainSteps(stage, reader, unroll, frame);
  const chains = Array.from({ length: unroll }, (_, chain) => steps.filter((entry) => entry.chain === chain));
  const writer = createNodeWriter(
    chains.map((own) => own.map(({ value }) => value)),
    vector,
    numbers,
  );
  // Stores of functions come last: V8 then computes the chains side by side, and not one after the other.
  const storesLast = unroll > 1 && functions > 0;
  const stores: Instruction[] = [];
  const computed = chains.flatMap((own) => {
    writer.startChain();
    return own.flatMap(emitStep);
  });
  const inLoop = [...computed, ...stores];
  frame.loops.push({ length: inLoop.length, width });

  const count = newLocal("i32");
  const setRows: Instruction[] = own.perClass
    ? [
        ["local.get", own.perClass.rows],
        ["local.set", rowPointers.perClass],
      ]
    : [];
  const startMask: Instruction[] = mask ? [LANE_NUMBERS, ["local.set", mask.voxel]] : [];
  const setMask: Instruction[] = mask
    ? [
        ["local.get", mask.voxel],
        ["local.get", parameter.n],
        ["i32x4.splat"],
        ["i32x4.lt_s"],
        ["local.set", mask.lanes],
      ]
    : [];
  const advanceMask: Instruction[] = mask
    ? [["local.get", mask.voxel], ["i32.const", LANES], ["i32x4.splat"], ["i32x4.add"], ["local.set", mask.voxel]]
    : [];
  const loop = (counter: number): Instruction[] => [
    ["loop", EMPTY],
    ...setMask,
    ...inLoop,
    ...[...own.pointers].flatMap(([slot, pointer]) =>
      step(pointer, unroll * LANES * elementBytes(kernel.arrays[slot].type)),
    ),
    ...(reader.usesRows().common ? step(rowPointers.common, unroll * VECTOR) : []),
    ...(reader.usesRows().perClass ? step(rowPointers.perClass, unroll * VECTOR) : []),
    ...advanceMask,
    ...repeatWhileLeft(counter, unroll * LANES),
  ];
  return [
    ...writer.prologue(),
    ...accumulators.start,
    ["local.get", parameter.scratch],
    ["local.set", rowPointers.common],
    ...setRows,
    ...smaller(frame.left, TILE),
    ["local.set", count],
    ...startMask,
    ...(accumulators.blocks ? inBlocks(accumulators.blocks) : loop(count)),
    ...accumulators.flush,
  ];

  function inBlocks({ voxels, start, end }: NonNullable<typeof accumulators.blocks>): Instruction[] {
    const left = newLocal("i32");
    return [
      ["loop", EMPTY],
      ...start,
      ...smaller(count, voxels),
      ["local.set", left],
      ...loop(left),
      ...end,
      ...repeatWhileLeft(count, voxels),
    ];
  }

  function store(pointer: number, offset: number, value: LaneNode): Instruction[] {
    if (!storesLast) return [["local.get", pointer], ...writer.write(value), ["v128.store", offset]];
    const result = vector();
    stores.push(["local.get", pointer], ["local.get", result], ["v128.store", offset]);
    return [...writer.write(value), ["local.set", result]];
  }

  function emitStep({ effect, chain, value }: ChainStep): Instruction[] {
    switch (effect.kind) {
      case "row": {
        const { pointer, offset } = reader.rowPlace(effect.row, chain);
        return store(pointer, offset, value);
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
      case "write":
        return store(own.pointers.get(effect.array) as number, VECTOR * chain, value);
      default:
        return accumulators.take(effect, value, writer);
    }
  }
}

/**
 * Vectors of an iteration. Functions have as many side by side as the machine has use for. Sums take a register each, and what they add up is soon
 * computed: one vector at a time, but where labels are bytes, which are cheaper to read for two. A stage with both, of classes that are written out, takes
 * as many as its code has room for. The order in which a sum adds does not depend on it.
 */
function widthOf(
  { arrays }: Kernel,
  { effects }: Stage,
  functions: number,
  most: EmitOptions["unroll"],
): EmitOptions["unroll"] {
  const atMost = (width: number) => ([4, 2] as const).find((w) => w <= Math.min(width, most)) ?? 1;
  const sums = effects.filter(({ kind }) => kind === "sum").length;
  if (functions > 0 && sums === 0) return atMost(FUNCTIONS_AT_ONCE / functions);
  if (functions > 0 || sums === 0) return most;
  return atMost(sums <= SUMS_OF_TWO && arrays.some(({ type }) => type === "uint8") ? 2 : 1);
}

/** How many functions a stage computes for every vector; those of the same number share most of their work. */
function countFunctions(kernel: Kernel, stage: Stage, index: number): number {
  const functions = computedIn(kernel, stage, index).filter(({ op }) => FUNCTIONS.has(op));
  return new Set(functions.map(({ args }) => args[0])).size;
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
      const value =
        effect.kind === "check" ? reader.checkedBits(kernel.checks[effect.check], chain) : lower(effect.value);
      if (value) steps.push({ effect, chain, value });
    }
  }
  return steps;
}

/** Leaves the smaller of a local and a number on the stack. */
const smaller = (local: number, number: number): Instruction[] => [
  ["local.get", local],
  ["i32.const", number],
  ["local.get", local],
  ["i32.const", number],
  ["i32.lt_u"],
  ["select"],
];

/** The numbers 0 to 3 as 32-bit integers. */
const LANE_NUMBERS: Instruction = ["v128.const", 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0];
