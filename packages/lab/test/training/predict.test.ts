import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Case } from "../../src/datasets/dataset.js";
import { randomStream } from "../../src/random-stream.js";
import { type Layer, layOut } from "../../src/training/architecture.js";
import { inferenceGraph } from "../../src/training/forward-graph.js";
import { predictCase, tileStarts } from "../../src/training/predict.js";
import { createSession, loadRuntime } from "../../src/training/runtime.js";

it("covers every extent with tiles that lie inside and share half their edge", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 1, max: 16 }), (extent, eighths) => {
      const crop = 8 * eighths;
      const starts = tileStarts(extent, crop);
      if (extent <= crop) {
        expect(starts).toHaveLength(1);
        // The image in the middle: as much before it as behind, or one less.
        const behind = crop - extent + starts[0];
        expect([0, 1]).toContain(behind + starts[0]);
        return;
      }
      expect(starts[0]).toBe(0);
      expect(starts[starts.length - 1]).toBe(extent - crop);
      for (let i = 1; i < starts.length; i++) {
        expect(starts[i] - starts[i - 1]).toBeGreaterThan(0);
        // Half an edge, and one pixel of rounding.
        expect(starts[i] - starts[i - 1]).toBeLessThanOrEqual(crop / 2 + 1);
      }
    }),
  );
});

/** A network that is one 1 × 1 convolution: what it says of a voxel depends on nothing else, so that it is known whatever the tiles. */
async function predictPointwise(weights: readonly (readonly number[])[], shape: readonly number[], crop: number) {
  const [outputChannels, inputChannels] = [weights.length, weights[0].length];
  const head: Layer = { kind: "head", input: "image", output: "logits", inputChannels, outputChannels, level: 0 };
  const network = layOut({ inputChannels, outputChannels, baseChannels: 1, depth: 0 }, [head]);
  const parameters = Float32Array.from([...weights.flat(), ...weights.map(() => 0)]);
  const voxels = shape.reduce((product, extent) => product * extent, 1);
  const { normal } = randomStream("prediction test", ...shape);
  const image = Float32Array.from({ length: inputChannels * voxels }, () => normal());
  const testCase: Case = {
    id: "noise",
    shape,
    spacing: shape.map(() => 1),
    channels: inputChannels,
    image,
    labels: new Uint8Array(voxels),
  };
  const runtime = await loadRuntime();
  const session = await createSession(runtime, inferenceGraph(network, parameters));
  const prediction = await predictCase(runtime, session, network.shape, crop, testCase);
  await session.release();
  const logit = (output: number, voxel: number) =>
    weights[output].reduce((sum, weight, channel) => sum + weight * image[channel * voxels + voxel], 0);
  return { prediction, voxels, logit };
}

/** Smaller than a tile; of several tiles, also more than go through the network at once; volumes of more slices than do. */
const CASES = [
  { crop: 16, shape: [5, 3] },
  { crop: 16, shape: [37, 50] },
  { crop: 64, shape: [150, 1100] },
  { crop: 16, shape: [9, 7, 5] },
  { crop: 64, shape: [9, 129, 130] },
].map(({ crop, shape }) => ({ crop, shape, size: shape.join(" × ") }));

describe.each(CASES)("a prediction of $size voxels in tiles of $crop", ({ shape, crop }) => {
  it("of one class is the sign of the logit at every voxel", async () => {
    const { prediction, voxels, logit } = await predictPointwise([[1, -2]], shape, crop);
    expectVoxels(prediction, voxels, (voxel) => (logit(0, voxel) >= 0 ? 1 : 0));
  });

  it("of several classes is the largest logit at every voxel", async () => {
    const weights = [
      [1, 0],
      [-1, 1],
      [0, -1],
    ];
    const { prediction, voxels, logit } = await predictPointwise(weights, shape, crop);
    expectVoxels(prediction, voxels, (voxel) => {
      const logits = weights.map((_, output) => logit(output, voxel));
      return logits.indexOf(Math.max(...logits));
    });
  });
});

/** Says where the first difference is: the test runner's own comparison of large arrays takes minutes when it fails. */
function expectVoxels(prediction: Uint8Array, voxels: number, expected: (voxel: number) => number): void {
  expect(prediction.length).toBe(voxels);
  const wrong = prediction.findIndex((label, voxel) => label !== expected(voxel));
  expect(wrong, "first voxel that differs").toBe(-1);
}
