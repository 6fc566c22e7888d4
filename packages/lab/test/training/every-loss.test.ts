// Every loss of the catalogue trains a network on phantoms of small lesions, and nothing stops being finite.

import type { Loss } from "losskit";
import { allLosses } from "losskit/losses";
import { describe, expect, it } from "vitest";
import type { Case, Dataset } from "../../src/datasets/dataset.js";
import { phantomDataset } from "../../src/datasets/phantoms/phantom-dataset.js";
import { randomStream } from "../../src/random-stream.js";
import { createNetwork, initialParameters } from "../../src/training/architecture.js";
import { inferenceGraph } from "../../src/training/forward-graph.js";
import { chooseHead } from "../../src/training/head.js";
import { train } from "../../src/training/train.js";

/** Lesion phantoms, made once; every crop sees some lesion or none, as they come. */
const lesions = phantomDataset("lesions", { seed: 5, train: 3, validation: 0, test: 1, dials: { foregroundScale: 4 } });
const cases = new Map<string, Promise<Case>>();
const dataset: Dataset = {
  ...lesions,
  load(id) {
    const known = cases.get(id) ?? lesions.load(id);
    cases.set(id, known);
    return known;
  },
};
const settings = { steps: 30, batch: 2, crop: 32, seed: 1, peakRate: 0.01, baseChannels: 4, depth: 2 };

/** The network as it is before its first step. */
function untrained(channels: number): Uint8Array {
  const { baseChannels, depth, seed } = settings;
  const network = createNetwork({ inputChannels: 1, outputChannels: channels, baseChannels, depth });
  return inferenceGraph(network, initialParameters(network, randomStream("weights", seed)));
}

const channelsOf = (loss: Loss): number => {
  const choice = chooseHead(loss, dataset.classes);
  return "head" in choice ? choice.head.channels : 0;
};

describe("30 steps on small lesions", () => {
  it.each(allLosses.map((factory) => [factory.definition.name, factory] as const))("%s", async (_, factory) => {
    const loss = factory();
    const model = await train({ dataset, loss, settings });
    await model.release();
    const values = model.curve.map((point) => point.loss);
    expect(values).toHaveLength(settings.steps);
    expect(values.filter((value) => !Number.isFinite(value))).toEqual([]);
    // A loss without a slope would leave the weights as they were.
    expect(Buffer.compare(model.onnx, untrained(channelsOf(loss)))).not.toBe(0);
  });

  it("of which some need a head of two channels, and some a head of one", () => {
    const channels = new Set(allLosses.map((factory) => channelsOf(factory())));
    expect(channels).toEqual(new Set([1, 2]));
  });
});
