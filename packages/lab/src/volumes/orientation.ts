// How the axes of a stored volume lie in the patient, from the affine of its header; and the reordering to one common order.

/** Three rows of [i, j, k, 1] → millimetres to the patient's right, front (anterior) and head (superior). */
export type Affine = readonly [AffineRow, AffineRow, AffineRow];
export type AffineRow = readonly [number, number, number, number];
export type Triple = readonly [number, number, number];

/** For each stored axis i, j, k: the patient axis nearest to it (0 right, 1 anterior, 2 superior) and which way it runs. */
export type Orientation = readonly { readonly axis: number; readonly sign: 1 | -1 }[];

const PERMUTATIONS: readonly Triple[] = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
];

/** Millimetres from one voxel to the next along i, j, k: the lengths of the affine's columns. */
export function voxelSizes(affine: Affine): Triple {
  const length = (column: number) => Math.hypot(affine[0][column]!, affine[1][column]!, affine[2][column]!);
  return [length(0), length(1), length(2)];
}

/** Whether an affine maps the voxels one to one: all finite, and its axes neither zero nor in one plane. */
export function isUsable(affine: Affine): boolean {
  if (!affine.flat().every(Number.isFinite)) return false;
  const [[a, b, c], [d, e, f], [g, h, i]] = affine;
  const volume = Math.abs(a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g));
  const [x, y, z] = voxelSizes(affine);
  // Relative to a box of the same edges, so that the bound does not depend on the units; 1e-6 is near float32's precision.
  return volume > 1e-6 * x * y * z;
}

/**
 * The patient axis of each stored axis. Of the six ways to pair them the one whose directions agree best as a whole is
 * taken, so that an oblique volume never gets one axis twice.
 */
export function orientationOf(affine: Affine): Orientation {
  const sizes = voxelSizes(affine);
  const cosine = (stored: number, axis: number) => affine[axis]![stored]! / sizes[stored]!;
  let best = PERMUTATIONS[0]!;
  let bestAgreement = Number.NEGATIVE_INFINITY;
  for (const axes of PERMUTATIONS) {
    const agreement = axes.reduce((sum, axis, stored) => sum + Math.abs(cosine(stored, axis)), 0);
    if (agreement > bestAgreement) {
      best = axes;
      bestAgreement = agreement;
    }
  }
  return best.map((axis, stored) => ({ axis, sign: cosine(stored, axis) < 0 ? -1 : 1 }));
}

/** Three letters, one per stored axis, each the side it runs towards: "RAS", "LAS", … (nibabel's `aff2axcodes`). */
export function orientationCode(orientation: Orientation): string {
  return orientation.map(({ axis, sign }) => (sign > 0 ? "RAS" : "LPI")[axis]).join("");
}

/** How to walk a stored array in the order [superior, anterior, right], the last varying fastest. */
export interface CanonicalOrder {
  /** Voxels towards superior, anterior, right. */
  readonly shape: Triple;
  /** Position in the stored array of the first voxel, and the step to the next along each axis of `shape`. */
  readonly start: number;
  readonly steps: Triple;
  /** Stored axis of each axis of `shape`. */
  readonly storedAxes: Triple;
}

/** @param size voxels along the stored axes i, j, k, of which i varies fastest */
export function canonicalOrder(size: Triple, orientation: Orientation): CanonicalOrder {
  const strides = [1, size[0], size[0] * size[1]];
  const storedAxis = (axis: number) => orientation.findIndex((stored) => stored.axis === axis);
  const storedAxes: Triple = [storedAxis(2), storedAxis(1), storedAxis(0)];
  let start = 0;
  const step = (stored: number) => {
    if (orientation[stored]!.sign > 0) return strides[stored]!;
    start += (size[stored]! - 1) * strides[stored]!;
    return -strides[stored]!;
  };
  const steps: Triple = [step(storedAxes[0]), step(storedAxes[1]), step(storedAxes[2])];
  const shape: Triple = [size[storedAxes[0]]!, size[storedAxes[1]]!, size[storedAxes[2]]!];
  return { shape, start, steps, storedAxes };
}

/**
 * Walks stored channels, one behind the other, row by row in the order [superior, anterior, right].
 *
 * @param row takes the place of the row's first voxel in the stored array and in the ordered one; its voxels are `steps[2]` and 1 apart
 */
export function eachCanonicalRow(
  { shape: [depth, height, width], start, steps }: CanonicalOrder,
  channels: number,
  row: (from: number, to: number) => void,
): void {
  const voxels = depth * height * width;
  for (let c = 0, to = 0; c < channels; c++) {
    for (let z = 0; z < depth; z++) {
      for (let y = 0; y < height; y++, to += width) row(c * voxels + start + z * steps[0] + y * steps[1], to);
    }
  }
}

/** Stored channels, one behind the other, in the order [superior, anterior, right]. */
export function inCanonicalOrder<T extends Uint8Array | Uint16Array | Float32Array | Float64Array>(
  stored: T,
  order: CanonicalOrder,
  channels = 1,
): T {
  const ordered = stored.slice() as T;
  const [, , width] = order.shape;
  const [, , step] = order.steps;
  eachCanonicalRow(order, channels, (from, to) => {
    for (let out = to, at = from; out < to + width; out++, at += step) ordered[out] = stored[at]!;
  });
  return ordered;
}

/**
 * The affine of a volume after its voxels were put in the order [superior, anterior, right]: its columns belong to the steps towards right, anterior and
 * superior, its last column is the place of the voxel that now comes first.
 */
export function canonicalAffine(affine: Affine, size: Triple, orientation: Orientation): Affine {
  const storedAxis = (axis: number) => orientation.findIndex((stored) => stored.axis === axis);
  const row = (r: number): AffineRow => {
    let origin = affine[r]![3];
    const column = (axis: number) => {
      const stored = storedAxis(axis);
      const step = affine[r]![stored]!;
      if (orientation[stored]!.sign > 0) return step;
      origin += (size[stored]! - 1) * step;
      return -step;
    };
    return [column(0), column(1), column(2), origin];
  };
  return [row(0), row(1), row(2)];
}
