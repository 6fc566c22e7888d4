// Enlarging and shrinking images, by the nearest pixel or by straight lines between pixels.

import {
  attributes,
  checkShape,
  constant,
  type Differentiable,
  type NodeInContext,
  operand,
  unsupported,
} from "../operation.js";
import { range } from "../shapes.js";
import { alongAxes, type Matrix, transposedMatrix } from "./along-axes.js";

/** Place in the input of a place in the output. */
type Coordinate = (at: number, scale: number, extent: number, wanted: number) => number;

const COORDINATES: Readonly<Record<string, Coordinate>> = {
  half_pixel: (at, scale) => (at + 0.5) / scale - 0.5,
  pytorch_half_pixel: (at, scale, _extent, wanted) => (wanted > 1 ? (at + 0.5) / scale - 0.5 : 0),
  align_corners: (at, _scale, extent, wanted) => (wanted > 1 ? (at * (extent - 1)) / (wanted - 1) : 0),
  asymmetric: (at, scale) => at / scale,
};

const ROUNDINGS: Readonly<Record<string, (at: number) => number>> = {
  round_prefer_floor: (at) => Math.ceil(at - 0.5),
  round_prefer_ceil: (at) => Math.floor(at + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};

/** Resize, and what came before it: Upsample and the Resize of opset 10, which know one rule. */
export function resize(context: NodeInContext): Differentiable {
  const { node, opset } = context;
  const { shape } = operand(context, 0);
  const { text, list, number } = attributes(node);
  const isOld = node.op === "Upsample" || opset < 11;
  const mode = text("mode", "nearest");
  const coordinates = isOld ? "asymmetric" : text("coordinate_transformation_mode", "half_pixel");
  const rounding = isOld ? "floor" : text("nearest_mode", "round_prefer_floor");
  const place = COORDINATES[coordinates];
  const round = ROUNDINGS[rounding];
  if (!["nearest", "linear"].includes(mode))
    throw unsupported(node, `has the mode "${mode}"; nearest and linear are supported`);
  if (!place || !round) {
    throw unsupported(node, `has "${coordinates}"; ${Object.keys(COORDINATES).join(", ")} are supported`);
  }
  if (
    number("antialias", 0) ||
    number("exclude_outside", 0) ||
    list("axes") ||
    node.attributes.has("keep_aspect_ratio_policy")
  ) {
    throw unsupported(node, "is supported without antialias, exclude_outside, axes and keep_aspect_ratio_policy");
  }
  const scales = constant(context, isOld ? 1 : 2, "scales") ?? (list("scales") as number[] | undefined) ?? [];
  const sizes = constant(context, 3, "sizes");
  const output = sizes ?? scales.map((scale, axis) => Math.floor(shape[axis] * scale));
  if (output.length !== shape.length) {
    throw unsupported(node, `has ${output.length} sizes for ${shape.length} axes`);
  }
  checkShape(node, output);
  const matrices = shape.map((extent, axis) => {
    const scale = sizes ? output[axis] / extent : scales[axis];
    return range(output[axis]).map((at) => {
      if (output[axis] === extent && scale === 1) return unitRow(extent, at);
      const from = place(at, scale, extent, output[axis]);
      return mode === "nearest" ? unitRow(extent, clamp(round(from), extent)) : lineRow(extent, from);
    });
  });
  return {
    shapes: [output],
    differentiable: [0],
    forward: (graph, [input]) => ({
      outputs: [
        graph.node(
          "Resize",
          sizes
            ? [input, "", "", graph.integers(output)]
            : [input, "", graph.floats(Float32Array.from(scales), [scales.length])],
          {
            mode,
            coordinate_transformation_mode: coordinates,
            nearest_mode: rounding,
          },
        ),
      ],
    }),
    backward: (graph, _known, [slope]) => [
      alongAxes(graph, slope as string, output, (matrices as Matrix[]).map(transposedMatrix)),
    ],
  };
}

const clamp = (at: number, extent: number) => Math.min(Math.max(at, 0), extent - 1);

const unitRow = (extent: number, at: number) => range(extent).map((i) => (i === at ? 1 : 0));

/** A place between two pixels takes of each as much as the other is away; outside of the image the last pixel counts. */
function lineRow(extent: number, from: number): number[] {
  const at = clamp(from, extent);
  const low = Math.min(Math.floor(at), extent - 1);
  const part = at - low;
  return range(extent).map((i) => (i === low ? 1 - part : i === low + 1 ? part : 0));
}
