import { bce } from "losskit";
import { afterAll, describe, expect, it } from "vitest";
import { randomStream } from "../../src/random-stream.js";
import { createNetwork, initialParameters } from "../../src/training/architecture.js";
import { createTrainableNetwork } from "../../src/training/trainable-network.js";

const BATCH = 2;
const CROP = 16;
const network = createNetwork({ inputChannels: 2, outputChannels: 1, baseChannels: 4, depth: 2 });
const { uniform } = randomStream("batches", 5);
const image = Float32Array.from({ length: BATCH * 2 * CROP * CROP }, () => 2 * uniform() - 1);
const labels = Uint8Array.from({ length: BATCH * CROP * CROP }, () => (uniform() < 0.3 ? 1 : 0));
const parameters = initialParameters(network, randomStream("weights", 1));
const trainable = await createTrainableNetwork(network, { batch: BATCH, crop: CROP });
afterAll(() => trainable.release());

const loss = bce();
const call = { shape: [BATCH, 1, CROP, CROP] };
const evaluate = async (at: Float32Array) => {
  const { value, gradient } = await trainable.lossAndGradient(at, image, (logits) =>
    loss.valueAndGradient(logits, labels, call),
  );
  return { value, gradient: gradient.slice() };
};
const { gradient } = await evaluate(parameters);

/**
 * Along a random direction within one parameter. In float32 the value carries an error of about 1e-7, so a step h gives 1e-7 / h of noise: with 2e-4 that
 * is 5e-4. The kinks of leaky ReLU and pooling that lie within the step add a few per cent of the slope; a few directions are averaged.
 */
async function slopes(offset: number, size: number): Promise<{ measured: number; computed: number }> {
  const h = 2e-4;
  let [measured, computed] = [0, 0];
  for (let direction = 0; direction < 3; direction++) {
    // The gradient's own signs, some turned: the slope is then large against the noise.
    const d = new Float32Array(parameters.length);
    for (let i = offset; i < offset + size; i++) d[i] = Math.sign(gradient[i]) * (uniform() < 0.2 ? -1 : 1);
    const scale = Math.sqrt(size);
    const moved = (step: number) => parameters.map((value, i) => value + (step * d[i]) / scale);
    measured += ((await evaluate(moved(h))).value - (await evaluate(moved(-h))).value) / (2 * h);
    for (let i = offset; i < offset + size; i++) computed += (gradient[i] * d[i]) / scale;
  }
  return { measured: measured / 3, computed: computed / 3 };
}

describe("the backward graph", () => {
  it.each(network.parameters)("gives the slope along $name", async ({ offset, size }) => {
    const { measured, computed } = await slopes(offset, size);
    expect(Math.abs(measured - computed)).toBeLessThan(0.05 * Math.abs(computed) + 5e-4);
  });

  it("gives the same bits again", async () => {
    expect((await evaluate(parameters)).gradient).toEqual(gradient);
  });

  it("is finite for an image that is the same everywhere", async () => {
    const flat = await trainable.lossAndGradient(parameters, new Float32Array(image.length), (logits) =>
      loss.valueAndGradient(logits, labels, call),
    );
    expect(flat.gradient.every(Number.isFinite)).toBe(true);
  });
});
