import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { randomStream } from "../../src/random-stream.js";
import { createNetwork, initialParameters, type Layer, layOut, type Network } from "../../src/training/architecture.js";
import { inferenceGraph } from "../../src/training/forward-graph.js";
import { createSession, loadRuntime } from "../../src/training/runtime.js";
import { createTrainableNetwork, type TrainableNetwork } from "../../src/training/trainable-network.js";
import { referenceLogits } from "./reference-network.js";

const BATCH = 2;
const CROP = 8;
const { normal } = randomStream("gradient test");
const normals = (length: number) => Float32Array.from({ length }, () => normal());

/** A layer from one value to another, with two channels in and three out unless said otherwise. */
function layer(
  kind: "block" | "pool" | "up" | "head",
  input: string,
  output: string,
  inputChannels: number,
  outputChannels: number,
  level: number,
): Layer {
  return { kind, input, output, inputChannels, outputChannels, level };
}
const head = (input: string, channels: number) => layer("head", input, "logits", channels, 2, 0);
const first = layer("block", "image", "first", 2, 3, 0);

/** Each kind of layer in the smallest network that passes a slope through it, then all of them in a U-Net. */
const NETWORKS: readonly (readonly [string, Network])[] = [
  ...(
    [
      ["head", [head("image", 2)]],
      ["block", [first, layer("block", "first", "second", 3, 4, 0), head("second", 4)]],
      [
        "pool and up",
        [first, layer("pool", "first", "small", 3, 3, 1), layer("up", "small", "large", 3, 2, 0), head("large", 2)],
      ],
      [
        "concat, of a value that two layers read",
        [
          first,
          layer("block", "first", "second", 3, 2, 0),
          {
            kind: "concat",
            input: "second",
            skip: "first",
            output: "both",
            inputChannels: 2,
            outputChannels: 5,
            level: 0,
          },
          head("both", 5),
        ],
      ],
    ] as const
  ).map(
    ([name, layers]) =>
      [name, layOut({ inputChannels: 2, outputChannels: 2, baseChannels: 3, depth: 1 }, layers)] as const,
  ),
  ["U-Net", createNetwork({ inputChannels: 2, outputChannels: 2, baseChannels: 2, depth: 2 })],
];

describe.each(NETWORKS)("the graphs of a network: %s", (_, network) => {
  const size = { batch: BATCH, height: CROP, width: CROP };
  const image = normals(BATCH * 2 * CROP * CROP);
  // Scales and shifts away from 1 and 0, where a mistake in them would not show.
  const parameters = initialParameters(network, randomStream("weights", 1)).map((value) => value + 0.1 * normal());
  // A loss whose slopes along the logits are these numbers, whatever the logits.
  const slopes = normals(BATCH * 2 * CROP * CROP);
  let trainable: TrainableNetwork;
  let logits: Float32Array;
  let gradient: Float32Array;
  const run = async () => {
    const result = await trainable.lossAndGradient(parameters, image, (values) => {
      logits = values.slice();
      return { value: 0, gradient: slopes };
    });
    return result.gradient.slice();
  };
  beforeAll(async () => {
    trainable = await createTrainableNetwork(network, { batch: BATCH, crop: CROP });
    gradient = await run();
  });
  afterAll(() => trainable.release());

  it("give the logits of the float64 reference", () => {
    expectClose(logits, referenceLogits(network, Float64Array.from(parameters), image, size));
  });

  it.each(network.parameters.map(({ name, offset, size: length }) => [name, offset, length] as const))(
    "give the slopes along %s",
    (_name, offset, length) => {
      const measured = new Float64Array(length);
      const moved = Float64Array.from(parameters);
      const valueWith = (i: number, value: number) => {
        moved[i] = value;
        return referenceLogits(network, moved, image, size).reduce((sum, z, k) => sum + z * slopes[k], 0);
      };
      for (let i = 0; i < length; i++) {
        const at = parameters[offset + i];
        measured[i] = (valueWith(offset + i, at + STEP) - valueWith(offset + i, at - STEP)) / (2 * STEP);
        moved[offset + i] = at;
      }
      expect(measured.some((slope) => Math.abs(slope) > 0.01)).toBe(true);
      expectClose(gradient.subarray(offset, offset + length), measured);
    },
  );

  it("give the same bits again", async () => {
    expect(await run()).toEqual(gradient);
  });
});

/**
 * Step of the central differences, in float64: rounding leaves 1e-16 · 100 / 1e-6 = 1e-8 of noise, and a kink of leaky ReLU or pooling rarely lies
 * within so short a step.
 */
const STEP = 1e-6;

/** Float32 has 6e-8; sums over hundreds of terms and six layers may lose a few hundred times that, relative to the largest entry. */
const TOLERANCE = 2e-5;

function expectClose(actual: Float32Array, expected: Float64Array): void {
  expect(actual).toHaveLength(expected.length);
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(actual[i] - value)), 0);
  expect(worst).toBeLessThanOrEqual(TOLERANCE * largest);
}

describe("on an image that is the same everywhere", () => {
  const network = createNetwork({ inputChannels: 1, outputChannels: 1, baseChannels: 4, depth: 3 });

  it.each([0, -1.5, 1e4])("of %d the gradient is finite", async (level) => {
    // With 3 poolings the lowest level has one pixel, whose variance is 0 whatever the image.
    const trainable = await createTrainableNetwork(network, { batch: BATCH, crop: CROP });
    const image = new Float32Array(BATCH * CROP * CROP).fill(level);
    const parameters = initialParameters(network, randomStream("weights", 1));
    const slopes = normals(BATCH * CROP * CROP);
    const { gradient } = await trainable.lossAndGradient(parameters, image, (logits) => {
      expect(logits.every(Number.isFinite)).toBe(true);
      return { value: 0, gradient: slopes };
    });
    expect(gradient.every(Number.isFinite)).toBe(true);
    await trainable.release();
  });
});

describe("the inference graph", () => {
  it.each([1, 3])(
    "gives the probabilities of the float64 reference with %d output channels",
    async (outputChannels) => {
      const network = createNetwork({ inputChannels: 2, outputChannels, baseChannels: 2, depth: 2 });
      const parameters = initialParameters(network, randomStream("weights", 2)).map((value) => value + 0.1 * normal());
      const runtime = await loadRuntime();
      const session = await createSession(runtime, inferenceGraph(network, parameters));
      // The sizes are free in one and the same session.
      for (const size of [
        { batch: 1, height: 8, width: 12 },
        { batch: 3, height: 20, width: 4 },
      ]) {
        const { batch, height, width } = size;
        const pixels = height * width;
        const image = normals(batch * 2 * pixels);
        const { probabilities } = await session.run({
          image: new runtime.Tensor("float32", image, [batch, 2, height, width]),
        });
        const logits = referenceLogits(network, Float64Array.from(parameters), image, size);
        const exp = logits.map(Math.exp);
        const expected = exp.map((e, i) => {
          if (outputChannels === 1) return e / (1 + e);
          const start = Math.floor(i / (outputChannels * pixels)) * outputChannels * pixels + (i % pixels);
          let total = 0;
          for (let c = 0; c < outputChannels; c++) total += exp[start + c * pixels];
          return e / total;
        });
        expect(probabilities.dims).toEqual([batch, outputChannels, height, width]);
        expectClose(probabilities.data as Float32Array, expected);
      }
      await session.release();
    },
  );
});
