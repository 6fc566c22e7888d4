// A loss in the operations of tfjs: the graph of its value and that of its gradient, node by node, for backends that keep their arrays to themselves.

import { createProgram, type Program } from "../../compiler/program.js";
import { LosskitError } from "../../errors.js";
import { type Axes, CLASS, IMAGE, VOXEL } from "../../formula/axes.js";
import { type BinaryOp, type InputName, type Node, reachable, type UnaryOp } from "../../formula/node.js";
import { type Activation, type Layout, type ParameterValue, show, termSettings } from "../../formula/options.js";
import { parameterValues, programTerms } from "../../losses/bind.js";
import { formulaOf } from "../../losses/define.js";
import type { Loss } from "../../losses/loss.js";
import { borrowed, type Evaluate, type TensorInfos } from "./kernel.js";
import { createInputs, type OperationCall, slopeAlongLogits } from "./operation-inputs.js";
import type { Tensor, TensorFlow } from "./tensorflow.js";

/** How the tensors of a call are to be read. */
export interface OperationOptions {
  readonly shape: readonly number[];
  readonly classes: number;
  readonly layout: Layout;
  readonly activation: Activation;
  readonly ignore: number | undefined;
  readonly targetForm: "labels" | "channels";
  readonly weighted: boolean;
}

/** Nodes that look at an image as a whole, or at its objects. */
const WITHOUT_OPERATIONS: readonly Node["op"][] = ["routine", "totalBy", "gather", "instanceNumber"];

/** Programs of a loss by the structure of the call. */
const programs = new WeakMap<Loss, Map<string, Program>>();

function programOf(loss: Loss, { classes, ignore, targetForm, weighted }: OperationOptions): Program {
  const structure = { channels: classes, targetForm, ignores: ignore !== undefined, weighted };
  const own = programs.get(loss) ?? new Map<string, Program>();
  programs.set(loss, own);
  const key = JSON.stringify(structure);
  const known = own.get(key);
  if (known) return known;
  const bound = loss.terms.map((term) => ({ term, formula: formulaOf(term) }));
  const program = createProgram(programTerms(bound, settingsOf(loss)), structure);
  own.set(key, program);
  return program;
}

const settingsOf = ({ terms }: Loss) =>
  terms.map(({ definition, options }) => termSettings(options, definition.options ?? {}));

/** Why a loss cannot be written in operations; undefined where it can. */
export function operationsRefusal(loss: Loss, options: OperationOptions): string | undefined {
  const { value, gradient } = programOf(loss, options);
  const foreign = reachable([value, gradient]).find(({ op }) => WITHOUT_OPERATIONS.includes(op));
  if (!foreign) return undefined;
  const what = foreign.op === "routine" ? foreign.name.split(":")[0] : "a sum over objects";
  return `it uses ${what}, for which TensorFlow.js has no operation`;
}

/**
 * An evaluation of the loss in operations. Shapes are looked at, values are not: NaN in gives NaN out.
 *
 * @param fieldPrefix before the names of fields among the inputs
 * @throws LosskitError UNSUPPORTED where the loss does not take such a prediction; the evaluation ARRAY for weights or fields that are missing or
 *   do not fit
 */
export function byOperations(tf: TensorFlow, loss: Loss, options: OperationOptions, fieldPrefix: string): Evaluate {
  const { shape, classes, layout, activation, ignore, targetForm } = options;
  const refused = loss.refusal({ channels: classes, activation });
  if (refused) throw new LosskitError("UNSUPPORTED", refused);
  const program = programOf(loss, options);
  const images = shape[0];
  const voxels = shape.reduce((product, extent) => product * extent, 1) / images / classes;

  return (infos, backend, withGradient) => {
    checkSizes(loss, infos, fieldPrefix, images * voxels, classes);
    const tensors = tf.tidy((): Tensor[] => {
      /** `[images, voxels, classes]`, or with one number for all classes `[images, voxels, 1]`. */
      const rows = (name: string): Tensor => {
        const tensor = borrowed(tf, backend, infos[name]);
        if (tensor.size === images * voxels) return tf.reshape(tensor, [images, voxels, 1]);
        if (layout === "channels-last") return tf.reshape(tensor, [images, voxels, classes]);
        return tf.transpose(tf.reshape(tensor, [images, classes, voxels]), [0, 2, 1]);
      };
      const call: OperationCall = {
        logits: rows("logits"),
        target: rows("target"),
        weights: infos.weights && rows("weights"),
        targetForm,
        activation,
        ignore,
        classes,
      };
      const parameters = parameterValues(loss.terms, settingsOf(loss), { classes });
      const field = (name: string) => rows(fieldPrefix + name);
      const roots = withGradient ? [program.value, program.gradient] : [program.value];
      const made = evaluate(tf, roots, { call, parameters, field, extents: { images, classes, voxels } });
      const value = tf.sum(made.get(program.value) as Tensor);
      if (!withGradient) return [value];
      const slope = made.get(program.gradient) as Tensor;
      return [value, tf.reshape(layout === "channels-first" ? tf.transpose(slope, [0, 2, 1]) : slope, [...shape])];
    });
    return { tensors };
  };
}

function checkSizes({ terms }: Loss, infos: TensorInfos, fieldPrefix: string, voxels: number, classes: number): void {
  const check = (what: string, info: TensorInfos[string] | undefined, expected: number, meaning: string) => {
    const size = info?.shape.reduce((product, extent) => product * extent, 1);
    if (size === expected) return;
    throw new LosskitError(
      "ARRAY",
      `${what} ${info ? `is ${show(info.shape)}` : "is missing"}; ${meaning} needs ${expected}`,
    );
  };
  if (infos.weights) check("weights", infos.weights, voxels, "one weight per voxel");
  for (const { definition } of terms) {
    for (const [name, form] of Object.entries(definition.fields ?? {})) {
      const [extent, of] = form === "voxel" ? [1, "voxel"] : [classes, "channel and voxel"];
      check(
        `the field '${name}' of ${definition.title}`,
        infos[fieldPrefix + name],
        voxels * extent,
        `one number per ${of}`,
      );
    }
  }
}

interface Sources {
  readonly call: OperationCall;
  readonly parameters: ReadonlyMap<string, ParameterValue>;
  readonly field: (name: string) => Tensor;
  readonly extents: { readonly images: number; readonly classes: number; readonly voxels: number };
}

/** Every node once, arguments first. */
function evaluate(tf: TensorFlow, roots: readonly Node[], sources: Sources): ReadonlyMap<Node, Tensor> {
  const input = createInputs(tf, sources.call);
  const tensors = new Map<Node, Tensor>();
  for (const node of reachable(roots)) {
    const args = node.args.map((arg) => tensors.get(arg) as Tensor);
    tensors.set(node, evaluateNode(tf, node, args, sources, input));
  }
  return tensors;
}

function evaluateNode(
  tf: TensorFlow,
  node: Node,
  args: readonly Tensor[],
  { call, parameters, field, extents }: Sources,
  input: (name: InputName) => Tensor,
): Tensor {
  const { classes } = extents;
  switch (node.op) {
    case "number":
      return tf.scalar(node.value);
    case "parameter": {
      const value = parameters.get(node.name) as number | readonly number[];
      if (!(node.axes & CLASS)) return tf.scalar(value as number);
      return typeof value === "number" ? tf.fill([1, 1, classes], value) : tf.tensor([...value], [1, 1, classes]);
    }
    case "input":
      return input(node.name as InputName);
    case "field":
      return field(node.name);
    case "extent":
      return tf.scalar(
        (node.over & IMAGE ? extents.images : 1) *
          (node.over & CLASS ? classes : 1) *
          (node.over & VOXEL ? extents.voxels : 1),
      );
    case "stop":
      return args[0];
    case "where":
      return tf.where(tf.cast(args[0], "bool"), args[1], args[2]);
    case "total":
      return tf.sum(args[0], axesOf(node.over), true);
    case "largest":
      return tf.max(args[0], axesOf(node.over), true);
    case "smallest":
      return tf.min(args[0], axesOf(node.over), true);
    case "matmul": {
      const matrix = tf.tensor2d(parameters.get(node.name) as number[][]);
      const product = tf.matMul(tf.reshape(args[0], [-1, classes]) as never, matrix, false, node.value !== 1);
      return tf.reshape(product, args[0].shape);
    }
    case "activation": {
      const slopes = args.map((slope, i) => (isZero(node.args[i]) ? undefined : slope));
      return slopeAlongLogits(tf, call, slopes, input);
    }
    default: {
      const [a, b] = args;
      return args.length === 1 ? UNARY[node.op as UnaryOp](tf, a) : BINARY[node.op as BinaryOp](tf, a, b);
    }
  }
}

const isZero = ({ op, value }: Node) => op === "number" && value === 0;

/** Axes of `[images, voxels, classes]`. */
const axesOf = (over: Axes): number[] => [IMAGE, VOXEL, CLASS].flatMap((axis, i) => (over & axis ? [i] : []));

const UNARY: Readonly<Record<UnaryOp, (tf: TensorFlow, a: Tensor) => Tensor>> = {
  neg: (tf, a) => tf.neg(a),
  exp: (tf, a) => tf.exp(a),
  log: (tf, a) => tf.log(a),
  log1p: (tf, a) => tf.log1p(a),
  expm1: (tf, a) => tf.expm1(a),
  sqrt: (tf, a) => tf.sqrt(a),
  abs: (tf, a) => tf.abs(a),
  sign: (tf, a) => tf.sign(a),
  sigmoid: (tf, a) => tf.sigmoid(a),
  softplus: (tf, a) => tf.add(tf.maximum(a, 0), tf.log1p(tf.exp(tf.neg(tf.abs(a))))),
  tanh: (tf, a) => tf.tanh(a),
};

const number = (tf: TensorFlow, condition: Tensor) => tf.cast(condition, "float32");
/** `tf.where` repeats each of the three along axes that it lacks. */
const zeroWhere = (tf: TensorFlow, condition: Tensor, a: Tensor) => tf.where(condition, tf.zerosLike(a), a);

/** formula/node.ts says what each of them means at 0. */
const BINARY: Readonly<Record<BinaryOp, (tf: TensorFlow, a: Tensor, b: Tensor) => Tensor>> = {
  add: (tf, a, b) => tf.add(a, b),
  sub: (tf, a, b) => tf.sub(a, b),
  mul: (tf, a, b) => tf.mul(a, b),
  div: (tf, a, b) => zeroWhere(tf, tf.logicalAnd(tf.equal(a, 0), tf.equal(b, 0)), tf.div(a, b)),
  slopeDiv: (tf, a, b) => zeroWhere(tf, tf.equal(b, 0), tf.div(a, b)),
  pow: (tf, a, b) => tf.pow(a, b),
  powSlope: (tf, a, b) => {
    const atZero = tf.equal(a, 0);
    const base = tf.where(atZero, tf.onesLike(a), a);
    return tf.where(atZero, number(tf, tf.equal(b, 1)), tf.mul(b, tf.pow(base, tf.sub(b, 1))));
  },
  min: (tf, a, b) => tf.minimum(a, b),
  max: (tf, a, b) => tf.maximum(a, b),
  lt: (tf, a, b) => number(tf, tf.less(a, b)),
  le: (tf, a, b) => number(tf, tf.lessEqual(a, b)),
  eq: (tf, a, b) => number(tf, tf.equal(a, b)),
  wins: (tf, a, b) => tf.mul(0.5, tf.add(number(tf, tf.greater(a, b)), number(tf, tf.greaterEqual(a, b)))),
};
