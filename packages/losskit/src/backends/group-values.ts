// Values that do not vary over voxels: a few numbers per image, class and instance, and the operations on them.

import { type Axes, CLASS, IMAGE, INSTANCE } from "../formula/axes.js";

/** Row-major over images, classes, instances; an axis that the value does not vary over has extent 1. */
export interface GroupValue {
  readonly axes: Axes;
  /** A plain array: they are many and short, and typed arrays take longer to make than to fill. */
  readonly data: number[];
  readonly images: number;
  readonly classes: number;
  readonly instances: number;
}

/** Extents of the axes; instances differ between numberings, so they are given per value. */
export interface GroupExtents {
  readonly images: number;
  readonly classes: number;
  readonly instances: number;
}

export function createGroup(axes: Axes, extents: GroupExtents, fill = 0): GroupValue {
  const images = axes & IMAGE ? extents.images : 1;
  const classes = axes & CLASS ? extents.classes : 1;
  const instances = axes & INSTANCE ? extents.instances : 1;
  const length = images * classes * instances;
  const data = length === 1 ? [fill] : new Array<number>(length).fill(fill);
  return { axes, data, images, classes, instances };
}

/** Position of (image, class, instance) in a value, whatever axes it varies over. */
export function groupIndex(value: GroupValue, image: number, channel: number, instance = 0): number {
  const i = value.axes & IMAGE ? image : 0;
  const c = value.axes & CLASS ? channel : 0;
  const k = value.axes & INSTANCE ? instance : 0;
  return (i * value.classes + c) * value.instances + k;
}

/** A new value from some others, element by element; axes that one lacks repeat it. */
export function mapGroups(
  axes: Axes,
  extents: GroupExtents,
  args: readonly GroupValue[],
  f: (...values: number[]) => number,
): GroupValue {
  const instances = args.find((arg) => arg.axes & INSTANCE)?.instances ?? extents.instances;
  const out = createGroup(axes, { images: extents.images, classes: extents.classes, instances });
  // Most values are one number.
  if (out.data.length === 1 && args.every(({ data }) => data.length === 1)) {
    const [a, b, c] = args;
    out.data[0] =
      b === undefined ? f(a.data[0]) : c === undefined ? f(a.data[0], b.data[0]) : f(a.data[0], b.data[0], c.data[0]);
    return out;
  }
  let at = 0;
  for (let i = 0; i < out.images; i++) {
    for (let c = 0; c < out.classes; c++) {
      for (let k = 0; k < out.instances; k++) {
        out.data[at++] = f(...args.map((arg) => arg.data[groupIndex(arg, i, c, k)]));
      }
    }
  }
  return out;
}

/** Joins the elements along the axes that `axes` lacks. */
export function reduceGroup(
  value: GroupValue,
  axes: Axes,
  start: number,
  join: (a: number, b: number) => number,
): GroupValue {
  const out = createGroup(axes, value, start);
  for (let i = 0; i < value.images; i++) {
    for (let c = 0; c < value.classes; c++) {
      for (let k = 0; k < value.instances; k++) {
        const to = groupIndex(out, i, c, k);
        out.data[to] = join(out.data[to], value.data[groupIndex(value, i, c, k)]);
      }
    }
  }
  return out;
}

/** Start and join of the reductions. */
export const REDUCERS: Readonly<
  Record<"total" | "largest" | "smallest", { readonly start: number; readonly join: (a: number, b: number) => number }>
> = {
  total: { start: 0, join: (a, b) => a + b },
  largest: { start: Number.NEGATIVE_INFINITY, join: Math.max },
  smallest: { start: Number.POSITIVE_INFINITY, join: Math.min },
};
