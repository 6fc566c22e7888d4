// Which voxels of a mask can be removed without changing its topology, told from the 27 voxels around them.

/**
 * A neighbourhood of 3 × 3 × 3 voxels is a whole number: bit i is set where voxel i, in the order of `createNeighbourhood`, belongs to the
 * mask. An image of one or two axes is a volume of one slice or one row.
 */
export type Pattern = number;

/** [z, y, x] steps of the 27 voxels of a neighbourhood, row-major; the middle one is number 13. */
const STEPS = Array.from({ length: 27 }, (_, i) => [Math.floor(i / 9) - 1, (Math.floor(i / 3) % 3) - 1, (i % 3) - 1]);
const MIDDLE = 13;

/** Steps in a flat array to the voxels of a neighbourhood. */
export const createNeighbourhood = (rowStep: number, sliceStep: number): Int32Array =>
  Int32Array.from(STEPS, ([z, y, x]) => z * sliceStep + y * rowStep + x);

const stepsBetween = (i: number, j: number) => STEPS[i].map((step, axis) => Math.abs(step - STEPS[j][axis]));
const patternOf = (belongs: (i: number) => boolean): Pattern =>
  STEPS.reduce((pattern, _, i) => (belongs(i) ? pattern | (1 << i) : pattern), 0);
const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

const OTHERS = patternOf((i) => i !== MIDDLE);
/** The voxels that share a face, and those that share at least an edge, with the middle one. */
const FACES = patternOf((i) => sum(stepsBetween(i, MIDDLE)) === 1);
const FACES_AND_EDGES = patternOf((i) => i !== MIDDLE && sum(stepsBetween(i, MIDDLE)) <= 2);
/** For each voxel those next to it in any way, and by a face. */
const NEXT_TO = STEPS.map((_, i) => patternOf((j) => Math.max(...stepsBetween(i, j)) === 1) & OTHERS);
const FACING = STEPS.map((_, i) => patternOf((j) => sum(stepsBetween(i, j)) === 1) & OTHERS);

/** The voxels of `within` that are reached from the lowest voxel of `from`. */
function reached(from: Pattern, within: Pattern, links: readonly Pattern[]): Pattern {
  let component = from & -from;
  let frontier = component;
  while (frontier !== 0) {
    const voxel = 31 - Math.clz32(frontier);
    const found = links[voxel] & within & ~component;
    component |= found;
    frontier = (frontier ^ (1 << voxel)) | found;
  }
  return component;
}

/** Whether the middle voxel has exactly one neighbour: the end of a line. */
export function isEnd(pattern: Pattern): boolean {
  const others = pattern & OTHERS;
  return others !== 0 && (others & (others - 1)) === 0;
}

/**
 * Whether the middle voxel can change sides without changing the topology, with a mask joined by corners and an outside joined by faces
 * (26 and 6 in 3D; 8 and 4 in a slice): its neighbours in the mask are one piece, and so are those outside that share a face with it, where the outside is
 * joined within the neighbours that share a face or an edge (Bertrand and Malandain, "A new characterization of three-dimensional simple
 * points", Pattern Recognition Letters 1994).
 */
export function isSimple(pattern: Pattern): boolean {
  const others = pattern & OTHERS;
  const outsideFaces = ~pattern & FACES;
  if (others === 0 || outsideFaces === 0) return false;
  if ((outsideFaces & ~reached(outsideFaces, ~pattern & FACES_AND_EDGES, FACING)) !== 0) return false;
  return reached(others, others, NEXT_TO) === others;
}
