// A loss as an ONNX model: logits and target in, value and gradient out, made from the graph that our own backends run.

import { createProgram } from "../compiler/program.js";
import { LosskitError } from "../errors.js";
import { CLASS, IMAGE, VOXEL } from "../formula/axes.js";
import { show, termSettings } from "../formula/options.js";
import { parameterValues, programTerms } from "../losses/bind.js";
import { formulaOf } from "../losses/define.js";
import type { Loss } from "../losses/loss.js";
import { version } from "../version.js";
import { type Builder, createBuilder, createOperators, type Tensor } from "./onnx-builder.js";
import { createExtents } from "./onnx-extents.js";
import { encodeModel, type OnnxType } from "./onnx-model.js";
import { describeLoss, parameterTensors } from "./onnx-names.js";
import { writeNodes } from "./onnx-nodes.js";
import { type ExportOptions, type ExportSettings, exportSettings } from "./options.js";

/**
 * Operators of 2022 (ONNX 1.13): the first set in which every reduction takes its axes as an input. ONNX Runtime has them since 1.14, and 8 is
 * the version of the file format that came with them.
 */
const OPSET = 18;
const IR_VERSION = 8;

export interface OnnxOptions extends ExportOptions {
  /** Axes of space: 1 to 3, 2 where absent. Their extents and the batch may be any. */
  readonly axes?: number;
  /** Distance between neighbouring voxels along each axis, for losses that measure distances; 1 where absent. */
  readonly spacing?: readonly number[];
}

const AXIS_NAMES = [["length"], ["height", "width"], ["depth", "height", "width"]];

/**
 * The loss as the bytes of an ONNX model (opset 18), which gives its value and its gradient.
 *
 * Inputs: `logits` float32 [batch, channels, ...space] (`probabilities` with that option); `target`, for the heads "binary" and "multilabel"
 * float32 of the same shape, for "multiclass" an int64 label map [batch, ...space]; with the option weights `weights` float32 [batch, ...space];
 * and the arrays that the formula names. Outputs: `value`, a float32 scalar (with reduction "none" and "voxels" what is left), and `gradient`, that of
 * the sum of `value`, in the shape of the logits.
 *
 * Parameters of the loss, its weights of terms and classes and the spacing are initializers under their own names, to be changed without a new
 * export. What decides how many operators there are (iterations, radii, sigmas) is written in.
 *
 * A model does not check what it gets: labels that are no class, soft targets of a Lovász loss, NaN.
 *
 * @throws LosskitError OPTION; UNSUPPORTED where the loss cannot be trained with such a head, or names a routine that no ONNX operators express
 */
export function exportOnnx(loss: Loss, options: OnnxOptions = {}): Uint8Array {
  const settings = exportSettings(loss, options);
  const { activation, structure } = settings;
  const { channels } = structure;
  const { space, spacing } = geometry(options);
  const { terms } = loss;
  const termOptions = terms.map((term) => termSettings(term.options, term.definition.options ?? {}));
  const bound = terms.map((term) => ({ term, formula: formulaOf(term) }));
  const { graph, value, gradient } = createProgram(programTerms(bound, termOptions), structure);
  const parameters = parameterValues(terms, termOptions, { classes: channels });

  const builder = createBuilder(["value", "gradient"]);
  const inputs = declareInputs(loss, settings, space, builder);
  const [flatValue, flatGradient] = writeNodes([value, gradient], loss, {
    ...inputs,
    graph,
    builder,
    activation,
    parameters,
    parameter: parameterTensors(loss, parameters, builder),
    spacing: spacingTensors(spacing, builder),
  });
  const { reshape, concat } = createOperators(builder);
  const { extents, perChannel } = inputs;
  const left = <T>(images: T, classes: T, rest: readonly T[]) => [
    ...(value.axes & IMAGE ? [images] : []),
    ...(value.axes & CLASS ? [classes] : []),
    ...(value.axes & VOXEL ? rest : []),
  ];
  // The empty list in front is the shape of a scalar.
  const valueShape = [builder.integers(), ...left(extents.images, builder.integers(channels), [extents.space])];
  const [images, classes, ...rest] = perChannel;
  builder.output(reshape(flatValue, concat(valueShape, 0)), {
    name: "value",
    type: "float32",
    shape: left(images, classes, rest),
    doc: "The loss.",
  });
  builder.output(reshape(flatGradient, extents.shape), {
    name: "gradient",
    type: "float32",
    shape: perChannel,
    doc: "Slope of the sum of value along each element of the first input.",
  });

  const { metadata, doc } = describeLoss(loss, settings, termOptions);
  return encodeModel({
    graph: builder.graph(settings.name),
    opsets: { "": OPSET },
    irVersion: IR_VERSION,
    producer: { name: "losskit", version },
    metadata,
    doc,
  });
}

/** The inputs of the model, and each as a tensor [images, classes or 1, voxels]. */
function declareInputs(
  { terms }: Loss,
  { activation, structure, ignore, weights }: ExportSettings,
  space: readonly string[],
  builder: Builder,
) {
  const { channels, targetForm: form } = structure;
  const perVoxel = ["batch", ...space];
  const perChannel = ["batch", channels, ...space];
  const declare = (name: string, isPerChannel: boolean, doc: string, type: OnnxType = "float32") =>
    builder.input({ name, type, shape: isPerChannel ? perChannel : perVoxel, doc });
  const raw =
    activation === "none"
      ? declare("probabilities", true, "From 0 to 1.")
      : declare("logits", true, "The raw output of the network.");
  const extents = createExtents(raw, channels, space.length, builder);
  const flat = (name: string, isPerChannel: boolean, doc: string, type?: OnnxType) =>
    extents.flat(declare(name, isPerChannel, doc, type), isPerChannel);
  const target =
    form === "labels"
      ? flat("target", false, "The class of each voxel.", "int64")
      : flat("target", true, "1 where a voxel is of the class, 0 where not.");
  const voxelWeights = weights ? flat("weights", false, "Weight of each voxel, not negative.") : undefined;
  const fields = new Map<string, Tensor>();
  for (const { definition } of terms) {
    for (const [name, kind] of Object.entries(definition.fields ?? {})) {
      if (!fields.has(name)) fields.set(name, flat(name, kind === "class-voxel", `'${name}' of the formula.`));
    }
  }
  const field = (name: string) => fields.get(name) as Tensor;
  return {
    x: extents.flat(raw, true),
    target,
    weights: voxelWeights,
    field,
    form,
    ignore,
    channels,
    extents,
    perChannel,
  };
}

function geometry({ axes = 2, spacing = Array<number>(axes).fill(1) }: OnnxOptions) {
  const space = AXIS_NAMES.find(({ length }) => length === axes);
  if (!space) throw new LosskitError("OPTION", `axes is ${show(axes)}; an image has 1 to 3 axes of space`);
  if (spacing.length !== axes || spacing.some((step) => !(Number.isFinite(step) && step > 0))) {
    throw new LosskitError(
      "OPTION",
      `spacing is ${show(spacing)}; it holds ${axes} positive numbers, one per axis of space`,
    );
  }
  return { space, spacing };
}

/** One initializer, and a number of it for each axis; only where something measures distances. */
function spacingTensors(spacing: readonly number[], builder: Builder): () => readonly Tensor[] {
  const on = createOperators(builder);
  let tensors: readonly Tensor[] | undefined;
  return () => {
    if (!tensors) {
      const doc = "Distance between neighbouring voxels along each axis.";
      const all = builder.parameter({ name: "spacing", type: "float64", dims: [spacing.length], values: spacing, doc });
      const narrow = builder.cast(all, "float32");
      tensors = spacing.map((_, axis) => on.element(narrow, axis));
    }
    return tensors;
  };
}
