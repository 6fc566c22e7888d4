// A loss as a class for Keras 3: the formula line by line in keras.ops, for its every backend, channels last.

import { type Axes, CLASS, IMAGE, VOXEL } from "../formula/axes.js";
import type { UnaryOp } from "../formula/node.js";
import type { Loss } from "../losses/loss.js";
import { KERAS_FUNCTIONS } from "./keras-functions.js";
import type { ExportOptions } from "./options.js";
import { indented, unsupported } from "./python-file.js";
import {
  type ArrayForms,
  attribute,
  type ModuleParts,
  method,
  type PythonTarget,
  pythonModule,
  USES_SPACING,
} from "./python-module.js";
import { snakeCase } from "./python-names.js";
import { atom, type Dialect, LEVEL, type Text, within } from "./python-text.js";

/**
 * The text of a Python file with one `keras.losses.Loss` for the loss, which needs Keras 3 and nothing else. Its value and gradient are
 * ours, to 1e-6 in float32.
 *
 * @throws LosskitError OPTION; UNSUPPORTED where the loss cannot take the head or an option, needs an array beside y_true and y_pred, or
 *   keras.ops has no operation for a routine
 */
export function exportKeras(loss: Loss, options: ExportOptions = {}): string {
  const fields = loss.terms.flatMap(({ definition }) => Object.keys(definition.fields ?? {}));
  if (fields.length > 0) {
    throw unsupported(
      loss,
      "Keras",
      `it needs the array ${fields.join(", ")} beside y_true and y_pred, and a loss of Keras gets no other`,
    );
  }
  return pythonModule(KERAS, loss, options);
}

const call = (name: string, ...args: readonly string[]): Text => atom(`ops.${name}(${args.join(", ")})`);

const UNARY: Readonly<Partial<Record<UnaryOp, string>>> = { log1p: "log1p", expm1: "expm1" };

const dialect = (need: (name: string) => void): Dialect => ({
  order: [IMAGE, VOXEL, CLASS],
  need,
  unary(op, a) {
    if (op !== "softplus") return call(UNARY[op] ?? op, a.text);
    // ops.softplus of some backends is cut off where it would still be 2e-9 away.
    return { text: `-ops.log_sigmoid(-${within(a, LEVEL.atom)})`, level: LEVEL.sign };
  },
  power: (a, b) => atom(`power(${a.text}, ${b.text})`),
  extreme: (op, a, b) => call(`${op}imum`, a.text, b.text),
  asNumber: (condition) => call("cast", condition.text, "x.dtype"),
  where(condition, a, b, isNumber) {
    // Of two numbers Keras makes float32, whatever the loss computes in.
    const array = isNumber.a && isNumber.b ? `ops.convert_to_tensor(${a}, dtype=x.dtype)` : a;
    return call("where", condition, array, b);
  },
  stop: (a) => call("stop_gradient", a.text),
  reduce(kind, a, dimensions) {
    if (!dimensions) return call(kind, a.text);
    return call(kind, a.text, `axis=${dimensions.length === 1 ? dimensions[0] : `(${dimensions.join(", ")})`}`);
  },
  // The batch may be of any size, and a size of the graph is a whole number.
  extent: (dimension) => call("cast", `ops.shape(x)[${dimension}]`, "x.dtype"),
  index: (a, index) => atom(`${within(a, LEVEL.atom)}[${index}]`),
  matmul: (matrix, transposed, a) => call("matmul", a.text, transposed ? matrix : `ops.transpose(${matrix})`),
  groupRoutine({ name, voxels, scalars, axes, over, counts }) {
    const rows = (text: Text) => byRows(text, axes, over, need);
    return atom(`${name}(${[...voxels.map(rows), ...scalars, ...(counts ? [rows(counts)] : [])].join(", ")})`);
  },
  gridRoutine(name, voxels, scalars, axes) {
    const spacing = USES_SPACING.has(name) ? ["self.spacing"] : [];
    const args = (first: string) => [first, "space", ...scalars, ...spacing].join(", ");
    if (axes & CLASS) return atom(`${name}(${args(voxels.text)})`);
    return atom(`${name}(${args(`${within(voxels, LEVEL.atom)}[:, :, None]`)})[:, :, 0]`);
  },
  sumBy: () => atom(""),
  instanceNumbers: () => atom(""),
});

/** Voxels of each group side by side in the last dimension. */
function byRows(text: Text, axes: Axes, over: Axes, need: (name: string) => void): string {
  const group = over & axes;
  if ((axes & ~group) === 0) return `ops.reshape(${text.text}, (-1,))`;
  if (group === VOXEL) return axes & CLASS ? `ops.transpose(${text.text}, (0, 2, 1))` : text.text;
  if (group === (VOXEL | CLASS)) return `ops.reshape(${text.text}, (ops.shape(x)[0], -1))`;
  need("by_class");
  return `by_class(${text.text})`;
}

/** Arrays of [N, voxels, C], and of [N, voxels] where classes share them. */
const ARRAYS: ArrayForms = {
  logits: { needs: ["flat"], lines: ["x = flat(y_pred)"] },
  space: "space = tuple(y_pred.shape[1:-1])",
  channels: { needs: ["channel_target"], lines: ["y = channel_target(y_true, y_pred)"] },
  ignoredChannels: [
    "valid = ops.cast(ops.not_equal(y, self.ignore), x.dtype)",
    "y = ops.where(ops.equal(valid, 0), 0, y)",
  ],
  classes: { needs: ["class_target"], lines: ["y = class_target(y_true, y_pred)"] },
  ignoredLabels: {
    needs: ["label_map"],
    lines: [
      "labels = label_map(y_true, y_pred)",
      "valid = ops.cast(ops.not_equal(labels, self.ignore), x.dtype)",
      "labels = ops.where(ops.equal(valid, 0), 0, labels)",
      "y = ops.one_hot(labels, x.shape[-1], dtype=x.dtype) * valid[:, :, None]",
    ],
  },
  weights: {
    needs: ["voxel_weights"],
    lines: ["weights = ops.ones_like(x[:, :, 0]) if sample_weight is None else voxel_weights(sample_weight, y_pred)"],
  },
  weightsPerClass: "weights[:, :, None]",
};

/** p, 1 - p, log p and log(1 - p), in forms that lose no digits. */
const PROBABILITIES: PythonTarget["probabilities"] = {
  sigmoid: ["ops.sigmoid(x)", "ops.sigmoid(-x)", "ops.log_sigmoid(x)", "ops.log_sigmoid(-x)"],
  softmax: ["ops.softmax(x)", "1 - ops.softmax(x)", "ops.log_softmax(x)", "log_one_minus_softmax(x)"],
  none: ["x", "1 - x", "log_of_probability(x)", "log_of_probability(1 - x)"],
};

function file({ settings, parameters, functions, docstring, spacing, arguments: args, body }: ModuleParts): string {
  const kept = [
    ...parameters.map(({ name }) => name),
    ...(settings.ignore === undefined ? [] : ["ignore"]),
    ...(spacing ? ["spacing"] : []),
  ];
  const init = [
    "super().__init__(name=name, **kwargs)",
    ...parameters.map(attribute),
    ...(settings.ignore === undefined ? [] : ["self.ignore = ignore"]),
    ...(spacing ? ["self.spacing = spacing"] : []),
  ].join("\n");
  const constructorArguments = [...args, `name: str = "${snakeCase(settings.name)}"`, "**kwargs"];
  const entries = ["**super().get_config()", ...kept.map((name) => `"${name}": self.${name}`)];
  const config = `return {\n${entries.map((entry) => `    ${entry},`).join("\n")}\n}`;
  const given = ["y_true", "y_pred", ...(settings.weights ? ["sample_weight=None"] : [])];
  // Keras multiplies what call returns with the weights; inside the sums they belong.
  const weighted = [
    '"""`sample_weight`, one number per voxel, counts inside the sums."""',
    "y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred, dtype=self.dtype)",
    "return self.call(y_true, y_pred, sample_weight)",
  ].join("\n");
  const members = [
    docstring,
    method("__init__", constructorArguments, "None", init),
    ...(settings.weights ? [method("__call__", given, undefined, weighted)] : []),
    method("call", given, undefined, body),
    ...(kept.length > 0 ? [method("get_config", [], "dict", config)] : []),
  ];
  const head = '@keras.saving.register_keras_serializable(package="losskit")';
  const module = `${head}\nclass ${settings.name}(keras.losses.Loss):\n${indented(members.join("\n\n"), 4)}\n`;
  const text = [...functions, module].join("\n\n\n");
  const math = /(?<![\w.])math\./u.test(text) ? ["import math", ""] : [];
  const imports = ["from __future__ import annotations", "", ...math, "import keras", "from keras import ops"];
  return `${imports.join("\n")}\n\n\n${text}`;
}

const OBJECTS =
  "how many objects there are depends on the data, and a compiled model of Keras has arrays of known sizes only";

const KERAS: PythonTarget = {
  title: "Keras",
  functions: KERAS_FUNCTIONS,
  forms: {
    array: (name) => `ops.convert_to_tensor(${name}, dtype=x.dtype)`,
    offDiagonal: (name) => `${name} * (1 - ops.eye(x.shape[-1], dtype=x.dtype))`,
    selected: (condition) => `ops.cast(${condition}, x.dtype)`,
  },
  refusals: {
    skeleton: "thinning a mask to its skeleton goes voxel by voxel, for which it has no operation",
    components: OBJECTS,
    nearest_component: OBJECTS,
  },
  dialect,
  arrays: ARRAYS,
  probabilities: PROBABILITIES,
  classIndex: "ops.arange(x.shape[-1])",
  /** A map of voxels gets its image's shape back. */
  result: (value, axes) =>
    axes & VOXEL
      ? `ops.reshape(${value.text}, ops.shape(y_pred)[:-1]${axes & CLASS ? " + (x.shape[-1],)" : ""})`
      : value.text,
  file,
};
