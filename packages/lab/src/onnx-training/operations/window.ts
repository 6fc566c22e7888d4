// The window that convolutions and poolings move over an image: its size, steps, border and gaps, along each axis of space.

import { attributes, type NodeInContext, unsupported } from "../operation.js";
import type { Shape } from "../shapes.js";

export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Before and after each axis. */
  readonly begins: readonly number[];
  readonly ends: readonly number[];
}

/**
 * @param space extents of the input along the axes of space
 * @param kernel where the attribute may be absent
 */
export function readWindow({ node }: NodeInContext, space: Shape, kernel?: readonly number[]): Window {
  const { list, text } = attributes(node);
  const size = list("kernel_shape") ?? kernel ?? [];
  const strides = list("strides") ?? space.map(() => 1);
  const dilations = list("dilations") ?? space.map(() => 1);
  const pads = list("pads") ?? space.flatMap(() => [0, 0]);
  const lists = [size, strides, dilations, pads.slice(0, space.length), pads.slice(space.length)];
  if (lists.some(({ length }) => length !== space.length)) {
    throw unsupported(node, `has a kernel [${size}], strides [${strides}] and pads [${pads}] for ${space.length} axes`);
  }
  if ([...size, ...strides, ...dilations].some((extent) => extent < 1)) {
    throw unsupported(node, `has a kernel [${size}], strides [${strides}] and gaps [${dilations}]; all are from 1`);
  }
  const window = { kernel: size, strides, dilations };
  const auto = text("auto_pad", "NOTSET");
  if (auto === "NOTSET") {
    return { ...window, begins: pads.slice(0, space.length), ends: pads.slice(space.length) };
  }
  if (auto === "VALID") return { ...window, begins: space.map(() => 0), ends: space.map(() => 0) };
  // As many outputs as strides fit into the input; the border that this takes is halved, the odd one on the side of the name.
  const whole = space.map((extent, axis) => {
    const reach = dilations[axis] * (size[axis] - 1) + 1;
    return Math.max(0, (Math.ceil(extent / strides[axis]) - 1) * strides[axis] + reach - extent);
  });
  const smaller = whole.map((pad) => Math.floor(pad / 2));
  const larger = whole.map((pad, axis) => pad - smaller[axis]);
  return auto === "SAME_LOWER"
    ? { ...window, begins: larger, ends: smaller }
    : { ...window, begins: smaller, ends: larger };
}

/** Places of the window along each axis. */
export function windowPlaces(window: Window, space: Shape): number[] {
  return space.map((extent, axis) => Math.floor(room(window, extent, axis) / window.strides[axis]) + 1);
}

/** What the last place leaves of each axis, which no window reads. */
export const unread = (window: Window, space: Shape): number[] =>
  space.map((extent, axis) => room(window, extent, axis) % window.strides[axis]);

const room = ({ kernel, dilations, begins, ends }: Window, extent: number, axis: number) =>
  extent + begins[axis] + ends[axis] - dilations[axis] * (kernel[axis] - 1) - 1;

/** As attributes of Conv, ConvTranspose and the poolings. */
export const windowAttributes = ({ kernel, strides, dilations, begins, ends }: Window) => ({
  kernel_shape: kernel,
  strides,
  dilations,
  pads: [...begins, ...ends],
});

export const isPlain = ({ strides, dilations }: Window): boolean =>
  strides.every((stride) => stride === 1) && dilations.every((dilation) => dilation === 1);

/** Windows that lie side by side without border, each input in one of them. */
export const isTiling = ({ kernel, strides, dilations, begins, ends }: Window): boolean =>
  kernel.every((size, axis) => size === strides[axis]) &&
  dilations.every((dilation) => dilation === 1) &&
  [...begins, ...ends].every((pad) => pad === 0);
