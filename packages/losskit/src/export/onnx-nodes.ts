// Turns the graph of a loss into ONNX nodes: each operation of the formula becomes one or a few operators on [images, classes, voxels].

import { evaluateGroup, type Parameters } from "../backends/evaluate-groups.js";
import type { GroupValue } from "../backends/group-values.js";
import { LosskitError } from "../errors.js";
import { type Axes, CLASS, IMAGE, VOXEL } from "../formula/axes.js";
import {
  type BinaryOp,
  GRADIENT_OF_ROUTINE,
  type Graph,
  type InputName,
  type Node,
  reachable,
  type UnaryOp,
} from "../formula/node.js";
import { ROUTINES } from "../formula/operations.js";
import type { Activation } from "../formula/options.js";
import type { Loss } from "../losses/loss.js";
import { type Builder, createOperators, type Tensor } from "./onnx-builder.js";
import { distanceRoutines } from "./onnx-distances.js";
import type { Extents } from "./onnx-extents.js";
import { type GridOperators, gridRoutines } from "./onnx-grids.js";
import { activated, activationGradient, CLASSES, type TargetSources, targetSide } from "./onnx-inputs.js";
import { rankWeights } from "./onnx-ranks.js";
import { type Comparison, createScalars, type Scalars } from "./onnx-scalars.js";

/** What the nodes of a loss read. */
export interface NodeSources extends TargetSources {
  readonly graph: Graph;
  readonly builder: Builder;
  readonly extents: Extents;
  readonly activation: Activation;
  /** Logits or probabilities. */
  readonly x: Tensor;
  readonly field: (name: string) => Tensor;
  readonly parameters: Parameters;
  /** The initializer of a parameter of the graph. */
  readonly parameter: (name: string) => Tensor;
  /** Distance between neighbours along each axis; asked for where something measures distances. */
  readonly spacing: () => readonly Tensor[];
}

/** Why some operations have no ONNX operators. */
const OBJECTS = "how many objects there are depends on the masks, and no ONNX operator numbers them";
const REFUSED: Readonly<Record<string, string>> = {
  components: OBJECTS,
  nearest_component: OBJECTS,
  skeleton: "it thins a mask voxel by voxel, each after a look at what is left, for which there is no ONNX operator",
};

const COMPARISONS: ReadonlySet<string> = new Set<Comparison>(["lt", "le", "eq"]);

/**
 * Writes all nodes that some results need. What varies over voxels is float32. Everything else, sums over voxels first, is float64, as on all our
 * backends: a float32 sum over an image has lost three digits, and on an empty mask the slope of a Dice loss is a difference of such numbers.
 *
 * @returns the tensor of each result, which varies over the axes of its node; float32
 * @throws LosskitError UNSUPPORTED, with the routine and the reason, for what no ONNX operators express
 */
export function writeNodes(results: readonly Node[], { terms }: Loss, sources: NodeSources): readonly Tensor[] {
  const { graph, builder, extents, activation, x, channels } = sources;
  const on = createOperators(builder);
  const narrow = createScalars(builder, "float32");
  const wide = createScalars(builder, "float64");
  const probabilities = activated(activation, x, channels, builder, narrow);
  const inputs: Readonly<Partial<Record<InputName, () => Tensor>>> = {
    x: () => x,
    ...probabilities,
    ...targetSide(sources, builder, narrow),
    class: () =>
      builder.constant(
        "float64",
        [1, channels, 1],
        Array.from({ length: channels }, (_, c) => c),
      ),
  };
  let grids: Readonly<Record<string, GridOperators>> | undefined;
  const gridRoutine = (name: string): GridOperators => {
    grids ??= {
      ...gridRoutines(builder, narrow, extents, sources.spacing),
      ...distanceRoutines(builder, narrow, extents, sources.spacing),
    };
    return grids[name];
  };

  const tensors = new Map<Node, Tensor>();
  /** Results of comparisons as truth values. */
  const truths = new Map<Node, Tensor>();
  const tensorOf = (node: Node) => tensors.get(node) as Tensor;
  /** As operands beside voxels, and beside numbers without them. */
  const narrowed = (node: Node) => {
    if (node.axes & VOXEL) return tensorOf(node);
    return node.op === "number" ? narrow.number(node.value) : builder.cast(tensorOf(node), "float32");
  };

  for (const node of writtenNodes(results)) tensors.set(node, write(node));
  return results.map(narrowed);

  function write(node: Node): Tensor {
    const isVoxel = (node.axes & VOXEL) !== 0;
    const { args } = node;
    switch (node.op) {
      case "number":
        return wide.number(node.value);
      case "parameter":
        return sources.parameter(node.name);
      case "field":
        return sources.field(node.name);
      case "input":
        return (inputs[node.name as InputName] as () => Tensor)();
      case "stop":
        return tensorOf(args[0]);
      case "total": {
        const a = tensorOf(args[0]);
        return on.sum(node.over & VOXEL ? builder.cast(a, "float64") : a, axesOf(node.over));
      }
      case "largest":
      case "smallest": {
        const extreme = on[node.op](tensorOf(args[0]), axesOf(node.over));
        return node.over & VOXEL ? builder.cast(extreme, "float64") : extreme;
      }
      case "extent":
        return extents.product(node.over);
      case "matmul":
        return writeProduct(node, isVoxel);
      case "routine":
        return writeRoutine(node);
      case "activation":
        return writeActivation(node);
      case "sumBy":
      case "totalBy":
      case "gather":
      case "instanceNumber":
        throw refusal("sum_by", OBJECTS);
      default:
        return writeElementwise(node, args.map(isVoxel ? narrowed : tensorOf), isVoxel ? narrow : wide);
    }
  }

  function truthOf(node: Node): Tensor {
    const known = truths.get(node);
    return known ?? on.not(on.equal(tensorOf(node), node.axes & VOXEL ? narrow.zero : wide.zero));
  }

  function writeElementwise(
    node: Node,
    [a, b, c]: readonly Tensor[],
    { unary, binary, comparisons, asFloat }: Scalars,
  ) {
    if (node.op === "where") return on.where(truthOf(node.args[0]), b, c);
    if (COMPARISONS.has(node.op)) {
      const truth = comparisons[node.op as Comparison](a, b);
      truths.set(node, truth);
      return asFloat(truth);
    }
    return node.args.length === 1
      ? unary[node.op as UnaryOp](a)
      : binary[node.op as Exclude<BinaryOp, Comparison>](a, b);
  }

  /** Matrix times vector over classes, for every voxel. */
  function writeProduct({ name, value, args }: Node, isVoxel: boolean): Tensor {
    const wideMatrix = sources.parameter(name);
    const matrix = isVoxel ? builder.cast(wideMatrix, "float32") : wideMatrix;
    const transposed = () => builder.node("Transpose", [matrix], { perm: { ints: [1, 0] } });
    return on.matMul(value === 1 ? transposed() : matrix, tensorOf(args[0]));
  }

  function writeActivation({ args, axes }: Node): Tensor {
    const slopes = args.map((arg) => (graph.isNumber(arg, 0) ? undefined : narrowed(arg)));
    const slope = activationGradient(activation, x, slopes, probabilities, channels, builder, narrow) ?? narrow.zero;
    // A slope that is one number for many voxels becomes one of each where it meets a probability; elsewhere it is repeated.
    const meets = activation !== "none" && slopes.slice(1).some((other) => other !== undefined);
    return meets || args.some((arg) => arg.axes === axes) ? slope : extents.spread(slope, axes);
  }

  function writeRoutine(node: Node): Tensor {
    const ofGradient = node.name.endsWith(GRADIENT_OF_ROUTINE);
    const name = ofGradient ? node.name.slice(0, -GRADIENT_OF_ROUTINE.length) : node.name;
    const reason = REFUSED[name];
    if (reason) throw refusal(name, reason);
    const { voxelArguments, scalarArguments, gives } = ROUTINES[name];
    const scalarsFrom = voxelArguments.length;
    const scalars = node.args.slice(scalarsFrom, scalarsFrom + scalarArguments.length);
    if (gives === "groups") {
      const [valid, selected] = node.args.slice(-2).map(truthOf);
      const voxels = node.args.slice(0, scalarsFrom).map(narrowed);
      const args = { voxels, scalars: scalars.map(tensorOf), counts: on.and(valid, selected) };
      return rankWeights(node, args, builder, extents);
    }
    const routine = gridRoutine(name);
    const onGrid = (arg: Node) => extents.toGrids(narrowed(arg), node.axes);
    const numbers = scalars.map((arg) => constantValue(arg, sources));
    const result =
      ofGradient && routine.gradient
        ? routine.gradient(onGrid(node.args[0]), numbers, onGrid(node.args.at(-1) as Node))
        : routine.value(onGrid(node.args[0]), numbers);
    return extents.fromGrids(result, node.axes);
  }

  function refusal(routine: string, reason: string): LosskitError {
    const title = terms.map(({ definition }) => definition.title).join(" + ");
    return new LosskitError("UNSUPPORTED", `${title} cannot be exported to ONNX: ${routine}: ${reason}`);
  }
}

const axesOf = (over: Axes): number[] => [
  ...(over & IMAGE ? [0] : []),
  ...(over & CLASS ? [CLASSES] : []),
  ...(over & VOXEL ? [2] : []),
];

/** Scalar arguments of a routine on grids: they decide how many operators there are, and no tensor holds them. */
function writtenInArguments({ op, name, args }: Node): readonly Node[] {
  if (op !== "routine") return [];
  const { voxelArguments, scalarArguments, gives } = ROUTINES[name.split(":")[0]];
  const first = voxelArguments.length;
  return gives === "groups" ? [] : args.slice(first, first + scalarArguments.length);
}

/** The nodes that some results are made of, arguments before the nodes that use them. */
function writtenNodes(results: readonly Node[]): Node[] {
  const seen = new Set<Node>();
  const stack = [...results];
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    const writtenIn = writtenInArguments(node);
    stack.push(...node.args.filter((arg) => !writtenIn.includes(arg)));
  }
  return [...seen].sort((a, b) => a.id - b.id);
}

/** The value of a node that is made of numbers and parameters alone. */
function constantValue(root: Node, { parameters, channels }: NodeSources): number {
  const groups = new Map<Node, GroupValue>();
  const call = { images: 1, classes: channels, voxels: 1 };
  for (const node of reachable([root]))
    groups.set(
      node,
      evaluateGroup(node, { call, parameters, groups }, () => 0),
    );
  return (groups.get(root) as GroupValue).data[0];
}
