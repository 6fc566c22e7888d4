// Exact Euclidean distances to a mask, computed in the library's memory.

import { createGrid, type Grid } from "../../../routines/grid.js";
import { release, reserve, views } from "../memory.js";
import { callsAtOnce, type RunCalls } from "./calls.js";
import rootsBytes from "./distance-roots.generated.js";
import rowsBytes from "./distance-rows.generated.js";
import { routineModule } from "./routine-module.js";
import spacedBytes from "./spaced-columns.generated.js";
import wholeBytes from "./whole-columns.generated.js";

const rowsModule = routineModule(rowsBytes);
const rootsModule = routineModule(rootsBytes);
const KINDS = {
  /** Squares that are whole numbers in float32. */
  whole: { name: "whole", size: 4, columns: routineModule(wholeBytes) },
  /** Squares in float64. */
  spaced: { name: "spaced", size: 8, columns: routineModule(spacedBytes) },
} as const;

/** A mask in the library's memory: bytes (all but 0 belong to it) or float32 (above 0.5 belong to it). */
export interface MaskAt {
  readonly address: number;
  readonly type: "uint8" | "float32";
}

/** Whole squared distances below it, and sums of them, are exact in float32. */
const EXACT = 2 ** 24;
/** Voxels of one call: enough that calling costs nothing, few enough to share out among threads. */
const CALL_VOXELS = 65536;
/** Bytes of a group of lines that are searched together; see assembly/column-distances.ts. */
const GROUP = 64;
/** Bytes of lines side by side up to which all are read together, since they follow one another; else it is a few groups, measured to be best. */
const [WHOLE_ROW, PART_OF_ROW] = [2048, 4 * GROUP];
/** Numbers that calls read: one step for each of 3 axes, the unit, the distance of the inner border; then an i32. */
const [UNIT, INNER_BORDER, FOUND, NUMBERS] = [24, 32, 40, 48];

/** How the distances of one grid are computed. */
interface Plan {
  /** What squares are; `size` is the bytes of one. */
  readonly kind: (typeof KINDS)["whole" | "spaced"];
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
    return { kind: KINDS.whole, extents, steps: ones, unit: steps[0], voxels, innerBorder };
  }
  // In units near the largest spacing the squares can neither overflow nor vanish; a power of two rounds nothing.
  const unit = 2 ** Math.floor(Math.log2(Math.max(...steps)));
  const inUnits = steps.map((step) => step / unit);
  return { kind: KINDS.spaced, extents, steps: inUnits, unit, voxels, innerBorder };
}

/**
 * Writes what `distancesTo` in routines/distance-transform.ts gives, rounded to float32: each voxel's distance to the nearest voxel of the mask; 0
 * everywhere for a mask without one. Exact: with one spacing along all axes, squared distances are whole numbers.
 *
 * @param distances address of a float32 per voxel; not that of the mask
 * @param space extents of 1 to 3 axes, slowest first
 * @param spacing distance between neighbours along each axis
 * @param run may share the calls out among threads
 * @throws LosskitError SHAPE or OPTION for a space or spacing that is none, MEMORY where there is no memory for the scratch: at most 4 KB for
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
  const { voxels } = plan;
  const { size } = plan.kind;
  withNumbers(plan, (numbers) => {
    const squares = reserve(voxels * size);
    try {
      const both =
        writeDistances(plan, mask, signed, numbers, run) &&
        writeSquares(plan, mask, true, squares, false, numbers, run);
      if (!both) return fillZero(signed, plan);
      overVoxels(plan, "RootsInside", run, (from, count) => [
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
  const { extents, unit, voxels } = plan;
  const { size } = plan.kind;
  const own = size === 8 ? reserve(voxels * size) : undefined;
  const squares = own ?? distances;
  try {
    const rooted = size === 4 && unit === 1 && extents.length > 1;
    if (!writeSquares(plan, mask, false, squares, rooted, numbers, run)) return false;
    if (!rooted) {
      overVoxels(plan, "Roots", run, (from, count) => [
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
  { kind, extents, voxels }: Plan,
  mask: MaskAt,
  inverted: boolean,
  squares: number,
  rooted: boolean,
  numbers: number,
  run: RunCalls,
): boolean {
  const { name, size } = kind;
  const found = numbers + FOUND;
  views().i32[found / 4] = 0;
  const fastest = extents.length - 1;
  const width = extents[fastest];
  const [bytes, flip] = [mask.type === "uint8" ? 1 : 0, inverted ? 1 : 0];
  run({
    module: rowsModule(),
    name: `${name}Rows`,
    items: split(voxels / width, CALL_VOXELS / width, (from, to) => {
      return [mask.address, bytes, flip, squares, width, numbers + 8 * fastest, from, to, found, 0];
    }),
    scratchBytes: 4 * width + 16,
  });
  if (views().i32[found / 4] === 0) return false;
  for (let axis = fastest - 1, lines = width; axis >= 0; lines *= extents[axis--]) {
    const extent = extents[axis];
    const width = lines * size <= WHOLE_ROW ? Math.ceil((lines * size) / GROUP) * GROUP : PART_OF_ROW;
    const blocks = Math.ceil((lines * size) / width) * (voxels / (lines * extent));
    const root = rooted && axis === 0 ? 1 : 0;
    run({
      module: kind.columns(),
      name: "squareColumns",
      items: split(blocks, (CALL_VOXELS * size) / (extent * width), (from, to) => {
        return [squares, extent, lines, numbers + 8 * axis, from, to, width, root, 0];
      }),
      scratchBytes: 36 * extent + 64 + width * (2 * extent + 3),
    });
  }
  return true;
}

function overVoxels(
  { kind, voxels }: Plan,
  name: "Roots" | "RootsInside",
  run: RunCalls,
  argumentsOf: (from: number, count: number) => number[],
): void {
  run({
    module: rootsModule(),
    name: `${kind.name}${name}`,
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
