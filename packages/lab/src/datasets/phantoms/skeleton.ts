// Skeleton of a thin 2D mask (Zhang and Suen 1984) and the width of the mask along it.

/** Neighbours in the order P2..P9 of the paper: north, then clockwise. */
const OFFSETS = [
  [-1, 0],
  [-1, 1],
  [0, 1],
  [1, 1],
  [1, 0],
  [1, -1],
  [0, -1],
  [-1, -1],
] as const;

/** Thins a mask to lines one pixel wide; the image is treated as surrounded by background. */
export function skeletonize(mask: ArrayLike<number>, height: number, width: number): Uint8Array {
  const stride = width + 2;
  const padded = new Uint8Array(stride * (height + 2));
  let candidates: number[] = [];
  for (let i = 0; i < height * width; i++) {
    if (!mask[i]) continue;
    const at = (Math.floor(i / width) + 1) * stride + (i % width) + 1;
    padded[at] = 1;
    candidates.push(at);
  }
  const steps = OFFSETS.map(([dy, dx]) => dy * stride + dx);
  const removable = (at: number, firstPass: boolean) => {
    const p = steps.map((step) => padded[at + step]);
    let neighbours = 0;
    let rises = 0;
    for (let k = 0; k < 8; k++) {
      neighbours += p[k];
      if (!p[k] && p[(k + 1) % 8]) rises++;
    }
    if (neighbours < 2 || neighbours > 6 || rises !== 1) return false;
    const [north, , east, , south, , west] = p;
    return firstPass
      ? !(north && east && south) && !(east && south && west)
      : !(north && east && west) && !(north && south && west);
  };
  for (let changed = true; changed; ) {
    changed = false;
    for (const firstPass of [true, false]) {
      const removed = candidates.filter((at) => removable(at, firstPass));
      for (const at of removed) padded[at] = 0;
      if (removed.length > 0) {
        changed = true;
        candidates = candidates.filter((at) => padded[at]);
      }
    }
  }
  // Zhang and Suen leave staircases two pixels wide: take out, one by one, what is neither an end nor a connection.
  for (const at of candidates) {
    const p = steps.map((step) => padded[at + step]);
    let groups = 0;
    for (let k = 0; k < 8; k += 2) {
      if (!p[k] && (p[(k + 1) % 8] || p[(k + 2) % 8])) groups++;
    }
    if (groups === 1 && p.filter(Boolean).length > 1) padded[at] = 0;
  }
  const skeleton = new Uint8Array(height * width);
  for (const at of candidates) if (padded[at]) skeleton[(Math.floor(at / stride) - 1) * width + (at % stride) - 1] = 1;
  return skeleton;
}

/** Width 2d - 1 at every skeleton pixel, d being the distance to the nearest background pixel. */
export function widthsOnSkeleton(
  mask: ArrayLike<number>,
  skeleton: Uint8Array,
  height: number,
  width: number,
): number[] {
  const distance = (y: number, x: number) => {
    let nearest = Number.POSITIVE_INFINITY;
    // Squares of growing radius; a pixel further out than the nearest found so far cannot be nearer.
    for (let r = 1; r * r < nearest && r < Math.max(height, width); r++) {
      for (let dy = -r; dy <= r; dy++) {
        for (let dx = -r; dx <= r; dx += Math.abs(dy) === r ? 1 : 2 * r) {
          const [ny, nx] = [y + dy, x + dx];
          const inside = ny >= 0 && nx >= 0 && ny < height && nx < width;
          if (inside && !mask[ny * width + nx]) nearest = Math.min(nearest, dy * dy + dx * dx);
        }
      }
    }
    return Math.sqrt(nearest);
  };
  const widths: number[] = [];
  for (let i = 0; i < skeleton.length; i++) {
    if (skeleton[i]) widths.push(2 * distance(Math.floor(i / width), i % width) - 1);
  }
  return widths;
}
