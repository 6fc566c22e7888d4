// Exact Euclidean distances to a mask, computed in the library's memory.

import { createGrid, type Grid } from "../../../routines/grid.js";
import { release, reserve, views } from "../memory.js";
import { callsAtOnce, type RunCalls } from "./calls.js";
import { type RoutineModule, routineModule } from "./routine-module.js";
import spacedBytes from "./spaced-distances.generated.js";
import wholeBytes from "./whole-distances.generated.js";

const wholeModule = routineModule(wholeBytes);
const spacedModule = routineModule(spacedBytes);

/** A mask in the library's memory: bytes (all but 0 belong to it) or float32 (above 0.5 belong to it). */
export interface MaskAt {
  readonly address: number;
  readonly type: "uint8" | "float32";
}

/** Whole squared distances below it, and sums of them, are exact in float32. */
const EXACT = 2 ** 24;
/** Voxels of one call: enough that calling costs nothing, few enough to share out among threads. */
const CALL_VOXELS = 65536;
/** Bytes of lines that are read together, and scratch for each of their positions; see assembly/distance-transform.ts. */
const WIDTH = 256;
const SCRATCH_PER_POSITION = 2 * WIDTH + 36;
const SCRATCH_AT_END = 3 * 64;
/** Numbers that calls read: one step for each of 3 axes, the unit, the distance of the inner border; then an i32. */
const [UNIT, INNER_BORDER, FOUND, NUMBERS] = [24, 32, 40, 48];

/** How the distances of one grid are computed. */
interface Plan {
  readonly module: RoutineModule;
  /** Bytes of a square. */
  readonly size: 4 | 8;
  /** Extents that are more than 1, the slowest first; at least one extent. */
  readonly extents: readonly number[];
  readonly steps: readonly number[];
  readonly unit: number;
  readonly voxels: number;
  readonly innerBorder: number;
}

/** Axes with one voxel play no part. With one spacing along all others, distances are counted in it, and their squares are whole. */
function planOf({ voxels, space, spacing }: Grid): Plan {
  const long = space.flatMap((extent, axis) => (extent > 1 ? [axis] : []));
  const axes = long.length > 0 ? long : [0];
  const extents = axes.map((axis) => space[axis]);
  const steps = axes.map((axis) => spacing[axis]);
  const innerBorder = Math.min(...steps);
  const farthest = extents.reduce((sum, extent) => sum + (extent - 1) ** 2, 0);
  if (farthest < EXACT && steps.every((step) => step === steps[0])) {
    const ones = steps.map(() => 1);
    return { module: wholeModule(), size: 4, extents, steps: ones, unit: steps[0], voxels, innerBorder };
  }
  // In units near the largest spacing the squares can neither overflow nor vanish; a power of two rounds nothing.
  const unit = 2 ** Math.floor(Math.log2(Math.max(...steps)));
  const inUnits = steps.map((step) => step / unit);
  return { module: spacedModule(), size: 8, extents, steps: inUnits, unit, voxels, innerBorder };
}

/**
 * Writes what `distancesTo` in routines/distance-transform.ts gives, rounded to float32: each voxel's distance to the nearest voxel of the mask; 0
 * everywhere for a mask without one. Exact: with one spacing along all axes, squared distances are whole numbers.
 *
 * @param distances address of a float32 per voxel; not that of the mask
 * @param space extents of 1 to 3 axes, slowest first
 * @param spacing distance between neighbours along each axis
 * @param run may share the calls out among threads
 * @throws LosskitError SHAPE or OPTION for a space or spacing that is none, MEMORY where there is no memory for the scratch: about 540 bytes for
 *   each position of the longest axis and, with different spacings, 8 per voxel
 */
export function distancesTo(
  mask: MaskAt,
  distances: number,
  space: readonly number[],
  spacing: readonly number[],
  run: RunCalls = callsAtOnce,
): void {
  const plan = planOf(gridOf(space, spacing));
  withNumbers(plan, (numbers) => {
    if (!writeDistances(plan, mask, distances, numbers, run)) fillZero(distances, plan);
  });
}

/**
 * Writes what `signedDistance` in routines/distance-transform.ts gives, rounded to float32: the distance to the mask outside it, 0 or less inside.
 * Arguments and errors are those of `distancesTo`; the scratch is 4 bytes per voxel larger where the spacing is one along all axes.
 */
export function signedDistance(
  mask: MaskAt,
  signed: number,
  space: readonly number[],
  spacing: readonly number[],
  run: RunCalls = callsAtOnce,
): void {
  const plan = planOf(gridOf(space, spacing));
  const { voxels, size } = plan;
  withNumbers(plan, (numbers) => {
    const squares = reserve(voxels * size);
    try {
      const both =
        writeDistances(plan, mask, signed, numbers, run) &&
        writeSquares(plan, mask, true, squares, false, numbers, run);
      if (!both) return fillZero(signed, plan);
      overVoxels(plan, "rootsInside", run, (from, count) => [
        squares + from * size,
        signed + from * 4,
        count,
        numbers + UNIT,
        numbers + INNER_BORDER,
      ]);
    } finally {
      release(squares);
    }
  });
}

function gridOf(space: readonly number[], spacing: readonly number[]): Grid {
  return createGrid(
    space.reduce((product, extent) => product * extent, 1),
    space,
    spacing,
  );
}

/** The numbers that calls read lie in memory, so that all arguments are 32-bit integers, as threads want them. */
function withNumbers({ steps, unit, innerBorder }: Plan, work: (numbers: number) => void): void {
  const numbers = reserve(NUMBERS);
  try {
    const { f64 } = views();
    f64.set(steps, numbers / 8);
    f64.set([unit, innerBorder], (numbers + UNIT) / 8);
    work(numbers);
  } finally {
    release(numbers);
  }
}

const fillZero = (address: number, { voxels }: Plan) => views().f32.fill(0, address / 4, address / 4 + voxels);

/** @returns whether the mask holds a voxel; if not, the distances are undefined */
function writeDistances(plan: Plan, mask: MaskAt, distances: number, numbers: number, run: RunCalls): boolean {
  const { size, extents, unit, voxels } = plan;
  const own = size === 8 ? reserve(voxels * size) : undefined;
  const squares = own ?? distances;
  try {
    const rooted = size === 4 && unit === 1 && extents.length > 1;
    if (!writeSquares(plan, mask, false, squares, rooted, numbers, run)) return false;
    if (!rooted) {
      overVoxels(plan, "rootsOf", run, (from, count) => [
        squares + from * size,
        distances + from * 4,
        count,
        numbers + UNIT,
      ]);
    }
    return true;
  } finally {
    if (own !== undefined) release(own);
  }
}

/**
 * Squared distances, axis by axis, the fastest first.
 *
 * @param inverted whether to the voxels outside the mask
 * @param rooted whether the last axis writes roots
 * @returns whether there is a voxel to be near to
 */
function writeSquares(
  { module, size, extents, voxels }: Plan,
  mask: MaskAt,
  inverted: boolean,
  squares: number,
  rooted: boolean,
  numbers: number,
  run: RunCalls,
): boolean {
  const found = numbers + FOUND;
  views().i32[found / 4] = 0;
  const fastest = extents.length - 1;
  const width = extents[fastest];
  const [bytes, flip] = [mask.type === "uint8" ? 1 : 0, inverted ? 1 : 0];
  run({
    module,
    name: "squareRows",
    items: split(voxels / width, CALL_VOXELS / width, (from, to) => {
      return [mask.address, bytes, flip, squares, width, numbers + 8 * fastest, from, to, found, 0];
    }),
    scratchBytes: 4 * width + 16,
  });
  if (views().i32[found / 4] === 0) return false;
  for (let axis = fastest - 1, lines = width; axis >= 0; lines *= extents[axis--]) {
    const extent = extents[axis];
    const blocks = Math.ceil((lines * size) / WIDTH) * (voxels / (lines * extent));
    const root = rooted && axis === 0 ? 1 : 0;
    run({
      module,
      name: "squareColumns",
      items: split(blocks, (CALL_VOXELS * size) / (extent * WIDTH), (from, to) => {
        return [squares, extent, lines, numbers + 8 * axis, from, to, root, 0];
      }),
      scratchBytes: SCRATCH_PER_POSITION * extent + SCRATCH_AT_END,
    });
  }
  return true;
}

function overVoxels(
  { module, voxels }: Plan,
  name: string,
  run: RunCalls,
  argumentsOf: (from: number, count: number) => number[],
): void {
  run({
    module,
    name,
    items: split(voxels, CALL_VOXELS, (from, to) => argumentsOf(from, to - from)),
    scratchBytes: 0,
  });
}

/** Arguments of calls that do `length` units of work, about `size` each. */
function split(length: number, size: number, argumentsOf: (from: number, to: number) => number[]): number[][] {
  const step = Math.max(1, Math.floor(size));
  return Array.from({ length: Math.ceil(length / step) }, (_, i) =>
    argumentsOf(i * step, Math.min(length, (i + 1) * step)),
  );
}
