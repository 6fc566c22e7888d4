// Dice and IoU in TensorFlow.js against losskit/metrics: of images, and of a whole set however it is cut into batches.

import type { Rank, Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import { bce } from "losskit";
import { confusionCounts, diceScore, iouScore, meanOverClasses } from "losskit/metrics";
import { type MaskOptions, tfDice, tfIou, tfLoss, tfSetCounts, tfSetScores } from "losskit/tfjs";
import { beforeEach, describe, expect, it } from "vitest";
import { layers, tf, useBackend } from "./tfjs-backends.js";

const normal = (shape: [number, number, number, number], seed: number) =>
  tf.randomNormal<Rank.R4>(shape, 0, 1, "float32", seed);
/** 0 or 1 where noise is large, and nothing in the last image. */
function mask(like: Tensor, seed: number): Tensor {
  const noise = tf.randomNormal([...like.shape], 0, 1, "float32", seed);
  const image = tf.reshape(tf.range(0, like.shape[0]), [-1, 1, 1, 1]);
  return tf.cast(tf.logicalAnd(tf.greater(noise, 0.3), tf.less(image, like.shape[0] - 1)), "float32");
}
const oneHotLabels = (shape: readonly number[], classes: number, seed: number) =>
  tf.cast(
    tf.oneHot(tf.cast(tf.floor(tf.randomUniform([...shape], 0, classes, "float32", seed)), "int32") as never, classes),
    "float32",
  );

/** Label of each voxel of one image, from plain numbers. */
function labels(tensor: Tensor, image: number, least: number): number[] {
  const classes = tensor.shape[3] as number;
  const values = tf.slice(tensor, [image, 0, 0, 0], [1, -1, -1, -1]).dataSync();
  return Array.from({ length: values.length / classes }, (_, voxel) => {
    const own = Array.from(values.slice(voxel * classes, (voxel + 1) * classes));
    return classes === 1 ? Number(own[0] >= least) : own.indexOf(Math.max(...own));
  });
}

function meanOfImages(yTrue: Tensor, yPred: Tensor, score: typeof diceScore, least: number): number {
  const images = yTrue.shape[0];
  let sum = 0;
  for (let image = 0; image < images; image++) {
    const classes = Math.max(yTrue.shape[3] as number, 2);
    const counts = confusionCounts(labels(yTrue, image, 0.5), labels(yPred, image, least), { classes });
    sum += meanOverClasses(counts.slice(1), score).mean ?? 1;
  }
  return sum / images;
}

describe.each(["cpu", "wasm"])("on %s", (backend) => {
  beforeEach(() => useBackend(backend));

  const cases: readonly { what: string; options: MaskOptions; least: number; pair: () => [Tensor, Tensor] }[] = [
    {
      what: "logits of one class",
      options: {},
      least: 0,
      pair: () => [mask(normal([3, 6, 5, 1], 1), 2), normal([3, 6, 5, 1], 1)],
    },
    {
      what: "probabilities and a threshold",
      options: { activation: "none", threshold: 0.7 },
      least: 0.7,
      pair: () => [mask(normal([3, 6, 5, 1], 1), 2), tf.sigmoid(normal([3, 6, 5, 1], 1))],
    },
    {
      what: "logits and a threshold",
      options: { threshold: 0.7 },
      least: Math.log(0.7 / 0.3),
      pair: () => [mask(normal([3, 6, 5, 1], 1), 2), normal([3, 6, 5, 1], 1)],
    },
    {
      what: "several classes",
      options: {},
      least: 0,
      pair: () => [oneHotLabels([3, 6, 5], 4, 3), normal([3, 6, 5, 4], 1)],
    },
  ];

  it.each(cases)("tfDice and tfIou are means over images: $what", ({ options, least, pair }) => {
    const [yTrue, yPred] = pair();
    const [dice, iou] = [tfDice(tf, options), tfIou(tf, options)].map((metric) => metric(yTrue, yPred).dataSync()[0]);
    expect(dice).toBeCloseTo(meanOfImages(yTrue, yPred, diceScore, least), 6);
    expect(iou).toBeCloseTo(meanOfImages(yTrue, yPred, iouScore, least), 6);
    expect(dice).not.toBe(iou);
  });

  it("an image that is empty, and predicted empty, scores 1", () => {
    const yPred = tf.fill([2, 4, 4, 1], -1);
    expect(tfDice(tf)(tf.zeros([2, 4, 4, 1]), yPred).dataSync()[0]).toBe(1);
    expect(tfDice(tf)(tf.ones([2, 4, 4, 1]), yPred).dataSync()[0]).toBe(0);
  });

  it("takes channels first", () => {
    const [yTrue, yPred] = [oneHotLabels([3, 6, 5], 4, 3), normal([3, 6, 5, 4], 1)];
    const first = (tensor: Tensor) => tf.transpose(tensor, [0, 3, 1, 2]);
    const score = tfIou(tf, { layout: "channels-first" })(first(yTrue), first(yPred)).dataSync()[0];
    expect(score).toBeCloseTo(tfIou(tf)(yTrue, yPred).dataSync()[0], 6);
  });

  it("counts a set whatever its batches, and forgets its tensors", async () => {
    const [x, y] = [normal([5, 6, 5, 1], 1), mask(normal([5, 6, 5, 1], 1), 2)];
    const model = { predict: (input: Tensor) => tf.mul(input, 2) };
    const all = [0, 1, 2, 3, 4];
    const expected = confusionCounts(
      all.flatMap((image) => labels(y, image, 0.5)),
      all.flatMap((image) => labels(x, image, 0)),
      { classes: 2 },
    )[1];
    const before = tf.memory().numTensors;
    for (const batchSize of [1, 2, 8]) {
      expect(await tfSetCounts(tf, model, { x, y }, { batchSize })).toEqual([expected]);
    }
    const parts = [0, 2, 4].map((start) => {
      const part = (tensor: Tensor) => tf.slice(tensor, start, Math.min(2, 5 - start));
      return { xs: part(x), ys: part(y) };
    });
    const next = async () => ({ done: parts.length === 0, value: parts.shift() });
    const dataset = { iterator: async () => ({ next }) };
    expect(await tfSetCounts(tf, model, dataset)).toEqual([expected]);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("in layers", () => {
  it("fit logs the metrics by name, and the scores of the whole validation set", async () => {
    await useBackend("cpu");
    const model = layers.sequential({
      layers: [
        layers.layers.conv2d({
          inputShape: [6, 5, 1],
          filters: 1,
          kernelSize: 1,
          kernelInitializer: layers.initializers.constant({ value: 1 }),
        }),
      ],
    });
    const [x, y] = [normal([5, 6, 5, 1], 1), mask(normal([5, 6, 5, 1], 1), 2)];
    model.compile({ optimizer: tf.train.adam(0.1), loss: tfLoss(tf, bce()), metrics: [tfDice(tf), tfIou(tf)] });
    const { history } = await model.fit(x, y, {
      epochs: 2,
      batchSize: 2,
      validationData: [x, y],
      callbacks: tfSetScores(tf, model, { x, y }),
      verbose: 0,
    });
    const last = (name: string) => (history[name] as number[])[1];
    const yPred = model.predict(x) as Tensor4D;
    // Batches of 2, 2 and 1 images: the mean over images all the same.
    expect(last("val_dice")).toBeCloseTo(meanOfImages(y, yPred, diceScore, 0), 5);
    expect(last("val_iou")).toBeCloseTo(meanOfImages(y, yPred, iouScore, 0), 5);
    const [counts] = await tfSetCounts(tf, model, { x, y });
    expect(last("set_dice")).toBe(diceScore(counts));
    expect(last("set_iou")).toBe(iouScore(counts));
    expect(last("set_dice")).not.toBeCloseTo(last("val_dice"), 3);
    expect(history.dice).toHaveLength(2);
  });
});

describe("refusals", () => {
  beforeEach(() => useBackend("cpu"));
  const model = { predict: (x: Tensor) => x };

  it.each([0, 1, -3, Number.NaN])("threshold %d", (threshold) => {
    expect(() => tfDice(tf, { threshold })).toThrow(/threshold is .*above 0 and below 1/);
    expect(() => tfSetScores(tf, model, { x: tf.zeros([1]), y: tf.zeros([1]) }, { threshold })).toThrow(/threshold/);
  });

  it.each([
    {
      what: "no space",
      set: () => ({ x: tf.zeros([2, 1]), y: tf.zeros([2, 1]) }),
      options: {},
      message: /\[batch, \.\.\.space, classes\]/,
    },
    {
      what: "fewer targets",
      set: () => ({ x: tf.zeros([2, 3, 3, 1]), y: tf.zeros([1, 3, 3, 1]) }),
      options: {},
      message: /x holds 2 images and y 1/,
    },
    {
      what: "a batch of none",
      set: () => ({ x: tf.zeros([2, 3, 3, 1]), y: tf.zeros([2, 3, 3, 1]) }),
      options: { batchSize: 0 },
      message: /batchSize is 0/,
    },
    {
      what: "an empty set",
      set: () => ({ x: tf.zeros([0, 3, 3, 1]), y: tf.zeros([0, 3, 3, 1]) }),
      options: {},
      message: /no batch/,
    },
    {
      what: "batches of another form",
      set: () => ({ iterator: async () => ({ next: async () => ({ value: [1, 2], done: false }) }) }),
      options: {},
      message: /\{ xs, ys \}/,
    },
  ])("$what", async ({ set, options, message }) => {
    await expect(tfSetCounts(tf, model, set(), options)).rejects.toThrow(message);
  });

  it("a model of two outputs", async () => {
    const two = { predict: (x: Tensor) => [x, x] };
    await expect(tfSetCounts(tf, two, { x: tf.zeros([1, 3, 3, 1]), y: tf.zeros([1, 3, 3, 1]) })).rejects.toThrow(
      /2 outputs/,
    );
  });
});
