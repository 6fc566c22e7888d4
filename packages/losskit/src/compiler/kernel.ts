// What a pass over the voxels is to a machine: values in 4 lanes, grouped into stages, with everything they read and write. Plain data.

/** Where a kernel reads or writes one number per voxel, or per channel and voxel. */
export interface KernelArray {
  /**
   * "logits", "target", "weights", "field NAME", "gradient", "values"; "stored N" for what routine or gather N gives, and "stored N argument I" for
   * what routine or sum by object N takes.
   */
  readonly name: string;
  /** Whether each class has its own stretch of it. */
  readonly perClass: boolean;
  /** Where the classes are written out: the class whose stretch it is. */
  readonly class?: number;
  /** Elements: numbers, or labels that are only compared. */
  readonly type: "float32" | "uint8" | "int32";
  readonly access: "read" | "write" | "read and write";
}

/** A number that is the same for all voxels of an image (and, per class, for one class of it). */
export interface KernelConstant {
  /** Id of the graph's node, or "ignore": the label of voxels that do not count. */
  readonly source: number | "ignore";
  readonly perClass: boolean;
  readonly class?: number;
  /**
   * Of a matmul node: elements of the row of its matrix that belongs to the class, as a list of columns. A list of several holds several numbers,
   * side by side.
   */
  readonly columns?: readonly number[];
}

export type LeafOp =
  | "number"
  | "constant"
  | "load"
  /** Masks: whether a label is the class of the round, is the number that is its argument, or marks an ignored voxel. */
  | "isClass"
  | "isLabel"
  | "isIgnored";
export type FloatOp =
  | "add"
  | "sub"
  | "mul"
  /** a / b. */
  | "div"
  | "min"
  | "max"
  | "neg"
  | "abs"
  | "sqrt"
  | "exp"
  /** exp(a) of an a ≤ 0, with a taken as at least -64: below 1.6e-28 nothing is left to add, and subnormal numbers are slow. */
  | "expNegative"
  /** exp(a - b) of an a ≤ b, where the difference itself would round; as expNegative below -64. */
  | "expDifference"
  /** sigmoid(a) of an a ≤ 0, taken as at least -64 for the same reason. */
  | "sigmoidNegative"
  /** The same with fewer roundings. */
  | "preciseSigmoidNegative"
  /** log(1 + a) of -½ ≤ a ≤ 1. */
  | "log1pUnit"
  /** log(1 + a) of a ≥ 0. */
  | "log1pPositive"
  | "log"
  | "log1p"
  | "expm1"
  /** a^b for a ≥ 0. */
  | "pow"
  /** a, which is not negative, with the sign of b. */
  | "copySign";
export type MaskOp = "lt" | "le" | "eq" | "not" | "and";
export type MixedOp =
  /** 1 where the mask is set, 0 elsewhere. */
  | "asFloat"
  /** The value where the mask is set, 0 elsewhere. */
  | "keep"
  | "select";

export type ClassOp =
  /** Sum or largest over the classes: one for all of them. */
  | "overClasses"
  /** Of each class the sum over the other ones, or the largest of them; only where the classes are to be written out. */
  | "otherClasses"
  /** Of each class the sum over all of them, each times its element of a row of a matrix: M v. What it is of lies in a row. */
  | "matmul";

export interface KernelValue {
  readonly id: number;
  readonly op: LeafOp | FloatOp | MaskOp | MixedOp | ClassOp;
  readonly args: readonly KernelValue[];
  /**
   * Of a number its value; of a constant or load its slot, and of a matmul that of the constant with its matrix; where classes are joined 1 for the
   * largest and 0 for the sum.
   */
  readonly data: number;
  /** Whether it differs between classes. */
  readonly perClass: boolean;
  /** Whether it is the same for all voxels of an image (and class). */
  readonly uniform: boolean;
  /** Whether its lanes are all ones or all zeros instead of numbers. */
  readonly mask: boolean;
  /** How many rounds over the classes must be over before it can be had. */
  readonly level: number;
}

export type Effect =
  /** Keeps a value for a later stage of the same tile. */
  | { readonly kind: "row"; readonly row: number; readonly value: KernelValue }
  /** Adds a value up over the classes, or keeps the largest. */
  | { readonly kind: "overClasses"; readonly row: number; readonly how: "add" | "max"; readonly value: KernelValue }
  /** Adds a value up over the voxels, or keeps the largest or smallest. */
  | { readonly kind: "sum"; readonly sum: number; readonly value: KernelValue }
  /** Adds `factor` × log(1 + value) to a sum: within a tile as one logarithm of a product. */
  | { readonly kind: "product"; readonly sum: number; readonly value: KernelValue; readonly factor: KernelValue }
  | { readonly kind: "write"; readonly array: number; readonly value: KernelValue }
  /** Keeps the largest bits, read as an unsigned integer, of what an array holds: what may not be there has larger ones. */
  | { readonly kind: "check"; readonly check: number; readonly array: number };

/** One loop over the voxels of a tile; a stage per class runs once for each of them. */
export interface Stage {
  readonly perClass: boolean;
  readonly effects: readonly Effect[];
}

export interface KernelSum {
  /** Id of the graph's reduction. */
  readonly node: number;
  readonly perClass: boolean;
  readonly class?: number;
  readonly how: "total" | "largest" | "smallest";
}

/** A limit on what an array may hold, on the bits of its elements as unsigned integers. */
export interface KernelCheck {
  readonly array: number;
  /** Signed numbers are checked without their sign. */
  readonly withoutSign: boolean;
  /** Largest bits allowed; "classes" for labels below the number of classes (0 or 1 with one channel). */
  readonly limit: number | "classes";
}

export interface Kernel {
  readonly arrays: readonly KernelArray[];
  readonly constants: readonly KernelConstant[];
  readonly sums: readonly KernelSum[];
  readonly checks: readonly KernelCheck[];
  /** Rows of a tile, kept between stages; one per class where `true`. */
  readonly rows: readonly boolean[];
  /** Which row a value lies in once a stage is over, by the value's id; a stage before that computes it for itself. */
  readonly kept: ReadonlyMap<number, { readonly row: number; readonly afterStage: number }>;
  readonly stages: readonly Stage[];
}

/** Whether a stage reads a value from the row where an earlier one has left it. */
export function isReadFromRow({ kept }: Pick<Kernel, "kept">, { id }: KernelValue, stage: number): boolean {
  const held = kept.get(id);
  return held !== undefined && held.afterStage < stage;
}

/** Voxels of a tile: a row of floats takes 1 KiB, so a few dozen stay in the first-level cache. */
export const TILE = 256;

/** Voxels of a chunk: each leaves one float64 partial per sum, and partials are added in their order. */
export const CHUNK = 65536;
