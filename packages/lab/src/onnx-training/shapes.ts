// Sizes of arrays.

export type Shape = readonly number[];

export const sizeOf = (shape: Shape): number => shape.reduce((product, extent) => product * extent, 1);

/** Elements between neighbours along each axis, in row-major order. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1] * shape[axis + 1];
  return strides;
}

/** Shape of a result whose operands are repeated along axes of extent 1; undefined where they do not fit. */
export function broadcast(a: Shape, b: Shape): Shape | undefined {
  const rank = Math.max(a.length, b.length);
  const at = (shape: Shape, axis: number) => shape[axis - rank + shape.length] ?? 1;
  const result = Array.from({ length: rank }, (_, axis) => Math.max(at(a, axis), at(b, axis)));
  const fits = (shape: Shape) => result.every((extent, axis) => at(shape, axis) === extent || at(shape, axis) === 1);
  return fits(a) && fits(b) ? result : undefined;
}

export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((n, i) => n === b[i]);

/** 0, 1, … below a limit. */
export const range = (length: number, from = 0): number[] => Array.from({ length }, (_, i) => from + i);
