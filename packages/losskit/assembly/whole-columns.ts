// One axis of the distance transform for whole distances, whose squares are exact below 2^24. The step comes by its address (of float64), so that all arguments
// are whole numbers: threads are given them as such.

import { columns } from "./column-distances";

export function squareColumns(
  values: usize,
  extent: i32,
  lines: i32,
  step: usize,
  from: i32,
  to: i32,
  width: usize,
  root: i32,
  scratch: usize,
): void {
  columns<f32>(values, extent, lines, <f32>load<f64>(step), from, to, width, root, scratch);
}
