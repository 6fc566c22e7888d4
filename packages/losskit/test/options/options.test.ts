import { describe, expect, it } from "vitest";
import { LosskitError } from "../../src/errors.js";
import type { CallOptions } from "../../src/formula/options.js";
import { allLosses } from "../../src/losses/all.js";
import type { LossFactory, TermArguments } from "../../src/losses/loss.js";
import {
  callFor,
  centralDifferences,
  directionalSlope,
  distance,
  exampleCall,
  headsOf,
  isSpatial,
  largest,
  onlyIf,
  uniformSequence,
} from "../losses/calls.js";

const named = allLosses.map((factory) => [factory.definition.name, factory] as const);
const isRanked = ({ definition }: LossFactory) => /lovasz\(|top_mean\(|hard_mean\(/.test(definition.formula);

/** Result of a call, or the reason why it is refused. */
function attempt<T>(run: () => T): T | LosskitError {
  try {
    return run();
  } catch (error) {
    if (error instanceof LosskitError) return error;
    throw error;
  }
}

/** Targets per channel that say the same as a label map. */
function oneHot(labels: Uint8Array, images: number, channels: number): Float64Array {
  const voxels = labels.length / images;
  return Float64Array.from({ length: images * channels * voxels }, (_, i) => {
    const image = Math.floor(i / (channels * voxels));
    const label = labels[image * voxels + (i % voxels)];
    return label === (channels === 1 ? 1 : Math.floor(i / voxels) % channels) ? 1 : 0;
  });
}

/** The same numbers with the channels last. */
function channelsLast(values: Float64Array, images: number, channels: number): Float64Array {
  const voxels = values.length / images / channels;
  return values.map((_, i) => {
    const image = Math.floor(i / (channels * voxels));
    const v = Math.floor(i / channels) % voxels;
    return values[(image * channels + (i % channels)) * voxels + v];
  });
}

describe.each(named)("%s", (_, factory) => {
  const heads = headsOf(factory);
  const spatial = isSpatial(factory);

  it("gives the same from a label map and from a target per channel", () => {
    for (const head of heads) {
      const { logits, target, options } = callFor(factory, 11, head);
      const labels = factory().valueAndGradient(logits, target, options);
      const channels = factory().valueAndGradient(logits, oneHot(target, 2, head.channels), options);
      expect(channels).toEqual(labels);
    }
  });

  it("gives the same with channels first and last", () => {
    for (const head of heads) {
      const { logits, target, options } = callFor(factory, 12, head);
      const first = factory().valueAndGradient(logits, target, options);
      const { channels } = head;
      const last = factory().valueAndGradient(channelsLast(logits, 2, channels), target, {
        ...options,
        shape: [2, 4, 5, channels],
        layout: "channels-last",
      });
      expect(last.value).toBe(first.value);
      expect(last.gradient).toEqual(channelsLast(first.gradient, 2, channels));
    }
  });

  onlyIf(!spatial)("gives the same in one, two and three axes of space", () => {
    const { logits, target, options } = callFor(factory, 13, { ...heads[0], space: [24] });
    const flat = factory().valueAndGradient(logits, target, options);
    for (const space of [
      [4, 6],
      [2, 3, 4],
    ]) {
      const shape = [2, heads[0].channels, ...space];
      expect(factory().valueAndGradient(logits, target, { ...options, shape })).toEqual(flat);
    }
  });

  onlyIf(!spatial)("ignores voxels as if they were not there", () => {
    for (const head of heads) {
      const { logits, target, options } = callFor(factory, 14, { ...head, images: 1, space: [20] });
      const ignored = target.map((label, i) => (i % 4 === 3 ? 255 : label));
      const kept = Array.from({ length: 20 }, (__, i) => i).filter((i) => i % 4 !== 3);
      const some = factory().valueAndGradient(logits, ignored, { ...options, ignore: 255 });
      const fewer = factory().valueAndGradient(
        Float64Array.from({ length: head.channels * 15 }, (__, i) => logits[Math.floor(i / 15) * 20 + kept[i % 15]]),
        Uint8Array.from(kept, (i) => target[i]),
        { ...options, shape: [1, head.channels, 15] },
      );
      expect(some.value).toBeCloseTo(fewer.value, 13);
      const expected = logits.map((__, i) => {
        const place = kept.indexOf(i % 20);
        return place < 0 ? 0 : fewer.gradient[Math.floor(i / 20) * 15 + place];
      });
      expect(distance(some.gradient, expected)).toBeLessThan(1e-13);
    }
  });

  onlyIf(spatial)("does not look at the logits of ignored voxels", () => {
    for (const head of heads) {
      const { logits, target, options } = callFor(factory, 14, head);
      const voxels = target.length / 2;
      const isIgnored = (i: number) => i % 4 === 3;
      const ignored = target.map((label, i) => (isIgnored(i) ? 255 : label));
      const call = { ...options, ignore: 255 };
      const { value, gradient } = factory().valueAndGradient(logits, ignored, call);
      // Probabilities of other voxels stay as they are: only the ignored ones move.
      const place = (i: number) => Math.floor(i / (head.channels * voxels)) * voxels + (i % voxels);
      const moved = logits.map((x, i) =>
        isIgnored(place(i)) ? (head.activation === "none" ? 1 / 3 : x + 2 + (i % 5)) : x,
      );
      const other = factory().valueAndGradient(moved, ignored, call);
      expect(other.value).toBeCloseTo(value, 13);
      gradient.forEach((slope, i) => {
        if (isIgnored(place(i))) expect(slope).toBeCloseTo(0, 14);
      });
    }
  });

  onlyIf(!spatial)("counts a voxel of weight 2 twice and one of weight 0 not at all, or says why it cannot", () => {
    const [head] = heads;
    const { logits, target, options } = callFor(factory, 15, { ...head, images: 1, space: [10] });
    const weights = Float64Array.from({ length: 10 }, (__, i) => [1, 2, 0][i % 3]);
    const weighted = attempt(() => factory().valueAndGradient(logits, target, { ...options, weights }));
    if (isRanked(factory)) {
      expect(weighted).toMatchObject({ code: "UNSUPPORTED", message: expect.stringMatching(/rank/) });
      return;
    }
    const copies = Array.from(weights, (w, i) => Array<number>(w).fill(i)).flat();
    const { channels } = head;
    const n = copies.length;
    const repeated = factory().value(
      Float64Array.from({ length: channels * n }, (__, i) => logits[Math.floor(i / n) * 10 + copies[i % n]]),
      Uint8Array.from(copies, (i) => target[i]),
      { ...options, shape: [1, channels, n] },
    );
    expect((weighted as { value: number }).value).toBeCloseTo(repeated, 12);
  });

  it.each<[string, TermArguments]>([
    ["images each", { images: "each" }],
    ["images together", { images: "together" }],
    ["classes present", { classes: "present" }],
    ["classes foreground", { classes: "foreground" }],
    ["a list of classes", { classes: [0, 2] }],
    ["classes summed", { joinClasses: "sum" }],
    ["classes pooled", { joinClasses: "pooled" }],
    ["class weights", { classWeights: [1, 0.5, 3] }],
    ["pooled with class weights", { joinClasses: "pooled", classWeights: [1, 0.5, 3] }],
    ["summed", { reduction: "sum" }],
    ["not reduced", { reduction: "none" }],
    ["a map of voxels", { reduction: "voxels" }],
  ])("takes %s with the right gradient, or says why not", (__, settings) => {
    // The shares of all classes together are 1, predicted and true: their difference sits on the kink of |0|.
    if (factory.definition.name === "region-size-ce" && settings.joinClasses === "pooled") return;
    for (const head of heads.filter(({ channels }) => channels === 3)) {
      const { logits, target, options } = callFor(factory, 16, head);
      const result = attempt(() => factory(settings).valueAndGradient(logits, target, options));
      if (result instanceof LosskitError) {
        expect(result.code).toBe("UNSUPPORTED");
        expect(result.message).toMatch(/(cannot take .+|leave different axes): .{20}/);
        continue;
      }
      // `constant(…)` takes a part out of the gradient; normalised-focal.test.ts has that.
      if (factory.definition.formula.includes("constant(")) continue;
      const uniform = uniformSequence(17);
      const direction = logits.map(() => (head.activation === "none" ? 0.01 : 1) * (2 * uniform() - 1));
      const slope = directionalSlope(factory(settings), logits, direction, target, options);
      if (slope === undefined) {
        // A kink lies in the way: element by element, with a smaller step.
        const measured = centralDifferences(factory(settings), logits, target, options);
        expect(distance(result.gradient, measured)).toBeLessThan(1e-6 * largest(measured) + 1e-8);
        continue;
      }
      const expected = result.gradient.reduce((sum, g, i) => sum + g * direction[i], 0);
      expect(Math.abs(expected - slope)).toBeLessThan(1e-7 * Math.max(1, Math.abs(slope)));
    }
  });

  it("leaves images and classes apart with reduction none, and their mean is the loss", () => {
    const [head] = heads;
    const { logits, target, options } = callFor(factory, 17, head);
    const settings = { images: "each", joinClasses: "mean" } as const;
    const apart = attempt(() => factory({ ...settings, reduction: "none" }).valueAndGradient(logits, target, options));
    if (apart instanceof LosskitError) {
      expect(factory().terms.length).toBeGreaterThan(1);
      expect(apart.message).toMatch(/leave different axes: give all terms of a sum the same reduction/);
      return;
    }
    const joined = factory({ ...settings, classes: "all" }).value(logits, target, options);
    const extent = apart.valuesShape.reduce((product, n) => product * n, 1);
    expect(apart.values).toHaveLength(extent);
    expect(apart.valuesShape[0]).toBe(2);
    expect(apart.values.reduce((sum, value) => sum + value, 0) / extent).toBeCloseTo(joined, 12);
  });

  it("gives a map of voxels whose weighted mean is the loss, where it is a mean over voxels", () => {
    const [head] = heads;
    const { logits, target, options } = callFor(factory, 18, { ...head, images: 1 });
    const map = attempt(() => factory({ reduction: "voxels" }).valueAndGradient(logits, target, options));
    if (map instanceof LosskitError) {
      expect(map.message).toContain("mean over voxels");
      return;
    }
    const mean = map.values.reduce((sum, value) => sum + value, 0) / map.values.length;
    expect(mean).toBeCloseTo(factory().value(logits, target, options), 12);
  });

  it("gives the mean over images of single calls with images each", () => {
    const [head] = heads;
    const { logits, target, options } = callFor(factory, 19, { ...head, images: 3 });
    const settings = { images: "each" } as const;
    const whole = factory(settings).value(logits, target, options);
    const size = logits.length / 3;
    const imageOf = (image: number) =>
      options.fields && {
        image: options.fields.image.slice((image * target.length) / 3, ((image + 1) * target.length) / 3),
      };
    const single = [0, 1, 2].map((image) =>
      factory(settings).value(
        logits.slice(image * size, (image + 1) * size),
        target.slice((image * target.length) / 3, ((image + 1) * target.length) / 3),
        { ...options, shape: [1, ...options.shape.slice(1)], fields: imageOf(image) },
      ),
    );
    expect(whole).toBeCloseTo((single[0] + single[1] + single[2]) / 3, 13);
  });

  it("works on float32, on part of a buffer and on shared memory, and changes no input", () => {
    const [head] = heads;
    const { logits, target, options } = callFor(factory, 20, head);
    const expected = factory().valueAndGradient(Float64Array.from(Float32Array.from(logits)), target, options);
    const shared = new Float32Array(new SharedArrayBuffer(4 * (logits.length + 7)), 12, logits.length);
    shared.set(logits);
    const before = shared.slice();
    const labels = new Uint8Array(new ArrayBuffer(target.length + 5), 3, target.length);
    labels.set(target);
    const result = factory().valueAndGradient(shared, labels, { ...options, backend: "reference" });
    expect(result.value).toBe(expected.value);
    expect(result.gradient).toBeInstanceOf(Float32Array);
    expect(result.gradient).toEqual(Float32Array.from(expected.gradient));
    const kernels = factory().valueAndGradient(shared, labels, { ...options, backend: "wasm" });
    expect(Math.abs(kernels.value - expected.value)).toBeLessThan(1e-5 * Math.max(1, Math.abs(expected.value)));
    expect(distance(kernels.gradient, expected.gradient)).toBeLessThan(1e-5 * largest(expected.gradient));
    expect(shared.slice()).toEqual(before);
    expect(labels).toEqual(target);
  });

  it("takes labels of every integer type", () => {
    const { logits, target, options } = callFor(factory, 21, heads[0]);
    const expected = factory().value(logits, target, options);
    for (const type of [Int8Array, Uint16Array, Int16Array, Int32Array, Uint32Array, Uint8ClampedArray]) {
      expect(factory().value(logits, type.from(target), options)).toBe(expected);
    }
  });
});

describe("classes", () => {
  const { logits, target, options } = exampleCall(30, { channels: 4, images: 1, space: [40] });
  const dice = named.find(([name]) => name === "dice")?.[1] as LossFactory;
  const each = dice({ reduction: "none" }).valueAndGradient(logits, target, options).values;
  const mean = (list: readonly number[]) => list.reduce((sum, c) => sum + each[c], 0) / list.length;

  it("are chosen after the activation: the mean of those that count", () => {
    expect(dice().value(logits, target, options)).toBeCloseTo(mean([0, 1, 2, 3]), 14);
    expect(dice({ classes: "foreground" }).value(logits, target, options)).toBeCloseTo(mean([1, 2, 3]), 14);
    expect(dice({ classes: [3, 1] }).value(logits, target, options)).toBeCloseTo(mean([1, 3]), 14);
    const without2 = target.map((label) => (label === 2 ? 0 : label));
    const apart = dice({ reduction: "none" }).valueAndGradient(logits, without2, options).values;
    const present = dice({ classes: "present" }).value(logits, without2, options);
    expect(present).toBeCloseTo((apart[0] + apart[1] + apart[3]) / 3, 14);
  });

  it("are weighted in their mean", () => {
    const weighted = dice({ classWeights: [0, 1, 2, 1] }).value(logits, target, options);
    expect(weighted).toBeCloseTo((each[1] + 2 * each[2] + each[3]) / 4, 14);
  });

  it("beyond the channels are refused", () => {
    expect(() => dice({ classes: [1, 4] }).value(logits, target, options)).toThrow(/class 4.*4 channels/);
    expect(() => dice({ classWeights: [1, 2] }).value(logits, target, options)).toThrow(/4 channels/);
  });
});

describe("weights and ignored voxels together", () => {
  it("both count", () => {
    const bce = named.find(([name]) => name === "bce")?.[1] as LossFactory;
    const { logits, options } = exampleCall(31, { images: 1, space: [4] });
    const target = Uint8Array.from([1, 255, 0, 1]);
    const call: CallOptions = { ...options, ignore: 255, weights: Float32Array.from([1, 5, 2, 0]) };
    const softplus = (x: number) => Math.log1p(Math.exp(x));
    const expected = (softplus(-logits[0]) + 2 * softplus(logits[2])) / 3;
    expect(bce().value(logits, target, call)).toBeCloseTo(expected, 14);
  });
});
