// tfLoss in operations of tfjs against losskit's own kernels: every loss that can be written so, every kind of call, and what is refused.

import { readFileSync } from "node:fs";
import { MathBackendCPU } from "@tensorflow/tfjs-backend-cpu";
import type { Tensor } from "@tensorflow/tfjs-core";
import { bce, ce, dice, diceCe, type Loss, LosskitError, lossFromFormula, lovaszHinge } from "losskit";
import { allLosses } from "losskit/losses";
import { type TfLossInputs, type TfLossOptions, tfLoss } from "losskit/tfjs";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { tf, useBackend } from "./tfjs-backends.js";

const SPACE = [2, 6, 5];
/** Of the largest slope, and of the value. */
const TOLERANCE = 1e-5;

const logitsOf = (classes: number) => tf.randomNormal([...SPACE, classes], 0, 2, "float32", 5);
const labelsOf = (classes: number) =>
  tf.cast(tf.floor(tf.randomUniform(SPACE, 0, Math.max(classes, 2), "float32", 8)), "int32");
const uniform = (shape: readonly number[]) => tf.randomUniform([...shape], 0, 2, "float32", 3);

function valueAndGradient(
  loss: Loss,
  tensors: { yTrue: Tensor; yPred: Tensor } & TfLossInputs,
  options: TfLossOptions,
): { value: number; gradient: Float32Array } {
  const { yTrue, yPred, ...inputs } = tensors;
  const both = tf.valueAndGrad((z) => tfLoss(tf, loss, options)(yTrue, z as Tensor, inputs));
  const { value, grad } = both(yPred);
  return { value: value.dataSync()[0], gradient: grad.dataSync() as Float32Array };
}

function expectSame(loss: Loss, tensors: { yTrue: Tensor; yPred: Tensor } & TfLossInputs, options: TfLossOptions = {}) {
  const expected = valueAndGradient(loss, tensors, { ...options, compute: "arrays" });
  const actual = valueAndGradient(loss, tensors, { ...options, compute: "operations" });
  expect(Math.abs(actual.value - expected.value)).toBeLessThanOrEqual(TOLERANCE * Math.abs(expected.value));
  const largest = (values: Float32Array) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const scale = largest(expected.gradient);
  expect(scale).toBeGreaterThan(0);
  const difference = largest(expected.gradient.map((slope, i) => slope - actual.gradient[i]));
  expect(difference).toBeLessThanOrEqual(TOLERANCE * scale);
  return actual;
}

/** Losses by why they cannot be written in operations; undefined where they can. */
const written = new Map<string, string | undefined>();

describe.each([1, 3])("every loss of %d classes", (classes) => {
  beforeAll(() => useBackend("cpu"));
  const activation = classes === 1 ? "sigmoid" : "softmax";
  const losses = allLosses.filter((factory) => !factory().refusal({ channels: classes, activation }));

  it.each(losses.map((factory) => [factory.definition.name, factory] as const))("%s", (name, factory) => {
    const shapes = { voxel: SPACE, "class-voxel": [...SPACE, classes] };
    const fields = Object.fromEntries(
      Object.entries(factory.definition.fields ?? {}).map(([field, form]) => [field, uniform(shapes[form])]),
    );
    const tensors = { yTrue: labelsOf(classes), yPred: logitsOf(classes), fields };
    try {
      expectSame(factory(), tensors);
      written.set(name, undefined);
    } catch (error) {
      if (!(error instanceof LosskitError) || error.code !== "UNSUPPORTED") throw error;
      written.set(name, error.message);
      expect(error.message).toMatch(/uses [a-z_]+, for which TensorFlow\.js has no operation; leave out compute/);
    }
  });
});

it("the documentation names those that cannot be written so, and they are few", () => {
  const refused = [...written].filter(([, refusal]) => refusal !== undefined).map(([name]) => name);
  const page = readFileSync(new URL("../../../../docs/tensorflow-js.md", import.meta.url), "utf8");
  const [, list] = /^Without operations, as[^:]*: ([^.]*)\./m.exec(page) ?? [];
  const named = [...(list ?? "").matchAll(/`([a-z-]+)`/g)].map(([, name]) => name);
  expect(named).toEqual(refused.sort());
  expect(refused.length / written.size).toBeLessThan(0.4);
});

describe("every kind of call", () => {
  beforeAll(() => useBackend("cpu"));
  const oneHot = () => tf.cast(tf.oneHot(labelsOf(3) as never, 3), "float32");
  const labels = () => ({ yTrue: labelsOf(3), yPred: logitsOf(3) });

  it.each<[string, () => unknown]>([
    ["a target per class", () => expectSame(diceCe(), { yTrue: oneHot(), yPred: logitsOf(3) })],
    ["soft targets", () => expectSame(bce(), { yTrue: tf.div(uniform([...SPACE, 1]), 2), yPred: logitsOf(1) })],
    [
      "a sigmoid for each of several classes",
      () => expectSame(bce(), { yTrue: oneHot(), yPred: logitsOf(3) }, { activation: "sigmoid" }),
    ],
    ["weights", () => expectSame(diceCe(), { ...labels(), weights: uniform(SPACE) })],
    ["labels that do not count", () => expectSame(diceCe(), labels(), { ignore: 2 })],
    [
      "labels that do not count, and weights",
      () => expectSame(diceCe(), { ...labels(), weights: uniform(SPACE) }, { ignore: 1 }),
    ],
    [
      "values that do not count, per class",
      () => {
        const yTrue = tf.where(tf.greater(uniform([...SPACE, 3]), 1.5), tf.fill([...SPACE, 3], 9), oneHot());
        expectSame(diceCe(), { yTrue, yPred: logitsOf(3) }, { ignore: 9 });
      },
    ],
    [
      "one class with what does not count",
      () => {
        const yTrue = tf.cast(labelsOf(3), "int32");
        expectSame(bce(), { yTrue, yPred: logitsOf(1) }, { ignore: 2 });
      },
    ],
    [
      "channels first",
      () => {
        const yPred = tf.transpose(logitsOf(3), [0, 3, 1, 2]);
        const gradients = (["operations", "arrays"] as const).map(
          (compute) =>
            valueAndGradient(diceCe(), { yTrue: labelsOf(3), yPred }, { layout: "channels-first", compute }).gradient,
        );
        expectSame(diceCe(), { yTrue: labelsOf(3), yPred }, { layout: "channels-first" });
        expect(gradients[0]).toHaveLength(gradients[1].length);
      },
    ],
    [
      "probabilities of a sigmoid",
      () => expectSame(bce(), { yTrue: labelsOf(1), yPred: tf.sigmoid(logitsOf(1)) }, { activation: "none" }),
    ],
    [
      "probabilities of a softmax",
      () => expectSame(diceCe(), { yTrue: labelsOf(3), yPred: tf.softmax(logitsOf(3)) }, { activation: "none" }),
    ],
    [
      "probabilities that are 0 and 1",
      () => {
        const yPred = tf.cast(tf.greater(logitsOf(1), 0), "float32");
        expectSame(bce(), { yTrue: labelsOf(1), yPred }, { activation: "none" });
      },
    ],
    ["each image", () => expectSame(dice({ images: "each" }), labels())],
    ["the foreground, pooled", () => expectSame(dice({ classes: "foreground", joinClasses: "pooled" }), labels())],
    ["class weights", () => expectSame(diceCe({ classWeights: [1, 0.2, 3] }), labels())],
    [
      "classes that are present",
      () => expectSame(dice({ classes: "present" }), { yTrue: labelsOf(2), yPred: logitsOf(3) }),
    ],
    ["all that is left over classes", () => expectSame(dice({ reduction: "none" }), labels())],
    ["the map of a mean", () => expectSame(bce({ reduction: "voxels" }), { yTrue: labelsOf(1), yPred: logitsOf(1) })],
    ["the logarithm of a score", () => expectSame(dice({ form: "log" }), labels())],
    [
      "log(1 - p) of a softmax",
      () => expectSame(lossFromFormula("mean(-classes_mean((1 - y) * log(1 - p)))"), labels()),
    ],
    ["likely classes", () => expectSame(diceCe(), { yTrue: labelsOf(3), yPred: tf.mul(logitsOf(3), 10) })],
    [
      "one axis of space",
      () => expectSame(dice(), { yTrue: tf.reshape(labelsOf(1), [2, 30]), yPred: tf.reshape(logitsOf(1), [2, 30, 1]) }),
    ],
  ])("%s", (_, run) => {
    run();
  });

  // Among them 0 / 0, a power at 0, and ties.
  it.each([
    "mean(min(p, 0.3) + max(x, 0.1) * p)",
    "mean(sqrt(p) + exp(-p) + abs(x - 0.2) + tanh(x))",
    "mean(where(p < 0.4, p^1.5, p^0.5) - where(y <= 0.5, x, 0))",
    "mean(p) / (1 + max(p)) - min(p)",
    "mean(constant(p) * p + log(1 + p) + sigmoid(x) + softplus(x) + log1p(p) + expm1(-p))",
    "mean(where(p == max(p), 2 * p, p)) + sum(p * (y - y * y)) / sum(y - y * y)",
    "mean((p * y)^1.5 + max(p * y, 0) + sign(x) * p)",
  ])("%s", (formula) => {
    expectSame(lossFromFormula(formula), { yTrue: labelsOf(1), yPred: logitsOf(1) });
  });
});

describe("a backend that keeps its arrays to itself", () => {
  beforeAll(() => {
    for (const name of ["elsewhere", "webgpu"]) {
      tf.registerBackend(name, () => new MathBackendCPU());
      tf.copyRegisteredKernels("cpu", name);
    }
  });
  beforeEach(() => useBackend("elsewhere"));
  afterEach(() => vi.restoreAllMocks());
  const tensors = () => ({ yTrue: labelsOf(1), yPred: logitsOf(1) });

  it("computes in operations what can be written in them", () => {
    const loss = bce();
    const own = vi.spyOn(loss, "valueAndGradient");
    const { value, gradient } = valueAndGradient(loss, tensors(), {});
    expect(own).not.toHaveBeenCalled();
    const expected = valueAndGradient(loss, tensors(), { compute: "arrays" });
    expect(value).toBeCloseTo(expected.value, 5);
    expect(gradient).toHaveLength(expected.gradient.length);
    expect(own).toHaveBeenCalledOnce();
  });

  it("reads its arrays for the rest", () => {
    const loss = lovaszHinge();
    const own = vi.spyOn(loss, "valueAndGradient");
    expect(valueAndGradient(loss, tensors(), {}).gradient.some((slope) => slope !== 0)).toBe(true);
    expect(own).toHaveBeenCalledOnce();
  });

  it("on webgpu, which cannot be read at once, refuses the rest with the reason", async () => {
    await useBackend("webgpu");
    const { yTrue, yPred } = tensors();
    const loss = bce();
    const own = vi.spyOn(loss, "value");
    expect(tfLoss(tf, loss)(yTrue, yPred).dataSync()[0]).toBeGreaterThan(0);
    expect(own).not.toHaveBeenCalled();
    expect(() => tfLoss(tf, lovaszHinge())(yTrue, yPred)).toThrow(
      /uses lovasz.*the backend "webgpu" cannot be read at once/,
    );
  });

  it("leaves nothing behind", () => {
    const { yTrue, yPred } = tensors();
    const loss = tfLoss(tf, dice());
    const run = () => tf.tidy(() => void tf.valueAndGrad((z) => loss(yTrue, z as Tensor))(yPred));
    run();
    const counts = () => [tf.memory().numTensors, tf.backend().numDataIds()];
    const before = counts();
    for (let i = 0; i < 10; i++) run();
    expect(counts()).toEqual(before);
    loss(yTrue, yPred).dispose();
    expect(counts()).toEqual(before);
  });
});

describe("what operations refuse", () => {
  beforeAll(() => useBackend("cpu"));
  const run = (loss: Loss, inputs: TfLossInputs = {}, options: TfLossOptions = {}) =>
    tfLoss(tf, loss, { ...options, compute: "operations" })(labelsOf(1), logitsOf(1), inputs);
  const named = () => lossFromFormula("mean(f * p)", { fields: { f: "voxel" } });

  it.each<[string, () => unknown, string, RegExp]>([
    ["a loss of several classes", () => run(ce()), "UNSUPPORTED", /cannot take activation/],
    [
      "a field that is missing",
      () => run(named()),
      "ARRAY",
      /the field 'f'.*is missing; one number per voxel needs 60/,
    ],
    ["a field of another size", () => run(named(), { fields: { f: tf.zeros([7]) } }), "ARRAY", /is \[7\].*needs 60/],
    [
      "weights of another size",
      () => run(bce(), { weights: tf.zeros([2, 6, 5, 2]) }),
      "ARRAY",
      /weights is \[2,6,5,2\]/,
    ],
  ])("%s", (_, call, code, message) => {
    expect(call).toThrow(expect.objectContaining({ code }));
    expect(call).toThrow(message);
  });

  it.each(["activation", "layout", "compute"])("another word for %s", (option) => {
    expect(() => tfLoss(tf, bce(), { [option]: "other" })).toThrow(new RegExp(`${option} is "other"; it may be "`));
  });
});
