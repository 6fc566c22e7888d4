// What a model becomes before graphs are written: its nodes with their shapes and rules, and which constants are trained.

import { LabError } from "../errors.js";
import { fold } from "./fold.js";
import { checkShape, type Differentiable, type Operand, unsupported } from "./operation.js";
import { ACTIVATIONS_AT_THE_END, OPERATIONS } from "./operations/table.js";
import type { Model, ModelNode } from "./read-model.js";
import { type Shape, sizeOf } from "./shapes.js";

export interface TrainableOptions {
  /**
   * Shape of the images, `[batch, channels, ...space]`: needed where the file leaves extents open, and before what the file says. All graphs are made
   * for this one shape.
   */
  readonly inputShape?: readonly number[];
  /** Name of the value that holds the logits, where it is not the only output of the model. */
  readonly output?: string;
  /** Names of constants of the file that keep their values. */
  readonly frozen?: readonly string[];
  /**
   * "file": as the file says, which for a model exported for inference is its own statistics, unchanged; "batch": the statistics of each batch, and
   * running means of them in the exported model. "file" where absent.
   */
  readonly batchStatistics?: "file" | "batch";
}

/** A constant of the file that is trained. */
export interface TrainedParameter {
  readonly name: string;
  readonly shape: Shape;
  /** First element in the flat array. */
  readonly offset: number;
  readonly size: number;
}

export interface Step {
  readonly node: ModelNode;
  readonly rule: Differentiable;
  /** Whether something that is trained lies behind this input. */
  wants(i: number): boolean;
}

export interface Network {
  readonly steps: readonly Step[];
  readonly values: ReadonlyMap<string, Operand>;
  readonly parameters: readonly TrainedParameter[];
  readonly initial: Float32Array;
  readonly inputShape: Shape;
  readonly logitsShape: Shape;
}

/**
 * @throws LabError UNSUPPORTED_OPERATION for a node that cannot be trained through; USAGE where the shape is missing or nothing is left to train
 */
export function planNetwork(model: Model, options: TrainableOptions): Network {
  const inputShape = shapeOfInput(model, options.inputShape);
  refuseActivationAtTheEnd(model);
  const values = new Map<string, Operand>([[model.input.name, { shape: inputShape }]]);
  /** Float constants that are trained where a rule has slopes along them. */
  const trainable = new Set<string>();
  const frozen = new Set(options.frozen);
  for (const [name, tensor] of model.tensors) {
    values.set(name, { shape: tensor.shape, tensor });
    if (tensor.type === "float32" && !frozen.has(name)) trainable.add(name);
  }
  for (const name of frozen) {
    if (!model.tensors.has(name))
      throw new LabError("USAGE", `frozen names "${name}", which is no constant of the model.`);
  }

  const steps: Step[] = [];
  const trained = new Set<string>();
  const active = new Set<string>();
  for (const node of model.nodes) {
    const inputs = node.inputs.map((name) => (name === "" ? undefined : known(values, name, node)));
    if (node.op === "Identity" && inputs[0]?.tensor) {
      // An exporter writes constants that happen to be equal once, and the others as copies of it: they are trained apart.
      values.set(node.outputs[0], inputs[0]);
      if (trainable.has(node.inputs[0])) trainable.add(node.outputs[0]);
      continue;
    }
    const constants = inputs.map((value, i) => (trainable.has(node.inputs[i]) ? undefined : value?.tensor));
    const tensor = fold(node, constants, inputs[0]?.shape, model.opset);
    if (tensor) {
      values.set(node.outputs[0], { shape: tensor.shape, tensor });
      continue;
    }
    const operation = OPERATIONS[node.op];
    if (!operation) throw refusal(node);
    const rule = operation({ node, opset: model.opset, inputs, batchStatistics: options.batchStatistics === "batch" });
    rule.shapes.forEach((shape, i) => {
      checkShape(node, shape);
      if (node.outputs[i]) values.set(node.outputs[i], { shape });
    });
    const wanted = new Set(
      rule.differentiable.filter((i) => trainable.has(node.inputs[i]) || active.has(node.inputs[i])),
    );
    for (const i of wanted) if (trainable.has(node.inputs[i])) trained.add(node.inputs[i]);
    if (wanted.size > 0) for (const name of node.outputs) active.add(name);
    steps.push({ node, rule, wants: (i) => wanted.has(i) });
  }
  const logits = values.get(model.output);
  if (!logits || trained.size === 0) {
    throw new LabError(
      "USAGE",
      "The model has no float constants that could be trained: export it with its weights in it.",
    );
  }
  return { steps, values, ...layOut(trained, values), inputShape, logitsShape: logits.shape };
}

function layOut(trained: ReadonlySet<string>, values: ReadonlyMap<string, Operand>) {
  const parameters: TrainedParameter[] = [];
  let count = 0;
  for (const name of trained) {
    const { shape } = values.get(name) as Operand;
    parameters.push({ name, shape, offset: count, size: sizeOf(shape) });
    count += sizeOf(shape);
  }
  const initial = new Float32Array(count);
  for (const { name, offset } of parameters) initial.set(values.get(name)?.tensor?.values ?? [], offset);
  return { parameters, initial };
}

function known(values: ReadonlyMap<string, Operand>, name: string, node: ModelNode): Operand {
  const value = values.get(name);
  if (value) return value;
  throw unsupported(node, `reads "${name}", which no node before it makes`);
}

function shapeOfInput({ input }: Model, given: readonly number[] | undefined): Shape {
  const shape = given ?? input.shape;
  const written = input.shape.map((extent) => extent ?? "?").join(", ");
  if (shape.length < 3 || shape.some((extent) => !Number.isInteger(extent) || Number(extent) < 1)) {
    throw new LabError(
      "USAGE",
      given
        ? `inputShape is [${given}]; it is [batch, channels, ...space] in whole numbers from 1.`
        : `The input "${input.name}" has the shape [${written}]; give the open extents, as in { inputShape: [4, ${input.shape[1] ?? 1}, 64, 64] }.`,
    );
  }
  return shape as Shape;
}

function refuseActivationAtTheEnd({ nodes, output }: Model): void {
  const last = nodes.find(({ outputs }) => outputs.includes(output));
  if (!last || !ACTIVATIONS_AT_THE_END.includes(last.op)) return;
  throw unsupported(
    last,
    `makes the output "${output}": the losses take logits, which lose no digits. Name the value before it, as in { output: "${last.inputs[0]}" }; the exported model keeps the ${last.op}.`,
  );
}

const refusal = (node: ModelNode) =>
  unsupported(
    node,
    `cannot be trained through. Supported are ${Object.keys(OPERATIONS).join(", ")}, and what is computed of shapes alone.`,
  );
