// What an array may not hold is found by the kernels while they read it, and gives the error that the reference gives, word for word.

import { describe, expect, it } from "vitest";
import { reservedBytes } from "../../src/backends/wasm/memory.js";
import { LosskitError } from "../../src/errors.js";
import type { CallOptions, Target } from "../../src/formula/options.js";
import { add, bce, bceDice, ce, dice, lossFromFormula, lovaszSoftmax } from "../../src/index.js";
import type { Loss } from "../../src/losses/loss.js";
import { inLibraryMemory, sameBits, wasmCall } from "./conformance-calls.js";

function errorOf(run: () => unknown): LosskitError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(LosskitError);
    return error as LosskitError;
  }
  throw new Error("nothing was thrown");
}

interface BadCall {
  readonly what: string;
  readonly code: string;
  readonly loss?: Loss;
  readonly channels?: number;
  readonly activation?: CallOptions["activation"];
  /** Spoils a sound call at one place. */
  readonly spoil: (call: {
    readonly logits: Float32Array;
    readonly labels: Int32Array;
    readonly weights: Float32Array;
    readonly at: number;
  }) => { target?: Target; options?: Partial<CallOptions> } | undefined;
}

const nothing = undefined;
const BAD: readonly BadCall[] = [
  ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map((value) => ({
    what: `logits with ${value}`,
    code: "NOT_FINITE",
    spoil: ({ logits, at }: { logits: Float32Array; at: number }) => {
      logits[at] = value;
      return nothing;
    },
  })),
  ...[1.5, -0.25, Number.NaN].map((value) => ({
    what: `probabilities with ${value}`,
    code: Number.isNaN(value) ? "NOT_FINITE" : "PROBABILITY_RANGE",
    activation: "none" as const,
    spoil: ({ logits, at }: { logits: Float32Array; at: number }) => {
      logits.forEach((x, i) => {
        logits[i] = 1 / (1 + Math.exp(-x));
      });
      logits[at] = value;
      return nothing;
    },
  })),
  ...[2, 7, -1, 255].flatMap((label) =>
    [1, 3, 6].map((channels) => ({
      what: `the label ${label} for ${channels} channels`,
      code: label < channels && label >= 0 && channels > 1 ? "" : "LABEL",
      channels,
      spoil: ({ labels, at }: { labels: Int32Array; at: number }) => {
        labels[at] = label;
        return nothing;
      },
    })),
  ),
  {
    what: "a byte label out of range",
    code: "LABEL",
    spoil: ({ labels, at }) => {
      labels[at] = 9;
      return { target: Uint8Array.from(labels) };
    },
  },
  {
    what: "a label out of range beside an ignored one",
    code: "LABEL",
    spoil: ({ labels, at }) => {
      labels[0] = 255;
      labels[at] = 254;
      return { target: Uint8Array.from(labels), options: { ignore: 255 } };
    },
  },
  ...[-1e-6, 1.0001, Number.NaN, 255].map((value) => ({
    what: `a soft target with ${value}`,
    code: "TARGET_RANGE",
    spoil: ({ labels, at }: { labels: Int32Array; at: number }) => {
      const target = Float32Array.from(labels);
      target[at] = value;
      return { target };
    },
  })),
  ...[-1, Number.NaN, Number.POSITIVE_INFINITY].map((value) => ({
    what: `weights with ${value}`,
    code: "NOT_FINITE",
    spoil: ({ weights, at }: { weights: Float32Array; at: number }) => {
      weights[at] = value;
      return { options: { weights } };
    },
  })),
  {
    what: "a field with NaN",
    code: "NOT_FINITE",
    loss: lossFromFormula("mean(depth * p * y)", { fields: { depth: "voxel" } }),
    spoil: ({ weights, at }) => {
      weights[at] = Number.NaN;
      return { options: { fields: { depth: weights } } };
    },
  },
  {
    what: "logits with NaN where the loss reads them only in the gradient",
    code: "NOT_FINITE",
    loss: lossFromFormula("sum(y)"),
    spoil: ({ logits, at }) => {
      logits[at] = Number.NaN;
      return nothing;
    },
  },
  {
    what: "a formula that is not finite",
    code: "NOT_FINITE",
    loss: lossFromFormula("log(sum(y) - 1000000)"),
    spoil: () => nothing,
  },
];

const LENGTHS = [1, 17, 300, 70_000];

describe("values that an array may not hold", () => {
  it.each(BAD.filter(({ code }) => code !== ""))("$what: $code", ({ loss, channels = 1, activation, spoil, code }) => {
    const bad = loss ?? (channels > 1 ? add(dice(), ce()) : activation === "none" ? bce() : bceDice());
    const head = { channels, activation: activation ?? (channels > 1 ? "softmax" : "sigmoid") } as const;
    for (const voxels of LENGTHS) {
      for (const at of new Set([0, voxels >> 1, voxels - 1])) {
        const call = wasmCall(31, { ...head, activation: channels > 1 ? "softmax" : "sigmoid" }, voxels);
        const labels = Int32Array.from(call.target);
        const weights = new Float32Array(voxels).fill(1);
        const changes = spoil({ logits: call.logits, labels, weights, at });
        const target = changes?.target ?? labels;
        const options = { ...call.options, activation: head.activation, ...changes?.options };
        const run = (backend: "wasm" | "reference") => () =>
          bad.valueAndGradient(call.logits, target, { ...options, backend });
        const error = errorOf(run("wasm"));
        const expected = errorOf(run("reference"));
        expect([error.code, error.message]).toEqual([expected.code, expected.message]);
        expect(error.code).toBe(code);
      }
    }
  });
});

describe("after an error", () => {
  const { logits, target, options } = wasmCall(32, { channels: 1, activation: "sigmoid" }, 70_000);
  const before = bceDice().valueAndGradient(logits, target, { ...options, backend: "wasm" });

  it("nothing stays reserved and the next call gives what it gave before", () => {
    const held = reservedBytes();
    for (const { loss = bceDice(), channels = 1, activation, spoil, code } of BAD) {
      if (channels > 1 || code === "") continue;
      const x = logits.slice();
      const weights = new Float32Array(target.length).fill(1);
      const labels = Int32Array.from(target);
      const changes = spoil({ logits: x, labels, weights, at: 5 });
      const wrong = activation === "none" ? bce() : loss;
      errorOf(() =>
        wrong.valueAndGradient(x, changes?.target ?? labels, {
          ...options,
          activation,
          ...changes?.options,
          backend: "wasm",
        }),
      );
      expect(reservedBytes()).toBe(held);
      const again = bceDice().valueAndGradient(logits, target, { ...options, backend: "wasm" });
      expect(sameBits(again, before)).toBe(true);
    }
  });

  it("of a routine between two passes as well", () => {
    const held = reservedBytes();
    const loss = lovaszSoftmax();
    const call = { ...options, backend: "wasm" } as const;
    const good = loss.valueAndGradient(logits, target, call);
    const bad = logits.slice();
    bad[77] = Number.NaN;
    expect(errorOf(() => loss.valueAndGradient(bad, target, call)).code).toBe("NOT_FINITE");
    expect(reservedBytes()).toBe(held);
    expect(sameBits(loss.valueAndGradient(logits, target, call), good)).toBe(true);
  });

  it("with several threads as well", () => {
    inLibraryMemory(logits, target, options, (x, y, own) => {
      const loss = bceDice();
      const call = { ...own, backend: "wasm", threads: 2 } as const;
      const held = reservedBytes();
      x[66_000] = Number.NaN;
      expect(errorOf(() => loss.valueAndGradient(x, y, call)).code).toBe("NOT_FINITE");
      expect(reservedBytes()).toBe(held);
      x[66_000] = logits[66_000];
      expect(sameBits(loss.valueAndGradient(x, y, call), before)).toBe(true);
    });
  });
});
