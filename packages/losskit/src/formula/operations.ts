// The functions a formula may call: how many arguments, what they vary over, and what ignored voxels mean to a routine.

import { type Axes, CLASS, IMAGE, INSTANCE, VOXEL } from "./axes.js";
import type { BinaryOp, Reduction, UnaryOp } from "./node.js";

/** One argument in, the same axes out. */
export const UNARY_FUNCTIONS: Readonly<Record<string, UnaryOp>> = {
  exp: "exp",
  log: "log",
  log1p: "log1p",
  expm1: "expm1",
  sqrt: "sqrt",
  abs: "abs",
  sign: "sign",
  sigmoid: "sigmoid",
  softplus: "softplus",
  tanh: "tanh",
};

/** Two arguments; `min` and `max` with one argument are reductions over voxels. */
export const BINARY_FUNCTIONS: Readonly<Record<string, BinaryOp>> = { pow: "pow", min: "min", max: "max" };

/** One argument in, one axis fewer out. */
export const REDUCTIONS: Readonly<Record<string, { readonly kind: Reduction; readonly over: Axes }>> = {
  sum: { kind: "sum", over: VOXEL },
  mean: { kind: "mean", over: VOXEL },
  max: { kind: "max", over: VOXEL },
  min: { kind: "min", over: VOXEL },
  classes_sum: { kind: "sum", over: CLASS },
  classes_mean: { kind: "mean", over: CLASS },
  classes_max: { kind: "max", over: CLASS },
  classes_min: { kind: "min", over: CLASS },
  images_sum: { kind: "sum", over: IMAGE },
  images_mean: { kind: "mean", over: IMAGE },
  images_max: { kind: "max", over: IMAGE },
  images_min: { kind: "min", over: IMAGE },
  instances_sum: { kind: "sum", over: INSTANCE },
  instances_mean: { kind: "mean", over: INSTANCE },
  instances_max: { kind: "max", over: INSTANCE },
  instances_min: { kind: "min", over: INSTANCE },
};

export interface RoutineSignature {
  /** Voxel arguments, then scalar ones. */
  readonly voxelArguments: readonly string[];
  readonly scalarArguments: readonly string[];
  /** What the formula gets: a value per voxel, or one per class and image. */
  readonly gives: "voxels" | "groups";
  /**
   * Where its gradient comes from: `none` (it is a constant to the gradient), `routine` (a vector-Jacobian product of
   * its own), or `weights` (it is a sum of its first argument with weights that are locally constant).
   */
  readonly gradient: "none" | "routine" | "weights";
  /** Whether its values number the instances that `sum_by` sums over, from 1. */
  readonly numbersInstances?: true;
  /** What an ignored voxel is to it. */
  readonly ignored: "removed" | "background";
  /** Why voxel weights are refused, for those that cannot take them. */
  readonly weightsRefused?: string;
  /** Why a soft target is refused. */
  readonly hardTarget?: string;
}

export const ROUTINES: Readonly<Record<string, RoutineSignature>> = {
  /** Lovász extension of the Jaccard loss of one class (Berman et al., CVPR 2018). */
  lovasz: {
    voxelArguments: ["errors", "y"],
    scalarArguments: [],
    gives: "groups",
    gradient: "weights",
    ignored: "removed",
    weightsRefused: "it ranks the voxels by error, and a rank has no weight",
    hardTarget: "the Lovász extension is defined for targets of 0 and 1",
  },
  /** Mean of the largest values, a fraction of all (TopK). */
  top_mean: {
    voxelArguments: ["e"],
    scalarArguments: ["fraction"],
    gives: "groups",
    gradient: "weights",
    ignored: "removed",
    weightsRefused: "it selects voxels by rank, and a rank has no weight",
  },
  /** Mean of the values from a threshold up, but of a fraction of all at the least (online hard example mining). */
  hard_mean: {
    voxelArguments: ["e"],
    scalarArguments: ["threshold", "fraction"],
    gives: "groups",
    gradient: "weights",
    ignored: "removed",
    weightsRefused: "it selects voxels by rank, and a rank has no weight",
  },
  /** Euclidean distance of every voxel to the mask, in the units of the spacing. */
  distance: {
    voxelArguments: ["mask"],
    scalarArguments: [],
    gives: "voxels",
    gradient: "none",
    ignored: "background",
  },
  /** Distance to the mask's border, negative inside (Kervadec et al., MIDL 2019). */
  signed_distance: {
    voxelArguments: ["mask"],
    scalarArguments: [],
    gives: "voxels",
    gradient: "none",
    ignored: "background",
  },
  /** 1 on the voxels of a mask that touch its outside. */
  border: {
    voxelArguments: ["mask"],
    scalarArguments: [],
    gives: "voxels",
    gradient: "none",
    ignored: "background",
  },
  /** Number of the connected component of each voxel of a mask, from 1; 0 outside the mask. */
  components: {
    voxelArguments: ["mask"],
    scalarArguments: [],
    gives: "voxels",
    gradient: "none",
    numbersInstances: true,
    ignored: "background",
  },
  /** Number of the connected component that each voxel is nearest to; 0 for an empty mask. */
  nearest_component: {
    voxelArguments: ["mask"],
    scalarArguments: [],
    gives: "voxels",
    gradient: "none",
    numbersInstances: true,
    ignored: "background",
  },
  /** 1 on the lines, a voxel wide, that a mask is thinned to without changing its topology. */
  skeleton: {
    voxelArguments: ["mask"],
    scalarArguments: [],
    gives: "voxels",
    gradient: "none",
    ignored: "background",
  },
  /** A mask grown by a number of steps to voxels that share a face. */
  dilation: {
    voxelArguments: ["mask"],
    scalarArguments: ["iterations"],
    gives: "voxels",
    gradient: "none",
    ignored: "background",
  },
  /** Soft skeleton by iterated erosion and opening (clDice, Shit et al., CVPR 2021). */
  soft_skeleton: {
    voxelArguments: ["e"],
    scalarArguments: ["iterations"],
    gives: "voxels",
    gradient: "routine",
    ignored: "background",
  },
  /** Sum of iterated soft erosions, weighted with a power of their number (Karimi and Salcudean, IEEE TMI 2019). */
  soft_erosions: {
    voxelArguments: ["e"],
    scalarArguments: ["iterations", "exponent"],
    gives: "voxels",
    gradient: "routine",
    ignored: "background",
  },
  /** Squared length of the spatial gradient, by forward differences over the spacing. */
  squared_gradient: {
    voxelArguments: ["e"],
    scalarArguments: [],
    gives: "voxels",
    gradient: "routine",
    ignored: "background",
  },
  /** Sum over the axes of the absolute forward differences over the spacing: anisotropic total variation. */
  absolute_gradient: {
    voxelArguments: ["e"],
    scalarArguments: [],
    gives: "voxels",
    gradient: "routine",
    ignored: "background",
  },
  /** Mean over the box of 3 voxels along each axis, with zeros beyond the edge. */
  neighbour_mean: {
    voxelArguments: ["e"],
    scalarArguments: [],
    gives: "voxels",
    gradient: "routine",
    ignored: "background",
  },
  /** Mean with the weights of a Gaussian, its standard deviation in voxels, with zeros beyond the edge. */
  gaussian_mean: {
    voxelArguments: ["e"],
    scalarArguments: ["sigma"],
    gives: "voxels",
    gradient: "routine",
    ignored: "background",
  },
};

/** The calls that number instances, as a message lists them. */
export const INSTANCE_NUMBERINGS = Object.keys(ROUTINES)
  .filter((name) => ROUTINES[name].numbersInstances)
  .map((name) => `${name}(…)`)
  .join(" or ");

/** Functions that the checker reads one by one, with what their arguments are. */
export const SPECIAL_FUNCTIONS: Readonly<Record<string, readonly string[]>> = {
  where: ["condition", "a", "b"],
  clamp: ["e", "low", "high"],
  constant: ["e"],
  sum_by: ["components", "e"],
  matmul: ["matrix", "e"],
};

export const FUNCTION_NAMES: readonly string[] = [
  ...new Set([
    ...Object.keys(UNARY_FUNCTIONS),
    ...Object.keys(BINARY_FUNCTIONS),
    ...Object.keys(REDUCTIONS),
    ...Object.keys(ROUTINES),
    ...Object.keys(SPECIAL_FUNCTIONS),
  ]),
];
