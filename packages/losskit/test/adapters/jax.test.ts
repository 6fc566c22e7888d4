// losskit in jax-js, on its WebAssembly backend: losskit's own value and gradient, carried through a model as jax-js' own derivatives are.

import * as jax from "@jax-js/jax";
import { bce, ce, dice, lossFromFormula } from "losskit";
import { type JaxLossOptions, jaxLoss } from "losskit/jax";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";

const { numpy: np, lax, nn } = jax;
type JaxArray = jax.Array;

const SHAPE = [2, 3, 8, 8];
const LABELS = Uint8Array.from({ length: 2 * 64 }, (_, i) => (i * 7) % 3);
const MASK = LABELS.map((label) => Math.min(label, 1));
const numbers = (length: number, seed: number) =>
  Float32Array.from({ length }, (_, i) => 2 * Math.sin(i * 12.9898 + seed));
const tensor = (shape: readonly number[], seed: number) =>
  np.array(
    numbers(
      shape.reduce((a, b) => a * b, 1),
      seed,
    ),
    { shape: [...shape] },
  );
const valuesOf = async (array: JaxArray) => [...((await array.data()) as Float32Array)];

function expectClose(found: readonly number[], expected: ArrayLike<number>, tolerance: number): void {
  const largest = Math.max(...Array.from(expected, Math.abs));
  expect(found.length).toBe(expected.length);
  for (let i = 0; i < found.length; i++) expect(Math.abs(found[i] - expected[i])).toBeLessThan(tolerance * largest);
}

beforeAll(async () => {
  await jax.init("wasm");
  jax.defaultDevice("wasm");
});
afterEach(() => vi.restoreAllMocks());

describe("jaxLoss", () => {
  it("gives losskit's value and gradient, bit for bit", async () => {
    const logits = tensor(SHAPE, 1);
    const expected = dice().valueAndGradient(numbers(384, 1), LABELS, { shape: SHAPE, activation: "softmax" });
    const { value, cotangent } = await jaxLoss(jax, dice())(logits, LABELS);
    expect(value).toBe(expected.value);
    expect(cotangent.shape).toEqual(SHAPE);
    expect(await valuesOf(cotangent)).toEqual([...expected.gradient]);
  });

  it("takes one channel by the sigmoid, and options of the call before those of the adapter", async () => {
    const shape = [2, 1, 8, 8];
    const weights = numbers(128, 5).map(Math.abs);
    const call = { shape, activation: "sigmoid", ignore: 1, weights } as const;
    const expected = bce().value(numbers(128, 1), MASK, call);
    const loss = jaxLoss(jax, bce(), { ignore: 1, weights: weights.map((w) => w / 2) });
    const { value, cotangent } = await loss(tensor(shape, 1), MASK, { weights });
    cotangent.dispose();
    expect(value).toBe(expected);
  });

  it("carries the gradient through a convolution as jax-js' own derivative of the same loss", async () => {
    const image = tensor([2, 2, 8, 8], 2);
    const filters = tensor([3, 2, 3, 3], 3);
    const model = (w: JaxArray) => lax.convGeneralDilated(image.ref, w, [1, 1], "SAME");
    const [logits, pull] = jax.vjp(model, [filters.ref]);
    const { value, cotangent } = await jaxLoss(jax, ce())(logits, LABELS);
    const [slopes] = pull(cotangent);

    const hot = Float32Array.from({ length: 384 }, (_, i) =>
      Number(LABELS[Math.floor(i / 192) * 64 + (i % 64)] === Math.floor(i / 64) % 3),
    );
    const target = np.array(hot, { shape: SHAPE });
    const composed = (w: JaxArray) => np.sum(nn.logSoftmax(model(w), 1).mul(target.ref)).mul(-1 / 128);
    const [own, ownSlopes] = jax.valueAndGrad(composed)(filters);
    expectClose(await valuesOf(own), [value], 1e-6);
    expectClose(await valuesOf(slopes), await valuesOf(ownSlopes), 1e-5);
  });

  it("trains: the loss falls along the slopes", async () => {
    const image = tensor([2, 1, 8, 8], 4);
    const mask = numbers(128, 4).map((x) => Number(x > 0));
    const loss = jaxLoss(jax, lossFromFormula("1 - 2*sum(p*y) / (sum(p) + sum(y))"));
    let weight = np.array([0.1]);
    const values: number[] = [];
    for (let step = 0; step < 5; step++) {
      const [logits, pull] = jax.vjp((w: JaxArray) => image.ref.mul(w), [weight.ref]);
      const { value, cotangent } = await loss(logits, mask);
      const [slope] = pull(cotangent);
      weight = weight.sub(slope.mul(5));
      values.push(value);
    }
    expect(values).toEqual([...values].sort((a, b) => b - a));
    expect(values[4]).toBeLessThan(values[0] - 0.1);
  });

  it("warns once of large images, refuses them, or says nothing, as it is asked", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const large = [3, 1, 128, 128];
    const mask = new Uint8Array(3 * 128 * 128);
    const call = async (loss: ReturnType<typeof jaxLoss>, shape = large) =>
      (await loss(np.zeros(shape), mask.subarray(0, shape[0] * 128 * 128))).cotangent.dispose();
    await call(jaxLoss(jax, bce()), [2, 1, 128, 128]);
    await call(jaxLoss(jax, bce(), { largeImages: "ignore" }));
    expect(warn).not.toHaveBeenCalled();
    const loss = jaxLoss(jax, bce());
    await call(loss);
    await call(loss);
    expect(warn).toHaveBeenCalledOnce();
    expect(warn.mock.calls[0][0]).toMatch(/^losskit: the logits are \[3,1,128,128\].*32768 voxels/);
    await expect(call(jaxLoss(jax, bce(), { largeImages: "refuse" }))).rejects.toMatchObject({ code: "UNSUPPORTED" });
  });

  it("refuses numbers that are no float32, and options that there are not", async () => {
    const loss = jaxLoss(jax, bce());
    const whole = np.array(new Int32Array(128), { shape: [2, 1, 8, 8] });
    await expect(loss(whole, MASK)).rejects.toMatchObject({
      code: "ARRAY",
      message: expect.stringMatching(/int32.*float32/),
    });
    await expect(loss(tensor([2, 1, 8, 8], 1), MASK.subarray(1))).rejects.toMatchObject({ code: "ARRAY" });
    const options = { largeImages: "shrink" } as unknown as JaxLossOptions;
    expect(() => jaxLoss(jax, bce(), options)).toThrow(/"shrink".*"warn", "refuse" or "ignore"/);
  });
});
