// What a loss is to those who use it: facts about it, and the functions that give its value and gradient.

import type { Coefficients, PartialSums } from "../backends/stream.js";
import type { Plan } from "../compiler/plan.js";
import type { Activation, CallOptions, FloatArray, ParameterValue, Target, TermOptions } from "../formula/options.js";
import type { ConventionName } from "./conventions.js";

export type Family = "distribution" | "region" | "boundary" | "compound" | "topology";

/** One parameter of a loss. Its symbol is its name in the formula. */
export interface ParameterDefinition {
  readonly symbol: string;
  readonly default: number;
  /** The parameter whose value is the default in place of `default`. */
  readonly sameAs?: string;
  /** "matrix" for one number per pair of classes; a single number is then that of every pair of different classes. */
  readonly kind?: "number" | "matrix";
  /** Bounds of the number, or of every number of a matrix. */
  readonly min?: number;
  readonly max?: number;
  /** True for a count. */
  readonly whole?: boolean;
  /** What a person turns with it. */
  readonly meaning: string;
}

/** A form in circulation that differs from the paper: of which loss, whose it is, and the difference in one sentence. */
export interface Erratum {
  /** Name of the loss that is the paper's form. */
  readonly of: string;
  readonly source: string;
  readonly difference: string;
}

/** Libraries that losskit compares itself with. */
export const LIBRARIES = ["monai", "smp", "nnunet", "segloss", "kornia", "keras", "optax"] as const;
export type Library = (typeof LIBRARIES)[number];

/** The same loss in another library. */
export interface Counterpart {
  /** Its name there, with the arguments that make it equal to ours under the conventions of that library. */
  readonly name: string;
  /** Where no arguments make it equal: the difference, in one sentence. */
  readonly differs?: string;
}

/**
 * Values at the default parameters that tell forms in circulation apart: one channel, 4 × 5 voxels, logits of ±40 but where `half` says; with a
 * loss that needs several channels, two channels and a softmax. Null where it grows with the logits or depends on the size.
 */
export interface Values {
  /** A prediction that is right everywhere, half of the voxels foreground. */
  readonly perfect: number | null;
  /** One that is wrong everywhere. */
  readonly inverted: number | null;
  /** An empty mask, predicted empty. */
  readonly empty: number | null;
  /** An empty mask, all of it predicted foreground. */
  readonly falseAlarm: number | null;
  /** Foreground everywhere, every probability 1/2: tells plain sums (1/3 for Dice) from squared ones (1/5). */
  readonly half: number | null;
}

/** Everything losskit knows of a loss; its name, formula and facts are all that a new loss needs. */
export interface LossDefinition {
  /** Name on the command line and in tables, lower case with hyphens. */
  readonly name: string;
  readonly title: string;
  readonly family: Family;
  /** By the name that a factory takes. */
  readonly parameters: Readonly<Record<string, ParameterDefinition>>;
  readonly formula: string;
  /** Arrays that a call must supply, by the name in the formula. */
  readonly fields?: Readonly<Record<string, "voxel" | "class-voxel">>;
  /** Activations the loss makes sense with; all where absent. */
  readonly activations?: readonly Activation[];
  /** True for a loss that compares channels with one another, which one channel cannot be. */
  readonly severalChannels?: boolean;
  /** Options of the term that the paper sets differently from the library's defaults. */
  readonly options?: TermOptions;
  /** Smallest and largest value over all inputs at the default parameters, with one channel where the loss takes one; null is unbounded. */
  readonly range: readonly [number | null, number | null];
  readonly values?: Values;
  /** What each weighting parameter weighs: raising it raises the cost of that, and of nothing else. */
  readonly weighs?: Readonly<Record<string, "false positives" | "false negatives" | "foreground" | "background">>;
  /** Equalities with other losses, which the tests check on random inputs. */
  readonly identities: readonly Identity[];
  /** The loss in other libraries. */
  readonly elsewhere?: Readonly<Partial<Record<Library, Counterpart>>>;
  /** When to use it and when not, in two sentences. */
  readonly use: string;
  /** Keys of references.ts. */
  readonly references: readonly string[];
  /** Set where the loss itself is a form in circulation that differs from the paper. */
  readonly erratum?: Erratum;
}

/** With `parameters` and `options` the loss is the weighted sum of other losses plus `offset`, on every input. */
export interface Identity {
  readonly parameters: Readonly<Record<string, number>>;
  readonly options?: TermOptions;
  readonly equals: readonly {
    readonly weight: number;
    readonly loss: string;
    readonly parameters: Readonly<Record<string, number>>;
    readonly options?: TermOptions;
  }[];
  readonly offset?: number;
}

/** Parameters and options of one term, as a factory takes them, and whose conventions the others follow. */
export type TermArguments = Readonly<Record<string, unknown>> & TermOptions & { readonly conventions?: ConventionName };

/** One term of a loss: a definition with its weight, parameters and options. */
export interface LossTerm {
  readonly definition: LossDefinition;
  readonly weight: number;
  /** Values by parameter name, defaults filled in. */
  readonly parameters: Readonly<Record<string, ParameterValue>>;
  readonly options: TermOptions;
}

export interface LossResult<A extends FloatArray = FloatArray> {
  /** The loss; with reduction "none" or "voxels" the sum of `values`. */
  readonly value: number;
  /** One number, or with reduction "none" and "voxels" what is left, row-major over `valuesShape`. */
  readonly values: Float64Array;
  readonly valuesShape: readonly number[];
  /** d value / d logits (or probabilities, with activation "none"), in the shape and type of the logits. */
  readonly gradient: A;
  /** Which backend computed it. */
  readonly backend: "reference" | "wasm";
}

/** A piece of one image that is too large to be held at once, or is spread over processes. */
export interface VolumeChunk extends Omit<CallOptions, "shape" | "layout" | "spacing" | "backend" | "gradient"> {
  /** `[channels, voxels]`. */
  readonly logits: Float32Array;
  /** A label map `[voxels]`, or `[channels, voxels]`; weights and fields likewise. */
  readonly target: Target;
  /** Default 1. */
  readonly channels?: number;
  /** First voxel in the volume: a multiple of 65,536, as is the length of every chunk but the last. */
  readonly offset: number;
  /** Where the gradient is written, in place of a new array. */
  readonly gradient?: Float32Array;
}

export interface VolumeResult {
  readonly value: number;
  readonly values: Float64Array;
  readonly valuesShape: readonly number[];
  /** For the gradient of every chunk; plain data. */
  readonly coefficients: Coefficients;
}

export interface Loss {
  readonly terms: readonly LossTerm[];
  /** Of a loss that has a name of its own: a compound's is not that of its terms. A sum made by `add` has none. */
  readonly definition?: LossDefinition;
  /**
   * Sums of a chunk of a volume: plain data of a few hundred bytes per 65,536 voxels. `mergeSums` joins those of all chunks, `finish` gives the value, and
   * `gradient` the gradient of a chunk: bit for bit what one call on the whole volume would give, however it is cut.
   *
   * @throws LosskitError UNSUPPORTED for losses that look at an image as a whole (sort, distance, skeleton, components); STREAM for an
   * offset that is not a multiple of 65,536; and as `value` does
   */
  sums(chunk: VolumeChunk): PartialSums;
  /** @throws LosskitError STREAM where chunks are missing or belong to another loss; NOT_FINITE */
  finish(sums: PartialSums): VolumeResult;
  /** Gradient of the whole volume's loss along the logits of a chunk. */
  gradient(chunk: VolumeChunk, coefficients: Coefficients): Float32Array;
  /**
   * Value of the loss.
   *
   * @throws LosskitError SHAPE, ARRAY, OPTION, UNSUPPORTED, NOT_FINITE, PROBABILITY_RANGE, TARGET_RANGE or LABEL.
   */
  value(logits: FloatArray, target: Target, options: CallOptions): number;
  /** Value and gradient; throws as `value` does. */
  valueAndGradient<A extends FloatArray>(logits: A, target: Target, options: CallOptions): LossResult<A>;
  /**
   * The same without holding up a page: threads work while its own thread goes on, and kernels are compiled apart. The arrays must not
   * change until it is done.
   */
  valueAndGradientAsync<A extends FloatArray>(logits: A, target: Target, options: CallOptions): Promise<LossResult<A>>;
  /**
   * Compiles the kernels for calls like this one without holding up the caller. Needed only on a page's main thread, for sums of losses whose
   * kernels are larger than a browser compiles at once.
   */
  prepare(logits: FloatArray, target: Target, options: CallOptions): Promise<void>;
  /**
   * What the WebAssembly backend does for such a call with its gradient, as data.
   *
   * @throws LosskitError UNSUPPORTED where only the reference backend can compute the loss
   */
  plan(logits: FloatArray, target: Target, options: CallOptions): Plan;
  /** Why the loss cannot be trained with such a head; undefined where it can. */
  refusal(head: { readonly channels: number; readonly activation: Activation }): string | undefined;
}

/** Makes a loss from parameters and options of the term; carries the definition. */
export interface LossFactory {
  (settings?: TermArguments): Loss;
  readonly definition: LossDefinition;
}
