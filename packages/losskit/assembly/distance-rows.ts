// The first axis of the distance transform, for whole distances (float32) and for any spacing (float64).
//
// Numbers that are not whole come by their addresses (of float64), so that all arguments are: threads are given them as such.

import { rows } from "./row-distances";

export function wholeRows(
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
  rows<f32>(mask, bytes, inverted, values, extent, <f32>load<f64>(step), from, to, found, scratch);
}

export function spacedRows(
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
