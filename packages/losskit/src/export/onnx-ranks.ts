// The routines that rank voxels, as ONNX operators: one sort of each group, and the weights of its ranks put back to the voxels.

import { CLASS, IMAGE, VOXEL } from "../formula/axes.js";
import type { Node } from "../formula/node.js";
import { type Builder, createOperators, type Tensor } from "./onnx-builder.js";
import type { Extents } from "./onnx-extents.js";

/** The last axis of a tensor of groups: the voxels that are ranked together. */
const RANKED = 2;

/** A group's voxels from the largest error to the smallest. */
interface Ranking {
  readonly errors: Tensor;
  /** 1 where a voxel counts: those that do not come last. In float64, as all that is counted. */
  readonly counts: Tensor;
  /** 1 where something holds for a voxel, in the same order. */
  readonly ranked: (truth: Tensor) => Tensor;
}

/** What a routine that ranks voxels reads. */
export interface RankArguments {
  /** Errors, and perhaps a target: float32 for each voxel. */
  readonly voxels: readonly Tensor[];
  /** Numbers of float64. */
  readonly scalars: readonly Tensor[];
  /** Whether a voxel counts: truth values. */
  readonly counts: Tensor;
}

/**
 * The weight of each voxel, such that the routine's value is the sum of weight × first argument. Of equal values the first one goes first, as TopK
 * promises.
 */
export function rankWeights(node: Node, args: RankArguments, builder: Builder, extents: Extents): Tensor {
  const on = createOperators(builder);
  const { toGroups, fromGroups } = grouping(node, builder, extents);
  const [values] = args.voxels;
  const errors = toGroups(on.where(args.counts, values, builder.number(Number.NEGATIVE_INFINITY)));
  const all = on.slice(on.shape(errors), RANKED, RANKED + 1, 0);
  const [sorted, order] = builder.nodeWith("TopK", [errors, all], 2, { axis: { int: RANKED } });
  const ranked = (truth: Tensor) => {
    const inGroups = toGroups(builder.cast(truth, "float64"));
    return builder.node("GatherElements", [inGroups, order], { axis: { int: RANKED } });
  };
  const ranking = { errors: sorted, counts: ranked(args.counts), ranked };
  const weights = on.mul(ranking.counts, weightsOf(node.name, args, ranking, builder));
  // Every place is written, so what is written to does not matter.
  const scattered = builder.node("ScatterElements", [errors, order, builder.cast(weights, "float32")], {
    axis: { int: RANKED },
  });
  return fromGroups(scattered);
}

function weightsOf(routine: string, { voxels, scalars }: RankArguments, ranking: Ranking, builder: Builder): Tensor {
  const on = createOperators(builder);
  const { counts, errors } = ranking;
  if (routine === "lovasz") {
    return lovaszWeights(counts, ranking.ranked(on.greater(voxels[1], builder.number(0.5))), builder);
  }
  const top = topCount(on.sum(counts, [RANKED]), scalars.at(-1) as Tensor, builder);
  if (routine === "top_mean") return firstOnes(top, errors, builder);
  const hard = builder.cast(on.greaterOrEqual(builder.cast(errors, "float64"), scalars[0]), "float64");
  return firstOnes(on.max(on.sum(on.mul(hard, counts), [RANKED]), top), errors, builder);
}

/**
 * What the Jaccard loss grows by when a voxel is marked wrong after all voxels of larger error (routines/lovasz.ts): 1 / union on a voxel of the
 * class, kept / (union (union + 1)) on another.
 */
function lovaszWeights(counts: Tensor, inClass: Tensor, builder: Builder): Tensor {
  const on = createOperators(builder);
  const [zero, one] = [0, 1].map((number) => builder.number(number, "float64"));
  const ofClass = on.mul(counts, inClass);
  const ofOthers = on.sub(counts, ofClass);
  const before = (a: Tensor) =>
    builder.node("CumSum", [a, builder.constant("int64", [], [RANKED])], { exclusive: { int: 1 } });
  const positives = on.sum(ofClass, [RANKED]);
  const kept = on.sub(positives, before(ofClass));
  const union = on.add(positives, before(ofOthers));
  // Where nothing is of the class the first wrong voxel makes the loss 1, and the others nothing.
  const growth = on.where(on.equal(union, zero), one, on.div(kept, on.mul(on.max(union, one), on.add(union, one))));
  return on.where(on.greater(ofClass, zero), on.div(one, on.max(union, one)), growth);
}

/**
 * max(1, ⌊fraction × values⌋), and 0 of none; routines/top-mean.ts says why the product is taken a little larger. The part is added, as ONNX
 * Runtime takes a factor that is 1 in float32 for 1.
 */
function topCount(values: Tensor, fraction: Tensor, builder: Builder): Tensor {
  const on = createOperators(builder);
  const number = (value: number) => builder.number(value, "float64");
  const product = on.mul(fraction, values);
  const meant = on.add(product, on.mul(product, number(2 * Number.EPSILON)));
  return on.min(values, on.max(number(1), on.floor(meant)));
}

/** 1 / k on the first k of each group. */
function firstOnes(k: Tensor, errors: Tensor, builder: Builder): Tensor {
  const on = createOperators(builder);
  const [zero, one] = [0, 1].map((number) => builder.number(number, "float64"));
  const place = builder.cast(on.range(on.element(on.shape(errors), RANKED)), "float64");
  return on.where(on.less(place, k), on.div(one, on.max(k, one)), zero);
}

/** From [images, classes, voxels] to [groups, groups, voxels of a group] and back. */
function grouping({ axes, over }: Node, builder: Builder, extents: Extents) {
  const on = createOperators(builder);
  const { integers } = builder;
  const all = IMAGE | VOXEL | (axes & CLASS);
  const joined = over & (IMAGE | (axes & CLASS));
  const spread = (a: Tensor) => extents.spread(a, all);
  const swapped = (a: Tensor) => builder.node("Transpose", [a], { perm: { ints: [1, 0, 2] } });
  if (joined === 0) return { toGroups: spread, fromGroups: (a: Tensor) => a };
  if (joined === IMAGE) {
    // Voxels of one class in all images lie side by side once the classes come first.
    return {
      toGroups: (a: Tensor) => on.reshape(swapped(spread(a)), integers(0, 1, -1)),
      fromGroups: (a: Tensor) =>
        swapped(on.reshape(a, on.concat([classesOf(axes, builder, extents), extents.images, extents.voxels], 0))),
    };
  }
  const groups = joined === CLASS ? integers(0, 1, -1) : integers(1, 1, -1);
  return {
    toGroups: (a: Tensor) => on.reshape(spread(a), groups),
    fromGroups: (a: Tensor) => extents.fromGrids(a, all),
  };
}

const classesOf = (axes: number, { integers }: Builder, { channels }: Extents) => integers(axes & CLASS ? channels : 1);
