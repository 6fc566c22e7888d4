// A loss as a module of PyTorch: the formula line by line, with autograd, from the same graph that our own backends run.

import { type Axes, CLASS, IMAGE, VOXEL } from "../formula/axes.js";
import type { Loss } from "../losses/loss.js";
import type { ExportOptions } from "./options.js";
import { indented } from "./python-file.js";
import { brokenStatement } from "./python-lines.js";
import {
  type ArrayForms,
  attribute,
  BODY_INDENT,
  type ModuleParts,
  method,
  type PythonTarget,
  pythonModule,
  USES_SPACING,
} from "./python-module.js";
import { atom, type Dialect, LEVEL, type Text, within } from "./python-text.js";
import { PYTORCH_FUNCTIONS } from "./pytorch-functions.js";

/**
 * The text of a Python file with one `nn.Module` for the loss, which needs PyTorch 1.13 or later and nothing else. Its value and
 * gradient are ours: to 1e-9 in float64, 1e-6 in float32.
 *
 * @throws LosskitError OPTION; UNSUPPORTED where the loss cannot take the head or an option, or PyTorch has no operation for a routine
 */
export const exportPyTorch = (loss: Loss, options: ExportOptions = {}): string => pythonModule(PYTORCH, loss, options);

const call = (a: Text, name: string, ...args: readonly string[]): Text =>
  atom(`${within(a, LEVEL.atom)}.${name}(${args.join(", ")})`);

const dialect = (need: (name: string) => void): Dialect => ({
  order: [IMAGE, CLASS, VOXEL],
  need,
  unary(op, a) {
    if (op !== "softplus") return call(a, op);
    // F.softplus is cut off at 20, where it would still be 2e-9 away.
    return { text: `-F.logsigmoid(-${within(a, LEVEL.atom)})`, level: LEVEL.sign };
  },
  power: (a, b) => atom(`power(${a.text}, ${b.text})`),
  extreme(op, a, b, isNumber) {
    const bound = op === "max" ? "min" : "max";
    if (isNumber.b) return call(a, "clamp", `${bound}=${b.text}`);
    if (isNumber.a) return call(b, "clamp", `${bound}=${a.text}`);
    return atom(`torch.${op}imum(${a.text}, ${b.text})`);
  },
  asNumber: (condition) => atom(`(${condition.text}).to(x)`),
  where(condition, a, b, isNumber) {
    // Of two numbers PyTorch makes float32, whatever the loss computes in. new_full fills on the device; new_tensor would wait for it.
    const array = isNumber.a && isNumber.b ? `x.new_full((), ${a})` : a;
    return atom(`torch.where(${condition}, ${array}, ${b})`);
  },
  stop: (a) => call(a, "detach"),
  reduce(kind, a, dimensions) {
    const name = kind === "max" || kind === "min" ? `a${kind}` : kind;
    if (!dimensions) return call(a, name);
    return call(a, name, dimensions.length === 1 ? `${dimensions[0]}` : `(${dimensions.join(", ")})`);
  },
  extent: (dimension) => atom(`x.shape[${dimension}]`),
  index: (a, index) => atom(`${within(a, LEVEL.atom)}[${index}]`),
  // A product written out: mixed precision would round a matrix product to half.
  matmul(matrix, transposed, a, axes) {
    const rows = `${matrix}${transposed ? ".T" : ""}${axes & VOXEL ? "[:, :, None]" : ""}`;
    const columns = `${within(a, LEVEL.atom)}${axes & IMAGE ? "[:, None]" : "[None]"}`;
    return atom(`(${rows} * ${columns}).sum(${axes & IMAGE ? 2 : 1})`);
  },
  groupRoutine({ name, voxels, scalars, axes, over, counts }) {
    const rows = (text: Text) => byRows(text, axes, over);
    return atom(`${name}(${[...voxels.map(rows), ...scalars, ...(counts ? [rows(counts)] : [])].join(", ")})`);
  },
  gridRoutine(name, voxels, scalars) {
    const spacing = USES_SPACING.has(name) ? ["self.spacing"] : [];
    return atom(`${name}(${[voxels.text, "space", ...scalars, ...spacing].join(", ")})`);
  },
  sumBy: (id, e) => atom(`sum_by(${id}, ${e})`),
  instanceNumbers: (id) => atom(`torch.arange(1, int(${id}.max()) + 1, device=x.device)`),
});

/** Voxels of each group side by side in the last dimension. */
function byRows(text: Text, axes: Axes, over: Axes): string {
  const closed = within(text, LEVEL.atom);
  const group = over & axes;
  if (group === VOXEL) return text.text;
  if ((axes & ~group) === 0) return `${closed}.flatten()`;
  if (group === (VOXEL | CLASS)) return `${closed}.flatten(1)`;
  return `${closed}.transpose(0, 1).flatten(1)`;
}

/** Arrays of [N, C, voxels], and of [N, voxels] where classes share them. */
const ARRAYS: ArrayForms = {
  logits: { needs: ["flat"], lines: ["x = flat(logits)"] },
  space: "space = logits.shape[2:]",
  channels: { needs: ["channel_target"], lines: ["y = channel_target(target, logits).to(x)"] },
  ignoredChannels: ["valid = (y != self.ignore).to(x)", "y = y.masked_fill(valid == 0, 0)"],
  classes: { needs: ["class_target"], lines: ["y = class_target(target, logits).to(x)"] },
  ignoredLabels: {
    needs: ["label_map", "one_hot"],
    lines: [
      "labels = label_map(target, logits)",
      "valid = (labels != self.ignore).to(x)",
      "y = one_hot(labels.masked_fill(valid == 0, 0), x) * valid[:, None]",
    ],
  },
  weights: {
    needs: ["voxel_weights"],
    lines: ["weights = torch.ones_like(x[:, 0]) if weights is None else voxel_weights(weights, logits).to(x)"],
  },
  weightsPerClass: "weights[:, None]",
  field(name, form) {
    const read = form === "voxel" ? "voxel_weights" : "channel_target";
    return { needs: [read], lines: [`${name} = ${read}(${name}, logits).to(x)`] };
  },
};

/** p, 1 - p, log p and log(1 - p), in forms that lose no digits. */
const PROBABILITIES: PythonTarget["probabilities"] = {
  sigmoid: ["x.sigmoid()", "(-x).sigmoid()", "F.logsigmoid(x)", "F.logsigmoid(-x)"],
  softmax: ["x.softmax(1)", "1 - x.softmax(1)", "x.log_softmax(1)", "log_one_minus_softmax(x)"],
  none: ["x", "1 - x", "log_of_probability(x)", "log_of_probability(1 - x)"],
};

function file({
  settings,
  parameters,
  functions,
  docstring,
  fields,
  spacing,
  arguments: args,
  body,
}: ModuleParts): string {
  const keeps = parameters.map((parameter) => {
    const { name, value } = parameter;
    if (!Array.isArray(value)) return attribute(parameter);
    // Not a buffer, which .half() would round, and .to("mps"), without float64, refuse.
    return brokenStatement(`self.${name} = torch.tensor(${name}, dtype=torch.float64)`, BODY_INDENT);
  });
  const init = [
    "super().__init__()",
    ...keeps,
    ...(settings.ignore === undefined ? [] : ["self.ignore = ignore"]),
    ...(spacing ? ["self.spacing = spacing"] : []),
  ];
  const given = ["logits: Tensor", "target: Tensor", ...fields.map((name) => `${name}: Tensor`)];
  if (settings.weights) given.push("weights: Tensor | None = None");
  const members = [
    docstring,
    ...(args.length > 0 ? [method("__init__", args, "None", init.join("\n"))] : []),
    method("forward", given, "Tensor", body),
  ];
  const module = `class ${settings.name}(nn.Module):\n${indented(members.join("\n\n"), 4)}\n`;
  const text = [...functions, module].join("\n\n\n");
  const uses = (name: string) => new RegExp(`(?<![\\w.])${name}\\.`, "u").test(text);
  const imports = [
    "from __future__ import annotations",
    "",
    ...(uses("math") ? ["import math", ""] : []),
    ...(uses("torch") ? ["import torch"] : []),
    ...(uses("F") ? ["import torch.nn.functional as F"] : []),
    "from torch import Tensor, nn",
  ];
  return `${imports.join("\n")}\n\n\n${text}`;
}

const PYTORCH: PythonTarget = {
  title: "PyTorch",
  functions: PYTORCH_FUNCTIONS,
  forms: {
    array: (name) => `${name}.to(x.dtype).to(x.device)`,
    offDiagonal: (name) => `${name} * (1 - torch.eye(x.shape[1], dtype=x.dtype, device=x.device))`,
    selected: (condition) => `(${condition}).to(x)`,
  },
  refusals: { skeleton: "thinning a mask to its skeleton goes voxel by voxel, for which it has no operation" },
  dialect,
  arrays: ARRAYS,
  probabilities: PROBABILITIES,
  classIndex: "torch.arange(x.shape[1], device=x.device)",
  /** A map of voxels gets its image's shape back. */
  result: (value, axes) => (axes & VOXEL ? `${within(value, LEVEL.atom)}.unflatten(-1, logits.shape[2:])` : value.text),
  file,
};
