// Values of losses of one image, written out voxel by voxel from their papers, without anything of the library.

export interface PlainCall {
  /** Probabilities and targets, by class, then voxel. */
  readonly p: readonly (readonly number[])[];
  readonly y: readonly (readonly number[])[];
  readonly image: readonly number[];
  readonly height: number;
  readonly width: number;
  readonly parameters: Readonly<Record<string, number>> & { readonly M?: readonly (readonly number[])[] };
}

export type Plain = (call: PlainCall) => number;

type Map2D = readonly number[];
type Grid = Pick<PlainCall, "height" | "width">;

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const dot = (a: Map2D, b: Map2D) => sum(a.map((value, i) => value * b[i]));

/** Voxels within `reach` steps along each axis, by faces only or with corners, that are in the grid; the voxel itself too. */
function around({ height, width }: Grid, at: number, corners: boolean): number[] {
  const [row, column] = [Math.floor(at / width), at % width];
  const found: number[] = [];
  for (let r = row - 1; r <= row + 1; r++) {
    for (let c = column - 1; c <= column + 1; c++) {
      const inside = r >= 0 && r < height && c >= 0 && c < width;
      if (inside && (corners || r === row || c === column)) found.push(r * width + c);
    }
  }
  return found;
}

/** Euclidean distance to the nearest voxel of the mask, by looking at all; 0 without a mask. */
function distances({ width }: Grid, mask: readonly boolean[]): number[] {
  const place = (i: number) => [Math.floor(i / width), i % width];
  return mask.map((_, i) => {
    const [row, column] = place(i);
    const all = mask.flatMap((inside, j) => {
      const [r, c] = place(j);
      return inside ? [Math.hypot(r - row, c - column)] : [];
    });
    return all.length > 0 ? Math.min(...all) : 0;
  });
}

/** Soft skeleton: what each opening of the ever more eroded map removes. */
function skeleton(grid: Grid, map: Map2D, iterations: number): Map2D {
  const erode = (m: Map2D) => m.map((_, i) => Math.min(...around(grid, i, false).map((j) => m[j])));
  const dilate = (m: Map2D) => m.map((_, i) => Math.max(...around(grid, i, true).map((j) => m[j])));
  let [image, result] = [map, map.map(() => 0) as Map2D];
  for (let step = 0; step <= iterations; step++) {
    const eroded = erode(image);
    const opened = dilate(eroded);
    const removed = image.map((value, i) => Math.max(0, value - opened[i]));
    result = result.map((value, i) => value + Math.max(0, removed[i] - value * removed[i]));
    image = eroded;
  }
  return result;
}

/** The objects of a mask, joined by faces and corners: lists of voxels. */
function objects(grid: Grid, mask: Map2D): number[][] {
  const left = new Set(mask.flatMap((value, i) => (value === 1 ? [i] : [])));
  const found: number[][] = [];
  for (const start of left) {
    const object = [start];
    left.delete(start);
    for (const voxel of object) {
      for (const neighbour of around(grid, voxel, true)) if (left.delete(neighbour)) object.push(neighbour);
    }
    found.push(object);
  }
  return found;
}

const generalisedDice: Plain = ({ p, y, parameters: { s } }) => {
  const sizes = y.map(sum);
  const rarest = Math.min(...sizes.filter((size) => size > 0));
  const weights = sizes.map((size) => 1 / (size > 0 ? size : rarest) ** 2);
  const overlap = sum(weights.map((weight, c) => weight * dot(p[c], y[c])));
  const total = sum(weights.map((weight, c) => weight * (sum(p[c]) + sizes[c])));
  return 1 - (2 * overlap + s) / (total + s);
};

const wassersteinDice: Plain = ({ p, y, parameters: { s, M = [] } }) => {
  let [right, distance] = [0, 0];
  p[0].forEach((_, v) => {
    const label = y.findIndex((map) => map[v] === 1);
    const away = sum(p.map((map, c) => M[label][c] * map[v]));
    distance += away;
    if (label > 0) right += 1 - away;
  });
  return 1 - (2 * right + s) / (2 * right + distance + s);
};

const unifiedFocal: Plain = ({ p, y, parameters: { s, d, g, lambda } }) => {
  let focal = 0;
  p[0].forEach((_, v) => {
    const label = y.findIndex((map) => map[v] === 1);
    const q = p[label][v];
    focal -= label > 0 ? d * Math.log(q) : (1 - d) * (1 - q) ** g * Math.log(q);
  });
  const tversky = p.map((map, c) => {
    const hit = dot(map, y[c]);
    const missed = sum(y[c]) - hit;
    const wrong = sum(map) - hit;
    const index = (hit + s) / (hit + d * missed + (1 - d) * wrong + s);
    return c > 0 ? (1 - index) ** (1 - g) : 1 - index;
  });
  return (lambda * focal) / p[0].length + (1 - lambda) * (sum(tversky) / p.length);
};

const mumfordShah: Plain = ({ p, image, height, width, parameters: { mu } }) => {
  let [spread, length] = [0, 0];
  for (const map of p) {
    const mean = dot(image, map) / sum(map);
    spread += sum(map.map((value, v) => (image[v] - mean) ** 2 * value));
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const at = row * width + column;
        if (row + 1 < height) length += Math.abs(map[at + width] - map[at]);
        if (column + 1 < width) length += Math.abs(map[at + 1] - map[at]);
      }
    }
  }
  return (spread + mu * length) / (height * width);
};

const blob: Plain = ({ p: [p], y: [y], parameters: { s }, ...grid }) => {
  const found = objects(grid, y);
  const losses = found.map((object) => {
    // The Dice of the image without the voxels of the other objects.
    const kept = p.map((_, v) => y[v] === 0 || object.includes(v));
    const target = p.map((_, v) => (object.includes(v) ? 1 : 0));
    const seen = p.map((value, v) => (kept[v] ? value : 0));
    return 1 - (2 * dot(seen, target) + s) / (sum(seen) + sum(target) + s);
  });
  return losses.length > 0 ? sum(losses) / losses.length : 0;
};

const boundaryDou: Plain = ({ p: [p], y: [y], parameters: { s }, height, width }) => {
  // A voxel at the edge of the image has fewer than five voxels around itself.
  const isBorder = (v: number) => around({ height, width }, v, false).reduce((n, j) => n + y[j], 0) < 5;
  const border = y.filter((value, v) => value === 1 && isBorder(v)).length;
  const alpha = Math.min(0.8, 1 - (2 * (border + s)) / (sum(y) + s));
  const [squares, overlap] = [dot(p, p) + dot(y, y), dot(p, y)];
  return (squares - 2 * overlap + s) / (squares - (1 + alpha) * overlap + s);
};

const hausdorff: Plain = ({ p: [p], y: [y], ...grid }) => {
  const field = (mask: readonly boolean[]) => {
    const outside = distances(grid, mask);
    const inside = distances(
      grid,
      mask.map((value) => !value),
    );
    return outside.map((value, v) => value + inside[v]);
  };
  const [dp, dy] = [field(p.map((value) => value > 0.5)), field(y.map((value) => value === 1))];
  return sum(p.map((value, v) => (value - y[v]) ** 2 * (dp[v] ** 2 + dy[v] ** 2))) / p.length;
};

const clDice: Plain = ({ p: [p], y: [y], ...grid }) => {
  const [sp, sy] = [skeleton(grid, p, 3), skeleton(grid, y, 3)];
  const precision = (dot(sp, y) + 1) / (sum(sp) + 1);
  const sensitivity = (dot(sy, p) + 1) / (sum(sy) + 1);
  return 1 - (2 * precision * sensitivity) / (precision + sensitivity);
};

export const PLAIN = {
  generalisedDice,
  wassersteinDice,
  unifiedFocal,
  mumfordShah,
  blob,
  boundaryDou,
  hausdorff,
  clDice,
};
