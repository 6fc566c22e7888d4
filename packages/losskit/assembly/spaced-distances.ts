// The distance transform for any spacing, in float64.
//
// Numbers that are not whole come by their addresses (of float64), so that all arguments are: threads are given them as such.

import { columns, distances, inside, rows } from "./distance-transform";

export function squareRows(
  mask: usize,
  bytes: i32,
  inverted: i32,
  values: usize,
  extent: i32,
  step: usize,
  from: i32,
  to: i32,
  found: usize,
  scratch: usize,
): void {
  rows<f64>(mask, bytes, inverted, values, extent, <f64>load<f64>(step), from, to, found, scratch);
}

export function squareColumns(
  values: usize,
  extent: i32,
  lines: i32,
  step: usize,
  from: i32,
  to: i32,
  root: i32,
  scratch: usize,
): void {
  columns<f64>(values, extent, lines, <f64>load<f64>(step), from, to, root, scratch);
}

export function rootsOf(squares: usize, to: usize, n: i32, unit: usize): void {
  distances<f64>(squares, to, n, load<f64>(unit));
}

export function rootsInside(squares: usize, field: usize, n: i32, unit: usize, innerBorder: usize): void {
  inside<f64>(squares, field, n, load<f64>(unit), load<f64>(innerBorder));
}
