// Which head a loss trains, what it may be given with a call, and that the rest of the network is the same for all.

import { add, bce, ce, defineLoss, dice, diceCe, lovaszHinge, mumfordShah } from "losskit";
import { describe, expect, it } from "vitest";
import { randomStream } from "../../src/random-stream.js";
import { createNetwork, initialParameters } from "../../src/training/architecture.js";
import { chooseHead, fieldsFor } from "../../src/training/head.js";
import { train } from "../../src/training/train.js";
import { discs, settings } from "./small-datasets.js";

const SIGMOID = { channels: 1, activation: "sigmoid" };
const two = { channels: 2, activation: "softmax" };
const three = { channels: 3, activation: "softmax" };

describe("the head", () => {
  it("is one sigmoid for one class, and a softmax of two where a loss compares channels", () => {
    expect(chooseHead(dice(), ["lesion"])).toEqual({ head: SIGMOID });
    expect(chooseHead(bce(), ["lesion"])).toEqual({ head: SIGMOID });
    expect(chooseHead(diceCe(), ["lesion"])).toEqual({ head: two });
    expect(chooseHead(add(dice(), ce()), ["lesion"])).toEqual({ head: two });
  });

  it("is a softmax with the background for several classes", () => {
    expect(chooseHead(dice(), ["left", "right"])).toEqual({ head: three });
    expect(chooseHead(bce(), ["left", "right"])).toMatchObject({ refusal: expect.stringContaining("softmax") });
  });

  it("says of each head why a sum that fits none cannot train it", () => {
    const choice = chooseHead(add(bce(), ce()), ["lesion"]);
    expect(choice).toEqual({
      refusal: expect.stringMatching(
        /cannot take activation "sigmoid".* \(1 sigmoid channel\); .*cannot take activation "softmax".* \(2 softmax channels\)$/u,
      ),
    });
    expect(chooseHead(lovaszHinge(), ["a", "b"])).not.toHaveProperty("head");
  });

  it("has the weights before it in common with every other", () => {
    const first = (outputChannels: number) => {
      const shape = { inputChannels: 1, outputChannels, baseChannels: 4, depth: 2 };
      const network = createNetwork(shape);
      const head = network.parameters.findIndex(({ name }) => name.startsWith("logits"));
      const end = network.parameters[head].offset;
      return initialParameters(network, randomStream("weights", 1)).subarray(0, end);
    };
    expect(first(2)).toEqual(first(1));
    expect(first(1).length).toBeGreaterThan(1000);
  });

  it("of two channels learns one class", async () => {
    const dataset = discs({ height: 40, width: 56 });
    const model = await train({ dataset, loss: diceCe(), settings: { ...settings, steps: 60, crop: 32 } });
    const testCase = await dataset.load("test-0");
    const found = await model.predict(testCase);
    await model.release();
    const both = found.filter((label, i) => label === 1 && testCase.labels[i] === 1).length;
    const either = found.filter((label, i) => label === 1 || testCase.labels[i] === 1).length;
    expect(both / either).toBeGreaterThan(0.7);
  });
});

describe("fields", () => {
  it("give a loss the first channel of what the network sees", () => {
    // Two images of two channels with three voxels.
    const image = Float32Array.of(1, 2, 3, 10, 20, 30, 4, 5, 6, 40, 50, 60);
    expect(fieldsFor(mumfordShah(), image, { batch: 2, voxels: 3 })).toEqual({
      fields: { image: Float32Array.of(1, 2, 3, 4, 5, 6) },
    });
    expect(fieldsFor(dice(), image, { batch: 2, voxels: 3 })).toEqual({});
  });

  it("that training does not have are a reason to refuse", () => {
    const guided = defineLoss({
      ...bce.definition,
      name: "guided",
      formula: "loss = mean(guide * (p - y)^2)",
      fields: { guide: "voxel" },
    });
    expect(chooseHead(guided(), ["lesion"])).toEqual({ refusal: expect.stringContaining('the array "guide"') });
  });
});
