// `losskit export LOSS --to TARGET`: the loss for PyTorch, Keras, ONNX or nnU-Net, or as LaTeX.

import { defineCommand } from "citty";
import { EXPORT_TARGETS, exportLoss, HEADS, type OnnxOptions } from "losskit/export";
import { LabError } from "../errors.js";
import { writeAtomically } from "../experiment/atomic-write.js";
import { parseLossSpecification } from "../experiment/loss-specification.js";
import { readChoice, readWholeNumber } from "./arguments.js";

/** More channels than any segmentation has; a model with a row for each must still fit into memory. */
const MOST_CHANNELS = 1000;

export const exportCommand = defineCommand({
  meta: { name: "export", description: "Print a loss for PyTorch, Keras, ONNX or nnU-Net, or as LaTeX" },
  args: {
    loss: { type: "positional", description: "A loss as losskit compare takes it: dice, 0.5*dice+ce, a formula" },
    to: { type: "string", required: true, valueHint: "target", description: EXPORT_TARGETS.join(", ") },
    out: { type: "string", valueHint: "file", description: "File to write (default: standard output)" },
    head: { type: "string", valueHint: "head", description: `The network's last layer: ${HEADS.join(", ")}` },
    probabilities: { type: "boolean", description: "The network gives probabilities, not logits" },
    channels: { type: "string", valueHint: "n", description: "Number of channels, where the file holds it (onnx)" },
    axes: { type: "string", valueHint: "n", description: "Axes of space, where the file holds them (onnx; default 2)" },
    ignore: { type: "string", valueHint: "value", description: "Target value of voxels that do not count" },
    weights: { type: "boolean", description: "The loss takes a weight for each voxel" },
    name: { type: "string", valueHint: "name", description: "Name of the class (default: from the loss)" },
  },
  async run({ args }) {
    const to = readChoice("--to", args.to, EXPORT_TARGETS, "pytorch");
    const { loss, overSteps } = parseLossSpecification(args.loss as string);
    if (overSteps) {
      throw new LabError(
        "USAGE",
        `"${args.loss}" changes its weights in training, which an exported loss cannot; give numbers`,
      );
    }
    for (const option of ["channels", "axes"] as const) {
      if (args[option] !== undefined && to !== "onnx") {
        throw new LabError("USAGE", `--${option} is for --to onnx; what ${to} gets takes any, so leave it away`);
      }
    }
    const result = exportLoss(loss, to, readOptions(args));
    if (args.out !== undefined) return writeAtomically(args.out, result);
    if (typeof result !== "string" && process.stdout.isTTY) {
      throw new LabError("USAGE", "an ONNX model is no text; give --out FILE, or send it on with > FILE");
    }
    process.stdout.write(result);
  },
});

/** What the options of the command line say of the export. */
export function readOptions(args: {
  readonly head?: string;
  readonly probabilities?: boolean;
  readonly channels?: string;
  readonly axes?: string;
  readonly ignore?: string;
  readonly weights?: boolean;
  readonly name?: string;
}): OnnxOptions {
  const { head, probabilities, channels, axes, ignore, weights, name } = args;
  return {
    ...(head !== undefined && { head: readChoice("--head", head, HEADS, "binary") }),
    ...(probabilities && { probabilities }),
    ...(channels !== undefined && { channels: readWholeNumber("--channels", channels, 1, MOST_CHANNELS) }),
    ...(axes !== undefined && { axes: readWholeNumber("--axes", axes, 1, 3) }),
    ...(ignore !== undefined && { ignore: readNumber("--ignore", ignore) }),
    ...(weights && { weights }),
    ...(name !== undefined && { name }),
  };
}

function readNumber(option: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value)) return value;
  throw new LabError("USAGE", `${option} is "${text}"; it is a number`);
}
