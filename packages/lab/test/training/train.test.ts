import { add, bce, bceDice, ce, dice, type Loss, lovaszHinge } from "losskit";
import * as ort from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { scoreCase } from "../../src/experiment/score.js";
import { train } from "../../src/training/train.js";
import { discs, halves, settings } from "./small-datasets.js";

const odd = discs({ height: 37, width: 50 });

const learning = { ...settings, steps: 200, crop: 32, baseChannels: 8, peakRate: 0.01 };

describe("training", () => {
  it("learns a disc, and predicts images of any size", async () => {
    const model = await train({ dataset: odd, loss: bceDice(), settings: learning });
    const diceOf = async (id: string) => {
      const testCase = await odd.load(id);
      const prediction = await model.predict(testCase);
      expect(prediction).toHaveLength(37 * 50);
      return scoreCase(testCase, prediction, odd.classes)[0].dice;
    };
    for (const id of odd.splits.train) expect(await diceOf(id)).toBeGreaterThan(0.95);
    // Three discs teach a little less about others.
    for (const id of odd.splits.test) expect(await diceOf(id)).toBeGreaterThan(0.9);
    expect(model.curve).toHaveLength(learning.steps);
    expect(model.curve[learning.steps - 1].loss).toBeLessThan(0.3 * model.curve[0].loss);
    await model.release();
  });

  it("learns several classes of a volume, slice by slice", async () => {
    const dataset = halves();
    const model = await train({ dataset, loss: ce(), settings: { ...learning, crop: 16 } });
    const testCase = await dataset.load("test-0");
    const scores = scoreCase(testCase, await model.predict(testCase), dataset.classes);
    for (const { dice } of scores) expect(dice).toBeGreaterThan(0.9);
    await model.release();
  });

  it("scores the validation split a few times on the way, and at the end", async () => {
    const dataset = { ...odd, splits: { ...odd.splits, validation: ["held-0", "held-1"] } };
    const short = { ...settings, steps: 60, crop: 32 };
    const model = await train({ dataset, loss: bceDice(), settings: short });
    expect(model.validation.map(({ step }) => step)).toEqual([15, 30, 45, 60]);
    const scores: number[] = [];
    for (const id of dataset.splits.validation) {
      const held = await dataset.load(id);
      scores.push(scoreCase(held, await model.predict(held), dataset.classes)[0].dice ?? Number.NaN);
    }
    // The last score is that of the network that comes out.
    expect(model.validation[3].dice).toBeCloseTo((scores[0] + scores[1]) / 2, 12);
    expect(model.validation[3].dice).toBeGreaterThan(0.7);
    // And to look at them changes nothing.
    const blind = await train({ dataset: odd, loss: bceDice(), settings: short });
    expect(blind.validation).toEqual([]);
    expect(blind.curve).toEqual(model.curve);
    await model.release();
    await blind.release();
  });

  it("shows every loss the same crops, step by step, and the same first weights", async () => {
    const seen = async (loss: Loss) => {
      const labels: Uint8Array[] = [];
      const logits: Float32Array[] = [];
      const watched: Loss = {
        ...loss,
        valueAndGradient(given, target, call) {
          labels.push((target as Uint8Array).slice());
          if (logits.length === 0) logits.push(Float32Array.from(given));
          return loss.valueAndGradient(given, target, call);
        },
      };
      const model = await train({ dataset: odd, loss: watched, settings: { ...settings, steps: 6 } });
      await model.release();
      return { labels, firstLogits: logits[0], lastLoss: model.curve[5].loss };
    };
    const [first, second] = [await seen(bce()), await seen(bceDice())];
    expect(second.labels).toEqual(first.labels);
    expect(second.firstLogits).toEqual(first.firstLogits);
    expect(new Set(first.labels.map((labels) => labels.join()))).toHaveProperty("size", 6);
    expect(second.lastLoss).not.toBe(first.lastLoss);
  });

  it("gives the same numbers twice from one seed, and others from another", async () => {
    const short = { ...settings, steps: 4 };
    const run = async (seed: number) => {
      const model = await train({ dataset: odd, loss: bce(), settings: { ...short, seed } });
      await model.release();
      return { curve: model.curve, onnx: model.onnx };
    };
    const first = await run(1);
    expect(await run(1)).toEqual(first);
    expect((await run(2)).curve).not.toEqual(first.curve);
  });

  it("takes the loss of each step where it changes, from step 0", async () => {
    const asked: number[] = [];
    const [first, second] = [bce(), dice()];
    const lossAt = (step: number) => {
      asked.push(step);
      return step < 2 ? first : second;
    };
    const short = { ...settings, steps: 4 };
    const curveOf = async (loss: Loss | typeof lossAt) => {
      const model = await train({ dataset: odd, loss, settings: short });
      await model.release();
      return model.curve.map((point) => point.loss);
    };
    const changing = await curveOf(lossAt);
    const constant = await curveOf(first);
    expect([...new Set(asked)]).toEqual([0, 1, 2, 3]);
    expect(changing.slice(0, 2)).toEqual(constant.slice(0, 2));
    expect(changing[2]).not.toBe(constant[2]);
    // Dice loss is at most 1; cross entropy of a network that knows nothing is about ln 2.
    expect(changing[2]).toBeLessThanOrEqual(1);
  });

  it("saves a model that plain ONNX Runtime runs, with the same prediction", async () => {
    const dataset = discs({ height: 14, width: 13 });
    const model = await train({ dataset, loss: bce(), settings: { ...settings, steps: 5 } });
    const testCase = await dataset.load("test-0");
    const prediction = await model.predict(testCase);
    const session = await ort.InferenceSession.create(model.onnx);
    // In the middle of a tile as large as a crop, its border repeated.
    const tile = new Float32Array(16 * 16);
    const clamp = (place: number, extent: number) => Math.min(extent - 1, Math.max(0, place));
    for (let i = 0; i < 256; i++) {
      tile[i] = testCase.image[clamp(Math.floor(i / 16) - 1, 14) * 13 + clamp((i % 16) - 1, 13)];
    }
    const { probabilities } = await session.run({ image: new ort.Tensor("float32", tile, [1, 1, 16, 16]) });
    const p = probabilities.data as Float32Array;
    const plain = Uint8Array.from({ length: 14 * 13 }, (_, i) =>
      p[(Math.floor(i / 13) + 1) * 16 + (i % 13) + 1] >= 0.5 ? 1 : 0,
    );
    expect(plain).toEqual(prediction);
    // The same file takes images of other sizes and more than one.
    const larger = new ort.Tensor("float32", new Float32Array(2 * 24 * 40), [2, 1, 24, 40]);
    expect((await session.run({ image: larger })).probabilities.dims).toEqual([2, 1, 24, 40]);
    await model.release();
  });

  it("does not learn from outside the region of interest", async () => {
    const dataset = discs({ height: 32, width: 32, regionOfInterest: true });
    const spoiled = {
      ...dataset,
      load: async (id: string) => {
        const whole = await dataset.load(id);
        return { ...whole, labels: whole.labels.map((label, i) => (i % 32 < 16 ? label : 1 - label)) };
      },
    };
    const run = async (set: typeof dataset) => {
      const model = await train({ dataset: set, loss: bce(), settings: { ...settings, steps: 3 } });
      await model.release();
      return model.curve;
    };
    expect(await run(spoiled)).toEqual(await run(dataset));
  });
});

describe("what cannot be trained", () => {
  it("refuses a loss that cannot take the head, before anything runs", async () => {
    await expect(train({ dataset: halves(), loss: lovaszHinge(), settings })).rejects.toMatchObject({
      code: "INCOMPATIBLE_LOSS",
    });
    const torn = add(bce(), ce());
    await expect(train({ dataset: odd, loss: torn, settings })).rejects.toMatchObject({ code: "INCOMPATIBLE_LOSS" });
  });

  it("refuses a crop that the poolings do not divide", async () => {
    await expect(train({ dataset: odd, loss: bce(), settings: { ...settings, crop: 18 } })).rejects.toThrow(
      /crop is 18.*multiple of 4/,
    );
  });

  it("says at which step it diverged", async () => {
    const loss = bce();
    let calls = 0;
    const breaking = {
      ...loss,
      valueAndGradient: (...args: Parameters<typeof loss.valueAndGradient>) => {
        const result = loss.valueAndGradient(...args);
        return ++calls < 3 ? result : { ...result, gradient: result.gradient.map(() => Number.NaN) };
      },
    } as typeof loss;
    await expect(train({ dataset: odd, loss: breaking, settings })).rejects.toMatchObject({
      code: "DIVERGED",
      message: expect.stringContaining("step 3"),
    });
  });

  it("says so where a rate is so high that the weights overflow", async () => {
    await expect(train({ dataset: odd, loss: bce(), settings: { ...settings, peakRate: 1e30 } })).rejects.toMatchObject(
      { code: "DIVERGED", message: expect.stringMatching(/at step \d+.*--rate/) },
    );
  });

  it("refuses a data set without training cases", async () => {
    const dataset = { ...odd, splits: { ...odd.splits, train: [] } };
    await expect(train({ dataset, loss: bce(), settings })).rejects.toMatchObject({ code: "BAD_DATASET" });
  });

  it("stops when it is asked to", async () => {
    const controller = new AbortController();
    const steps: number[] = [];
    const onStep = (step: number) => {
      steps.push(step);
      if (step === 2) controller.abort();
    };
    await expect(
      train({ dataset: odd, loss: bce(), settings, onStep, signal: controller.signal }),
    ).rejects.toMatchObject({ code: "INTERRUPTED" });
    expect(steps).toEqual([1, 2]);
  });
});
