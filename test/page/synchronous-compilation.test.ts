// Every listed loss runs on a page's main thread as it is: none of its kernels is too large to be compiled at once.

import {
  type Activation,
  type CallOptions,
  type Loss,
  type LossFactory,
  LosskitError,
  type Target,
  type TermArguments,
} from "losskit";
import { allLosses } from "losskit/losses";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

/** Bytes above which the strictest browsers refuse to compile at once on a page's main thread. */
const LIMIT = 4096;

/** Two vectors of 16 voxels and a rest, so that the kernels for both are made. */
const VOXELS = 40;

/** Up to 4 classes are written out in a kernel, more are a loop in it. */
const HEADS: readonly { readonly channels: number; readonly activation: Activation }[] = [
  { channels: 1, activation: "sigmoid" },
  { channels: 1, activation: "none" },
  { channels: 4, activation: "softmax" },
  { channels: 4, activation: "sigmoid" },
  { channels: 4, activation: "none" },
  { channels: 5, activation: "softmax" },
  { channels: 5, activation: "sigmoid" },
];

/** Beside the defaults; each adds to the kernels. */
const TERM_OPTIONS: readonly TermArguments[] = [
  { classes: "present" },
  { images: "each" },
  { joinClasses: "pooled" },
  { reduction: "voxels" },
];

/** Sizes of the modules that were compiled. */
const sizes: number[] = [];
const { Module } = WebAssembly;

beforeEach(() => {
  sizes.length = 0;
  vi.spyOn(WebAssembly, "Module").mockImplementation(
    class extends Module {
      constructor(bytes: BufferSource) {
        super(bytes);
        sizes.push(bytes.byteLength);
      }
    } as typeof Module,
  );
});
afterEach(() => vi.restoreAllMocks());

interface Case {
  readonly loss: Loss;
  readonly logits: Float32Array;
  readonly target: Target;
  readonly options: CallOptions;
}

/** The loss with every head, every form of target, with and without what a call can add, and every option of the term with all of that. */
function casesOf(factory: LossFactory): Case[] {
  return HEADS.flatMap(({ channels, activation }) => {
    if (factory().refusal({ channels, activation })) return [];
    const logits = new Float32Array(VOXELS * channels).fill(0.5);
    const fields = factory.definition.fields && { fields: { image: new Float32Array(VOXELS) } };
    const plain: CallOptions = { shape: [1, channels, VOXELS], activation, ...fields };
    const soft = new Float32Array(VOXELS * channels);
    const full = { ...plain, weights: new Float32Array(VOXELS).fill(1) };
    const targets = [
      { target: new Uint8Array(VOXELS), ignore: 255 },
      { target: new Int32Array(VOXELS), ignore: -100 },
      { target: soft, ignore: -1 },
    ];
    return [
      ...targets.flatMap(({ target, ignore }) =>
        [plain, { ...full, ignore }].map((options) => ({ loss: factory(), logits, target, options })),
      ),
      ...[...TERM_OPTIONS, { classWeights: Array(channels).fill(0.5) }].map((termOptions) => ({
        loss: factory(termOptions),
        logits,
        target: soft,
        options: { ...full, ignore: -1 },
      })),
    ];
  });
}

describe.each(allLosses.map((factory) => ({ name: factory.definition.name, factory })))("$name", ({ factory }) => {
  it("compiles at once", () => {
    let compiled = 0;
    for (const { loss, logits, target, options } of casesOf(factory)) {
      try {
        loss.valueAndGradient(logits, target, options);
        loss.value(logits, target, options);
      } catch (error) {
        // Some options no backend takes with some losses, such as weights of voxels that are ranked.
        if (!(error instanceof LosskitError) || error.code !== "UNSUPPORTED") throw error;
      }
      const largest = Math.max(0, ...sizes.splice(0));
      const what = { ...options, weights: options.weights !== undefined, target: target.constructor.name };
      expect(largest, JSON.stringify([what, loss.terms[0].options])).toBeLessThan(LIMIT);
      compiled += Number(largest > 0);
    }
    expect(compiled).toBeGreaterThan(0);
  });
});
