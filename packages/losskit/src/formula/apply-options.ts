// Applies the options of a term to its formula: weighted sums, chosen classes, joined images. A formula in, a formula out.

import { LosskitError } from "../errors.js";
import { type Axes, CLASS, IMAGE, INSTANCE, NONE, VOXEL } from "./axes.js";
import { type Graph, type Node, reachable, rebuild } from "./node.js";
import { ROUTINES } from "./operations.js";
import type { TermSettings } from "./options.js";

/** What about a call changes the formula itself, rather than the numbers that go into it. */
export interface CallStructure {
  readonly channels: number;
  readonly targetForm: "labels" | "channels";
  readonly ignores: boolean;
  readonly weighted: boolean;
}

/**
 * The loss of a term with its options: one number, or what reduction "none" and "voxels" leave.
 *
 * @param graph receives the result; the formula's own graph is only read
 * @param prefix of the term's parameters, so that terms of a sum do not share them
 * @param term its title, and whether the loss is 1 - score
 * @param onRebuilt called with what each node of the formula became
 * @throws LosskitError UNSUPPORTED, with the reason, where the loss cannot take an option
 */
export function applyOptions(
  graph: Graph,
  loss: Node,
  settings: TermSettings,
  structure: CallStructure,
  prefix: string,
  { title, score }: { readonly title: string; readonly score: boolean },
  onRebuilt: (became: ReadonlyMap<Node, Node>) => void = () => {},
): Node {
  const refuse = (option: string, reason: string): never => {
    throw new LosskitError("UNSUPPORTED", `${title} cannot take ${option}: ${reason}`);
  };
  const together = settings.images === "together" ? IMAGE : 0;
  const pooled = settings.joinClasses === "pooled" ? CLASS : 0;
  const perClass = structure.targetForm === "channels" && structure.ignores ? CLASS : 0;
  const valid = structure.ignores ? graph.input("valid", IMAGE | VOXEL | perClass) : graph.one;
  const weight = structure.ignores || structure.weighted ? graph.input("weight", IMAGE | VOXEL | perClass) : graph.one;

  /** Whether the target has a voxel of each class, or of any. */
  const isPresent = (over: Axes) =>
    graph.combine("lt", graph.zero, graph.total(VOXEL | together | over, graph.mul(valid, graph.input("y"))));
  const present = () => isPresent(NONE);
  const chosen =
    settings.classes === "all" || structure.channels === 1 ? graph.one : graph.parameter(`${prefix}:selected`, CLASS);
  const skips = settings.emptyMasks === "skip";
  const leavesOut = skips || settings.emptyMasks === "present";
  const selected = leavesOut && structure.channels > 1 ? graph.mul(chosen, present()) : chosen;
  const classWeight = settings.classWeights ? graph.parameter(`${prefix}:classWeights`, CLASS) : graph.one;
  const classFactor = graph.mul(selected, classWeight);
  const averages = settings.classWeighting === "average";
  let weightsUsed = false;

  const nodes = reachable([loss]);
  if (nodes.some((node) => node.op === "sumBy") && together) {
    refuse('images "together"', 'it numbers the objects of each image; use images "each"');
  }

  /** The largest or smallest of the values that count; 0 where none does, as the mean of nothing is. */
  function extremeWhere(kind: string, over: Axes, counts: Node, e: Node): Node {
    const op = kind === "max" ? "largest" : "smallest";
    if (counts === graph.one) return graph.extreme(op, over, e);
    const outside = graph.number(kind === "max" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY);
    const extreme = graph.extreme(op, over, graph.where(counts, e, outside));
    return graph.where(graph.total(over, counts), extreme, graph.zero);
  }

  function voxelReduction(kind: string, e: Node, joinsWeighted: boolean): Node {
    const over = VOXEL | together | (e.axes & CLASS ? pooled : 0);
    const pools = (over & CLASS) !== 0;
    if (kind === "max" || kind === "min") {
      const counts = graph.mul(graph.combine("lt", graph.zero, weight), pools ? selected : graph.one);
      return extremeWhere(kind, over, counts, e);
    }
    if (pools && settings.classWeights) weightsUsed = true;
    const factor = pools ? graph.mul(weight, classFactor) : weight;
    const sum = graph.total(over, graph.mul(factor, e));
    if (kind === "sum") return sum;
    const share = averages ? factor : pools ? graph.mul(weight, selected) : weight;
    const plain = graph.total(over, share);
    if (!joinsWeighted) return graph.div(sum, plain);
    const weighted = graph.total(over, graph.mul(share, targetWeight()));
    // A target that is of no class has no weight to divide by, and its smoothed labels have a loss all the same.
    return graph.div(sum, graph.where(weighted, weighted, plain));
  }

  /** Class weight of each voxel's target: what a weighted mean over voxels divides by (PyTorch's cross entropy). */
  const targetWeight = () => graph.total(CLASS, graph.mul(classWeight, graph.input("y")));

  function classReduction(kind: string, e: Node): Node {
    if (!(e.axes & CLASS)) return e;
    if (kind === "max" || kind === "min") {
      if (settings.classWeights) refuse("classWeights", `classes_${kind} picks one class, and a pick has no weight`);
      return extremeWhere(kind, CLASS, selected, e);
    }
    weightsUsed ||= settings.classWeights !== undefined;
    const sum = graph.total(CLASS, graph.mul(classFactor, e));
    return kind === "sum" ? sum : graph.div(sum, graph.total(CLASS, averages ? classFactor : selected));
  }

  function imageReduction(kind: string, e: Node): Node {
    if (!(e.axes & IMAGE)) return e;
    if (kind === "max" || kind === "min") return extremeWhere(kind, IMAGE, graph.one, e);
    const sum = graph.total(IMAGE, e);
    return kind === "sum" ? sum : graph.div(sum, graph.extent(IMAGE));
  }

  /** Objects differ in number between images and classes: the rows are as long as the longest, and `counts` says which exist. */
  function instanceReduction(kind: string, e: Node, id: Node): Node {
    const number = graph.extreme("largest", VOXEL, id);
    const counts = graph.combine("le", graph.instanceNumber(id), number);
    if (kind === "max" || kind === "min") return extremeWhere(kind, INSTANCE, counts, e);
    const sum = graph.total(INSTANCE, graph.where(counts, e, graph.zero));
    return kind === "sum" ? sum : graph.div(sum, number);
  }

  function routine(node: Node, args: readonly Node[]): Node {
    const signature = ROUTINES[node.name];
    if (structure.weighted && signature.weightsRefused)
      refuse("voxel weights", `${node.name}: ${signature.weightsRefused}`);
    if (signature.ignored === "background") {
      // The values of ignored voxels become 0, which to a mask is background.
      return graph.routine(node.name, [graph.mul(args[0], valid), ...args.slice(1)]);
    }
    return graph.routine(node.name, [...args, valid, selected], VOXEL | together | pooled);
  }

  const done = rebuild(graph, [loss], (node, args) => {
    switch (node.op) {
      case "parameter":
        return graph.parameter(prefix + node.name, node.axes);
      case "matmul":
        return graph.matmul(prefix + node.name, node.value === 1, args[0]);
      case "routine":
        return routine(node, args);
      case "sumBy":
        return graph.sumBy("totalBy", args[0], graph.mul(weight, args[1]));
      case "reduce":
        return reduction(node, args[0]);
      default:
        return undefined;
    }
  });

  onRebuilt(done);

  function reduction(node: Node, e: Node): Node {
    const signature = e.op === "routine" ? ROUTINES[e.name] : undefined;
    if (signature?.gives === "groups") {
      // The routine gives the weights that make its value a sum of its first argument.
      return graph.total(e.over, graph.mul(e.args[0], graph.stop(e)));
    }
    switch (node.over) {
      case VOXEL:
        return voxelReduction(node.name, e, averages && settings.classWeights !== undefined && joinsClasses(node));
      case CLASS:
        return classReduction(node.name, e);
      case IMAGE:
        return imageReduction(node.name, e);
      default:
        return instanceReduction(node.name, e, instanceNumbers(e));
    }
  }

  let joined = turned(done.get(loss) as Node);
  if (settings.reduction === "voxels") {
    const mean = meanOfVoxels(loss);
    if (!mean) return refuse('reduction "voxels"', "it is not a mean over voxels, so no voxel has a loss of its own");
    if (skips || settings.emptyMasks === "zero")
      refuse('reduction "voxels"', "it has no groups to look for empty masks in");
    const factors = mean.factors.map((factor) => done.get(factor) as Node);
    joined = [weight, ...factors].reduce(graph.mul, graph.mul(graph.number(mean.sign), done.get(mean.e) as Node));
  } else if (settings.emptyMasks === "zero" || (skips && structure.channels === 1 && together)) {
    // One mask that is all there is: left out, nothing remains, and the mean of nothing is 0 as well.
    if (structure.channels > 1 && !pooled && !(joined.axes & CLASS)) {
      refuse('emptyMasks "zero"', "its formula joins the classes itself");
    }
    joined = graph.where(isPresent(pooled), joined, graph.zero);
  }
  if (settings.reduction === "mean" || settings.reduction === "sum") {
    if (joined.axes & CLASS) {
      weightsUsed ||= settings.classWeights !== undefined;
      const sum = graph.total(CLASS, graph.mul(classFactor, joined));
      const share = averages ? classFactor : selected;
      joined = settings.joinClasses === "sum" ? sum : graph.div(sum, graph.total(CLASS, share));
    }
    joined = imagesJoined(settings.reduction, joined);
  }

  /** 1 - score as it is, or turned into -score or -log score. */
  function turned(value: Node): Node {
    if (settings.form === "complement") return value;
    if (!score) refuse(`form "${settings.form}"`, "it is not 1 - score with a score from 0 to 1");
    if (settings.form === "negative") return graph.sub(value, graph.one);
    // The logarithm of 1 - value keeps the digits of a small loss; a score of 0 counts as 1e-7, as in smp's log losses.
    const capped = graph.combine("min", value, graph.number(1 - 1e-7));
    return graph.neg(graph.apply("log1p", graph.neg(capped)));
  }

  /** The mean or sum over images; with emptyMasks "skip" over those that have a class that counts. */
  function imagesJoined(kind: string, e: Node): Node {
    if (!skips) return imageReduction(kind, e);
    const counts = present();
    if (!(e.axes & counts.axes & IMAGE)) return imageReduction(kind, e);
    const among = counts.axes & CLASS ? graph.extreme("largest", CLASS, graph.mul(chosen, counts)) : counts;
    const sum = graph.total(IMAGE, graph.mul(among, e));
    return kind === "sum" ? sum : graph.div(sum, graph.total(IMAGE, among));
  }
  if (settings.classWeights && !weightsUsed) {
    refuse("classWeights", "its formula joins the classes before a weight of theirs could count");
  }
  return joined;
}

/** Whether a mean over voxels is of something that joins the classes voxel by voxel. */
function joinsClasses({ args }: Node): boolean {
  return reachable(args).some(
    (node) => node.op === "reduce" && node.over === CLASS && (node.args[0].axes & VOXEL) !== 0,
  );
}

/** The numbering that the instances of a value belong to. */
function instanceNumbers(node: Node): Node {
  const sum = reachable([node]).find((candidate) => candidate.op === "totalBy") as Node;
  return sum.args[0];
}

/** What a formula is the mean of, where it is ± constants times a mean over voxels. */
function meanOfVoxels(loss: Node): { e: Node; sign: number; factors: readonly Node[] } | undefined {
  const constant = (node: Node) => node.op === "number" || (node.op === "parameter" && node.axes === NONE);
  let node = loss;
  let sign = 1;
  const factors: Node[] = [];
  for (;;) {
    if (node.op === "reduce" && node.name === "mean" && node.over === VOXEL) return { e: node.args[0], sign, factors };
    if (node.op === "neg") {
      sign = -sign;
      node = node.args[0];
    } else if (node.op === "mul" && constant(node.args[0])) {
      factors.push(node.args[0]);
      node = node.args[1];
    } else if (node.op === "mul" && constant(node.args[1])) {
      factors.push(node.args[1]);
      node = node.args[0];
    } else return undefined;
  }
}
