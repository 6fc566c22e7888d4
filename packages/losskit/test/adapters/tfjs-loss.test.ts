// tfLoss on the backends of TensorFlow.js that run in Node: values and gradients, memory, what it refuses and warns of.

import type { Rank, Tensor } from "@tensorflow/tfjs-core";
import {
  bce,
  bceDice,
  boundary,
  type CallOptions,
  ce,
  dice,
  diceCe,
  type Loss,
  LosskitError,
  linear,
  lossFromFormula,
  lovaszSoftmax,
  scheduled,
  type Target,
} from "losskit";
import { tfLoss } from "losskit/tfjs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { addressOf } from "../../src/backends/wasm/memory.js";
import { layers, tf, useBackend } from "./tfjs-backends.js";

const BINARY = [2, 5, 7, 1];
const SEVERAL = [2, 5, 7, 3];

const logitsOf = (shape: readonly number[]) => tf.randomNormal([...shape], 0, 2, "float32", 5);
const maskOf = (shape: readonly number[]) =>
  tf.cast(tf.greater(tf.randomUniform([...shape], 0, 1, "float32", 6), 0.6), "float32");
const labelsOf = (shape: readonly number[], classes: number) =>
  tf.cast(tf.floor(tf.randomUniform([...shape], 0, classes, "float32", 8)), "int32");
const oneHotOf = (shape: readonly number[]) =>
  tf.cast(tf.oneHot(labelsOf(shape.slice(0, -1), shape[3]) as never, shape[3]), "float32");

/** Value and gradient of losskit itself on the numbers of the tensors. */
function expected(loss: Loss, yTrue: Tensor, yPred: Tensor, options: Partial<CallOptions> = {}) {
  const call = { shape: yPred.shape, layout: "channels-last", ...options } as const;
  return loss.valueAndGradient(yPred.dataSync() as Float32Array, yTrue.dataSync() as Target, call);
}

function valueAndGradient(f: (yPred: Tensor) => Tensor, yPred: Tensor) {
  const { value, grad } = tf.valueAndGrad((z) => f(z as Tensor))(yPred);
  return { value: value.dataSync()[0], gradient: grad.dataSync() as Float32Array };
}

describe.each(["cpu", "wasm"])("tfLoss on %s", (backend) => {
  beforeEach(() => useBackend(backend));
  afterEach(() => vi.restoreAllMocks());

  it.each([
    { title: "bce", loss: bce(), y: () => maskOf(BINARY), z: () => logitsOf(BINARY) },
    { title: "bce + dice", loss: bceDice(), y: () => maskOf(BINARY), z: () => logitsOf(BINARY) },
    { title: "ce + dice", loss: diceCe(), y: () => oneHotOf(SEVERAL), z: () => logitsOf(SEVERAL) },
    { title: "a routine", loss: lovaszSoftmax(), y: () => oneHotOf(SEVERAL), z: () => logitsOf(SEVERAL) },
    {
      title: "a formula",
      loss: lossFromFormula("mean((p - y)^2)"),
      y: () => maskOf(BINARY),
      z: () => logitsOf(BINARY),
    },
    { title: "one axis of space", loss: dice(), y: () => maskOf([2, 9, 1]), z: () => logitsOf([2, 9, 1]) },
    { title: "three", loss: dice(), y: () => maskOf([1, 3, 4, 5, 1]), z: () => logitsOf([1, 3, 4, 5, 1]) },
  ])("gives losskit's value and gradient: $title", ({ loss, y, z }) => {
    const [yTrue, yPred] = [y(), z()];
    const result = valueAndGradient((x) => tfLoss(tf, loss)(yTrue, x), yPred);
    const { value, gradient } = expected(loss, yTrue, yPred);
    expect(result.value).toBe(Math.fround(value));
    expect(result.gradient).toEqual(gradient);
    expect(gradient.some((slope) => slope !== 0)).toBe(true);
  });

  it("multiplies the slope of what follows", () => {
    const [yTrue, yPred] = [maskOf(BINARY), logitsOf(BINARY)];
    const { gradient } = valueAndGradient((z) => tf.mul(tfLoss(tf, dice())(yTrue, z), 4), yPred);
    expect(gradient).toEqual(expected(dice(), yTrue, yPred).gradient.map((slope) => slope * 4));
  });

  it.each(["int32", "bool"] as const)("takes masks of dtype %s", (dtype) => {
    const [yTrue, yPred] = [maskOf(BINARY), logitsOf(BINARY)];
    const result = valueAndGradient((z) => tfLoss(tf, dice())(tf.cast(yTrue, dtype), z), yPred);
    expect(result.gradient).toEqual(expected(dice(), yTrue, yPred).gradient);
  });

  it("takes tensors that tfjs casts without touching their arrays", () => {
    const [yTrue, yPred] = [maskOf(BINARY), tf.cast(tf.greater(logitsOf(BINARY), 0), "float32")];
    const weights = tf.cast(labelsOf([2, 5, 7], 3), "float32");
    const result = valueAndGradient((z) => tfLoss(tf, dice(), { activation: "none" })(yTrue, z, { weights }), yPred);
    const numbers = { activation: "none", weights: Float32Array.from(weights.dataSync()) } as const;
    const plain = tf.tensor(Float32Array.from(yPred.dataSync()), BINARY);
    expect(result.gradient).toEqual(expected(dice(), yTrue, plain, numbers).gradient);
  });

  it("takes probabilities, either layout, and voxels that do not count", () => {
    const options = { activation: "none", layout: "channels-first", ignore: 2 } as const;
    const shape = [2, 3, 5, 7];
    const [yTrue, yPred] = [labelsOf([2, 5, 7], 3), tf.softmax(logitsOf(SEVERAL))];
    const first = tf.transpose(yPred, [0, 3, 1, 2]);
    const result = valueAndGradient((z) => tfLoss(tf, diceCe(), options)(yTrue, z), first);
    const { value, gradient } = expected(diceCe(), yTrue, first, { shape, ...options });
    expect(result).toEqual({ value: Math.fround(value), gradient });
  });

  it.each([
    [2, 5, 7],
    [2, 5, 7, 1],
  ])("takes a label map and weights in a custom loop (%j)", (...shape) => {
    const [labels, yPred] = [labelsOf(shape, 3), logitsOf(SEVERAL)];
    const weights = tf.randomUniform([2, 5, 7], 0, 3, "float32", 2);
    const result = valueAndGradient((z) => tfLoss(tf, diceCe())(labels, z, { weights }), yPred);
    const { value, gradient } = expected(diceCe(), labels, yPred, { weights: weights.dataSync() as Float32Array });
    expect(result).toEqual({ value: Math.fround(value), gradient });
    expect(value).not.toBe(expected(diceCe(), labels, yPred).value);
  });

  it("takes the arrays that a formula names", () => {
    const loss = lossFromFormula("mean(f * p)", { fields: { f: "voxel" } });
    const [yTrue, yPred, f] = [maskOf(BINARY), logitsOf(BINARY), tf.randomNormal([2, 5, 7], 0, 1, "float32", 3)];
    const result = valueAndGradient((z) => tfLoss(tf, loss)(yTrue, z, { fields: { f } }), yPred);
    const { gradient } = expected(loss, yTrue, yPred, { fields: { f: f.dataSync() as Float32Array } });
    expect(result.gradient).toEqual(gradient);
  });

  it("follows a loss that changes in training", () => {
    const alpha = linear({ from: 1, to: 0, steps: 10 });
    const lossAt = scheduled([
      [alpha, dice()],
      [(step) => 1 - alpha(step), boundary()],
    ]);
    let epoch = 0;
    const loss = tfLoss(tf, () => lossAt(epoch));
    const [yTrue, yPred] = [maskOf(BINARY), logitsOf(BINARY)];
    for (epoch of [0, 5, 10]) {
      const { value } = expected(lossAt(epoch), yTrue, yPred);
      expect(loss(yTrue, yPred).dataSync()[0]).toBe(Math.fround(value));
    }
  });

  it("works in the library's memory, in the same arrays from step to step", () => {
    const loss = diceCe();
    const calls = vi.spyOn(loss, "valueAndGradient");
    const [yTrue, yPred] = [oneHotOf(SEVERAL), logitsOf(SEVERAL)];
    const step = () => tf.valueAndGrad((z) => tfLoss(tf, loss)(yTrue, z as Tensor))(yPred);
    for (let i = 0; i < 3; i++) step();
    const addresses = calls.mock.calls.map(([logits, target, { gradient }]) => {
      const arrays = [logits, target, gradient as Float32Array];
      expect(arrays.every((array) => addressOf(array) !== undefined)).toBe(true);
      return arrays.map(addressOf).sort();
    });
    expect(addresses[2]).toEqual(addresses[1]);
  });

  it("keeps the gradients of two calls apart until both are asked for", () => {
    const [yTrue, first, second] = [maskOf(BINARY), logitsOf(BINARY), tf.neg(logitsOf(BINARY))];
    const loss = tfLoss(tf, dice());
    const gradients = tf.grads((...z) => tf.add(loss(yTrue, z[0]), loss(yTrue, z[1])))([first, second]);
    expect(gradients[0].dataSync()).toEqual(expected(dice(), yTrue, first).gradient);
    expect(gradients[1].dataSync()).toEqual(expected(dice(), yTrue, second).gradient);
  });

  it("has one gradient a call: a second derivative is refused", () => {
    const [yTrue, yPred] = [maskOf(BINARY), logitsOf(BINARY)];
    const inner = tf.valueAndGrad((z) => tfLoss(tf, dice())(yTrue, z as Tensor));
    expect(() => tf.grad((z) => inner(z as Tensor).value)(yPred)).toThrow(/one gradient a call/);
  });

  it("names the place of a wrong value in the caller's layout", () => {
    const values = Float32Array.from(logitsOf(SEVERAL).dataSync());
    values[(3 * 7 + 4) * 3 + 2] = Number.NaN;
    const wrong = tf.tensor(values, SEVERAL);
    expect(() => tfLoss(tf, diceCe())(oneHotOf(SEVERAL), wrong)).toThrow("NaN at [0, 3, 4, 2]");
  });

  it("computes no gradient that no one asks for", () => {
    const loss = dice();
    const withGradient = vi.spyOn(loss, "valueAndGradient");
    const [yTrue, yPred] = [maskOf(BINARY), logitsOf(BINARY)];
    expect(tfLoss(tf, loss)(yTrue, yPred).dataSync()[0]).toBe(
      Math.fround(
        dice().value(yPred.dataSync() as Float32Array, yTrue.dataSync() as Float32Array, {
          shape: BINARY,
          layout: "channels-last",
        }),
      ),
    );
    expect(withGradient).not.toHaveBeenCalled();
  });

  it("leaves nothing behind, also where it throws", () => {
    const [yTrue, yPred] = [maskOf(BINARY), logitsOf(BINARY)];
    const bad = tf.fill(BINARY, Number.NaN);
    const loss = tfLoss(tf, dice());
    const run = (z: Tensor) => tf.tidy(() => void tf.valueAndGrad((x) => loss(yTrue, x as Tensor))(z));
    run(yPred);
    const counts = () => [tf.memory().numTensors, tf.memory().numBytes, tf.backend().numDataIds()];
    const before = counts();
    for (let i = 0; i < 20; i++) run(yPred);
    expect(counts()).toEqual(before);
    expect(() => run(bad)).toThrow(/NaN/);
    expect(tf.backend().numDataIds()).toBe(before[2]);
  });

  it("is a kernel that tfjs knows by name", async () => {
    const [yTrue, yPred] = [maskOf(BINARY), logitsOf(BINARY)];
    const profile = await tf.profile(() => tfLoss(tf, dice())(yTrue, yPred));
    expect(profile.kernelNames).toContain("LosskitLoss");
  });
});

describe("tfLoss in layers", () => {
  it("is a loss for compile and fit, with a validation set", async () => {
    await useBackend("cpu");
    const model = layers.sequential({
      layers: [layers.layers.conv2d({ inputShape: [8, 8, 1], filters: 1, kernelSize: 1, kernelInitializer: "ones" })],
    });
    const x = tf.randomNormal<Rank.R4>([4, 8, 8, 1], 0, 1, "float32", 1);
    const y = tf.cast(tf.greater(x, 0.5), "float32");
    model.compile({ optimizer: tf.train.adam(0.1), loss: tfLoss(tf, bceDice()) });
    const { history } = await model.fit(x, y, { epochs: 5, batchSize: 2, validationData: [x, y], verbose: 0 });
    const losses = history.loss as number[];
    expect(losses[4]).toBeLessThan(losses[0]);
    const last = model.predict(x) as Tensor;
    // Batches of 2 are what the validation sees, so its loss is the mean of theirs.
    const halves = [0, 2].map((from) => expected(bceDice(), tf.slice(y, from, 2), tf.slice(last, from, 2)).value);
    expect((history.val_loss as number[])[4]).toBeCloseTo((halves[0] + halves[1]) / 2, 5);
  });
});

describe("what tfLoss refuses", () => {
  beforeEach(() => useBackend("cpu"));
  const loss = () => tfLoss(tf, diceCe());

  it.each([
    {
      what: "a target of another shape",
      run: () => loss()(tf.zeros([2, 5, 6, 3]), logitsOf(SEVERAL)),
      code: "SHAPE",
      message: /yTrue is \[2,5,6,3\] and yPred \[2,5,7,3\].*label map \[2,5,7\]/,
    },
    {
      what: "a label map of floats",
      run: () => loss()(tf.zeros([2, 5, 7]), logitsOf(SEVERAL)),
      code: "ARRAY",
      message: /toInt\(\)/,
    },
    {
      what: "a prediction of whole numbers",
      run: () => loss()(oneHotOf(SEVERAL), tf.cast(logitsOf(SEVERAL), "int32")),
      code: "ARRAY",
      message: /yPred is of dtype int32/,
    },
    {
      what: "a prediction without space",
      run: () => loss()(tf.zeros([2, 3]), tf.randomNormal([2, 3])),
      code: "SHAPE",
      message: /\[batch, \.\.\.space, classes\]/,
    },
    {
      what: "a loss of several classes on one",
      run: () => tfLoss(tf, ce())(maskOf(BINARY), logitsOf(BINARY)),
      code: "UNSUPPORTED",
      message: /cannot take activation/,
    },
    {
      what: "probabilities beyond [0, 1]",
      run: () => tfLoss(tf, diceCe(), { activation: "none" })(oneHotOf(SEVERAL), logitsOf(SEVERAL)),
      code: "PROBABILITY_RANGE",
      message: /./,
    },
    {
      what: "an option that is none",
      run: () => tfLoss(tf, dice(), { activations: "none" } as never),
      code: "OPTION",
      message: /did you mean activation\?/,
    },
    {
      what: "options of the loss",
      run: () => tfLoss(tf, dice(), { classWeights: [1, 2] } as never),
      code: "OPTION",
      message: /options of a loss go to its factory/,
    },
  ])("$what", ({ run, code, message }) => {
    expect(run).toThrow(LosskitError);
    expect(run).toThrow(expect.objectContaining({ code }));
    expect(run).toThrow(message);
  });

  it("a gradient along the target", () => {
    const yPred = logitsOf(BINARY);
    expect(() => tf.grad((y) => tfLoss(tf, dice())(y as Tensor, yPred))(maskOf(BINARY))).toThrow(/along yPred only/);
  });
});

describe("a prediction that looks like probabilities", () => {
  beforeEach(() => useBackend("cpu"));
  afterEach(() => vi.restoreAllMocks());

  function warnings(yTrue: Tensor, yPred: Tensor, options = {}) {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const loss = tfLoss(tf, dice(), options);
    for (let i = 0; i < 3; i++) loss(yTrue, yPred);
    const texts = warn.mock.calls.map(([text]) => text as string);
    warn.mockRestore();
    return texts;
  }

  it("is warned of, once", () => {
    const binary = warnings(maskOf(BINARY), tf.sigmoid(logitsOf(BINARY)));
    expect(binary).toHaveLength(1);
    expect(binary[0]).toMatch(/activation: "none"/);
    expect(warnings(oneHotOf(SEVERAL), tf.softmax(logitsOf(SEVERAL)))).toHaveLength(1);
  });

  it.each([
    { what: "logits", yPred: () => logitsOf(BINARY), options: {} },
    { what: "zeros of a new head", yPred: () => tf.zeros(BINARY), options: {} },
    {
      what: "probabilities that are declared",
      yPred: () => tf.sigmoid(logitsOf(BINARY)),
      options: { activation: "none" },
    },
    { what: "logits that are declared", yPred: () => tf.sigmoid(logitsOf(BINARY)), options: { activation: "sigmoid" } },
  ])("is not seen in $what", ({ yPred, options }) => {
    expect(warnings(maskOf(BINARY), yPred(), options)).toEqual([]);
  });

  it("is not seen in small logits of several classes, which do not add up to 1", () => {
    expect(warnings(oneHotOf(SEVERAL), tf.sigmoid(logitsOf(SEVERAL)))).toEqual([]);
  });
});
