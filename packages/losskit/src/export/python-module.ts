// A loss as a Python class: what the modules of PyTorch and of Keras have in common, and how they are put together.

import { LosskitError } from "../errors.js";
import type { InputName } from "../formula/node.js";
import type { Activation } from "../formula/options.js";
import { show } from "../formula/options.js";
import type { Loss } from "../losses/loss.js";
import { type ExportOptions, type ExportSettings, exportSettings } from "./options.js";
import { constructorParameters, type Parameter } from "./parameters.js";
import { pythonStatements } from "./python-expressions.js";
import { docstring, functionTexts, indented, type PythonFunction, signature, unsupported } from "./python-file.js";
import { brokenStatement } from "./python-lines.js";
import { isFreeName } from "./python-names.js";
import { type ParameterForms, parameterTexts } from "./python-parameters.js";
import { type Dialect, pythonNumber, type Text } from "./python-text.js";
import { readableGraph } from "./readable-graph.js";

/** What a call hands to the class, as far as the formula uses it. */
export interface Given {
  readonly settings: ExportSettings;
  readonly inputs: ReadonlySet<InputName>;
  readonly usesSpace: boolean;
  readonly fields: Readonly<Record<string, "voxel" | "class-voxel">>;
  /** Asks for functions to be printed before the class. */
  need(...names: readonly string[]): void;
}

/** Lines, and the functions of the target's own that they call. */
export interface Lines {
  readonly needs: readonly string[];
  readonly lines: readonly string[];
}

/** How a target makes x, y, valid, weights and the fields out of the arguments. */
export interface ArrayForms {
  readonly logits: Lines;
  readonly space: string;
  /** y in the shape of the logits, and what follows where voxels are ignored. */
  readonly channels: Lines;
  readonly ignoredChannels: readonly string[];
  /** y from class indices, or from a share of each class; and from class indices of which some are ignored. */
  readonly classes: Lines;
  readonly ignoredLabels: Lines;
  readonly weights: Lines;
  /** The weights of voxels beside an array of each class. */
  readonly weightsPerClass: string;
  field?(name: string, form: "voxel" | "class-voxel"): Lines;
}

/** A framework of Python. */
export interface PythonTarget {
  readonly title: string;
  readonly functions: Readonly<Record<string, PythonFunction>>;
  readonly forms: ParameterForms;
  /** Why a routine cannot be said. */
  readonly refusals: Readonly<Record<string, string>>;
  dialect(need: (name: string) => void): Dialect;
  readonly arrays: ArrayForms;
  /** p, 1 - p and their logarithms out of x; `log_of_probability` and `log_one_minus_softmax` are functions of its own. */
  readonly probabilities: Readonly<Record<Activation, readonly [p: string, q: string, logP: string, logQ: string]>>;
  readonly classIndex: string;
  result(value: Text, axes: number): string;
  file(parts: ModuleParts): string;
}

/** A class in pieces. */
export interface ModuleParts {
  readonly settings: ExportSettings;
  readonly parameters: readonly Parameter[];
  readonly functions: readonly string[];
  readonly docstring: string;
  readonly fields: readonly string[];
  readonly spacing: boolean;
  /** Arguments of the constructor, with their defaults. */
  readonly arguments: readonly string[];
  /** Of the method that computes the loss. */
  readonly body: string;
}

/** Routines that need to know how far voxels lie apart. */
export const USES_SPACING: ReadonlySet<string> = new Set([
  "distance",
  "signed_distance",
  "nearest_component",
  "squared_gradient",
  "absolute_gradient",
]);

/** Of a method of a class. */
export const BODY_INDENT = 8;

/** The text of a Python file with the loss as a class. */
export function pythonModule(target: PythonTarget, loss: Loss, options: ExportOptions): string {
  const settings = exportSettings(loss, options);
  if (!isFreeName(settings.name, Object.keys(target.functions))) {
    throw new LosskitError(
      "OPTION",
      `name is ${show(settings.name)}, which is a word of Python or means something else in the file; choose another name for the class`,
    );
  }
  const { value, names, settings: termSettings } = readableGraph(loss, settings.structure);
  const parameters = constructorParameters(loss, termSettings);
  const needed = new Set<string>();
  const need = (...wanted: readonly string[]) => {
    for (const name of wanted) {
      const reason = target.refusals[name];
      if (reason) throw unsupported(loss, target.title, reason);
      needed.add(name);
    }
  };
  const texts = parameterTexts(parameters, termSettings, target.forms, Object.keys(target.functions));
  const fields = Object.assign({}, ...loss.terms.map(({ definition }) => definition.fields ?? {}));
  const reserved = [...Object.keys(fields), ...parameters.map(({ name }) => name), ...Object.keys(target.functions)];
  const statements = pythonStatements(value, target.dialect(need), texts.text, names, reserved, {
    weighted: settings.weights,
    keepsClasses: termSettings.some(({ reduction }) => reduction === "none"),
  });
  const { inputs, usesSpace } = statements;
  const used = Object.fromEntries(
    Object.entries(fields).filter(([name]) => statements.fields.has(name)),
  ) as Given["fields"];
  const given: Given = { settings, inputs, usesSpace, fields: used, need };
  const parameterLines = texts.lines();
  const usesIndex = inputs.has("class") || parameterLines.some((line) => line.includes("class_index"));
  const body = [
    ...arrays(target, given),
    ...(usesIndex ? [`class_index = ${target.classIndex}`] : []),
    ...parameterLines,
    ...probabilities(target, given),
    ...statements.lines,
    `return ${target.result(statements.result, value.axes)}`,
  ]
    .map((line) => brokenStatement(line, BODY_INDENT))
    .join("\n");
  const spacing = [...needed].some((name) => USES_SPACING.has(name));
  return target.file({
    settings,
    parameters,
    functions: functionTexts(target.functions, needed),
    docstring: docstring(loss, documented(parameters, settings, spacing), shapes(target, settings, fields)),
    fields: Object.keys(fields),
    spacing,
    arguments: constructorArguments(parameters, settings, spacing),
    body,
  });
}

/** Lines for the arguments as arrays, as far as the formula uses them. */
function arrays({ arrays: forms }: PythonTarget, { settings, inputs, usesSpace, fields, need }: Given): string[] {
  const labels = settings.head === "multiclass";
  const ignores = settings.ignore !== undefined;
  const lines: string[] = [];
  const add = (more: Lines) => {
    need(...more.needs);
    lines.push(...more.lines);
  };
  add(forms.logits);
  if (usesSpace) lines.push(forms.space);
  if (ignores || inputs.has("y")) {
    if (labels) add(ignores ? forms.ignoredLabels : forms.classes);
    else add(forms.channels);
    if (ignores && !labels) lines.push(...forms.ignoredChannels);
  }
  if (settings.weights) {
    add(forms.weights);
    if (ignores) lines.push(`weights = ${labels ? "weights" : forms.weightsPerClass} * valid`);
  }
  for (const [name, form] of Object.entries(fields)) add(forms.field?.(name, form) ?? { needs: [], lines: [] });
  return lines;
}

/** Lines for p, 1 - p and their logarithms, as far as the formula uses them. */
function probabilities(target: PythonTarget, { settings: { activation }, inputs, need }: Given): string[] {
  const [p, q, logP, logQ] = target.probabilities[activation];
  const lines = [
    ...(inputs.has("p") ? [`p = ${p}`] : []),
    ...(inputs.has("q") ? [`q = ${activation === "softmax" && inputs.has("p") ? "1 - p" : q}`] : []),
    ...(inputs.has("logP") ? [`log_p = ${logP}`] : []),
    ...(inputs.has("logQ") ? [`log_q = ${logQ}`] : []),
  ];
  for (const name of ["log_of_probability", "log_one_minus_softmax"]) {
    if (lines.some((line) => line.includes(`${name}(`))) need(name);
  }
  return lines;
}

function documented(parameters: readonly Parameter[], { ignore }: ExportSettings, spacing: boolean): Parameter[] {
  const more = (name: string, meaning: string): Parameter => ({ name, meaning, value: 0, symbols: [] });
  return [
    ...parameters,
    ...(ignore === undefined ? [] : [more("ignore", "target value of voxels that do not count")]),
    ...(spacing ? [more("spacing", "distance between neighbouring voxels along each axis, 1 by default")] : []),
  ];
}

/** Keras multiplies what a loss returns with the weights and takes the mean. */
const UNWEIGHTED = `\
    sample_weight of fit: its mean scales the loss, one number for the batch; to weigh voxels,
        export the loss with weights.`;

function shapes(
  { title }: PythonTarget,
  { head, activation, ignore, weights }: ExportSettings,
  fields: Given["fields"],
): string {
  const [logits, target, voxelWeights] =
    title === "Keras" ? ["y_pred", "y_true", "sample_weight"] : ["logits", "target", "weights"];
  const holdsAs = activation === "none" ? "probabilities" : "logits";
  const gives = logits === holdsAs ? "" : `${holdsAs} `;
  const count = head === "binary" ? "1" : "C";
  const channels = title === "Keras" ? `[N, *space, ${count}]` : `[N, ${count}, *space]`;
  const indices = "class indices [N, *space]";
  // A share of each class says of no voxel that it is ignored.
  const labels = ignore === undefined ? `${indices}, or a share of each class in the shape of ${logits}` : indices;
  const holds = head === "multiclass" ? labels : `0 to 1 in the shape of ${logits}`;
  return [
    "Shapes:",
    `    ${logits}: ${gives}${channels}, with 1 to 3 axes of space.`,
    `    ${target}: ${holds}.`,
    ...Object.entries(fields).map(
      ([name, form]) => `    ${name}: ${form === "voxel" ? "[N, *space]" : `in the shape of ${logits}`}.`,
    ),
    ...(weights ? [`    ${voxelWeights}: one number per voxel, [N, *space].`] : []),
    ...(title === "Keras" && !weights ? [UNWEIGHTED] : []),
  ].join("\n");
}

const python = (value: unknown): string => {
  if (!Array.isArray(value)) return pythonNumber(value as number);
  return value.length === 1 ? `(${python(value[0])},)` : `(${value.map(python).join(", ")})`;
};

const tupleType = (value: readonly unknown[]): string =>
  Array.isArray(value[0]) ? "tuple[tuple[float, ...], ...]" : "tuple[float, ...]";

function constructorArguments(
  parameters: readonly Parameter[],
  { ignore }: ExportSettings,
  spacing: boolean,
): string[] {
  return [
    ...parameters.map(({ name, value, sameAs, whole }) => {
      if (sameAs) return `${name}: float | None = None`;
      return `${name}: ${Array.isArray(value) ? tupleType(value) : whole ? "int" : "float"} = ${python(value)}`;
    }),
    ...(ignore === undefined ? [] : [`ignore: float = ${python(ignore)}`]),
    ...(spacing ? ["spacing: tuple[float, ...] | None = None"] : []),
  ];
}

/** `self.smooth = smooth`, and what is as another where it is not given. */
export const attribute = ({ name, sameAs }: Parameter): string =>
  `self.${name} = ${sameAs ? `${sameAs} if ${name} is None else ${name}` : name}`;

/** A method: its signature over several lines where it is long, its body moved in. */
export const method = (name: string, args: readonly string[], result: string | undefined, body: string): string =>
  `${signature(name, ["self", ...args], result)}\n${indented(body, 4)}`;
