// enableWasmTraining: gradients of convolutions against those of tfjs's cpu backend, memory, what it refuses.

import type { Rank, Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import { bceDice, LosskitError } from "losskit";
import { enableWasmTraining, tfLoss } from "losskit/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { reservedBytes } from "../../src/backends/wasm/memory.js";
import { tf, useBackend } from "./tfjs-backends.js";

type Padding = Parameters<typeof tf.conv2d>[3];

/** Of the largest number of the expected ones. */
const TOLERANCE = 1e-5;

function expectClose(actual: Float32Array, expected: Float32Array, what: string) {
  expect(actual.length, what).toBe(expected.length);
  const scale = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  const error = expected.reduce((largest, value, i) => Math.max(largest, Math.abs(value - actual[i])), 0);
  expect(scale, what).toBeGreaterThan(0);
  expect(error / scale, what).toBeLessThanOrEqual(TOLERANCE);
}

/** Gradients of sum(f(a, b) × slope) along both, as plain numbers: on a backend whose arrays are its own. */
async function gradientsOn(
  backend: string,
  f: (a: Tensor4D, b: Tensor4D) => Tensor,
  shapes: readonly [number[], number[]],
): Promise<Float32Array[]> {
  await useBackend(backend);
  const drawn = shapes.map((shape, i) =>
    tf.randomNormal<Rank.R4>(shape as [number, number, number, number], 0, 1, "float32", 7 + i),
  );
  const [a, b] = drawn;
  const slope = tf.tidy(() => tf.randomNormal(f(a, b).shape, 0, 1, "float32", 3));
  const gradients = tf.grads((...args) => tf.sum(tf.mul(f(args[0] as Tensor4D, args[1] as Tensor4D), slope)))(drawn);
  const numbers = gradients.map((gradient) => gradient.dataSync() as Float32Array);
  tf.dispose([...drawn, slope, ...gradients]);
  return numbers;
}

async function compare(f: (a: Tensor4D, b: Tensor4D) => Tensor, shapes: readonly [number[], number[]]) {
  const expected = await gradientsOn("cpu", f, shapes);
  const actual = await gradientsOn("wasm", f, shapes);
  ["input", "filter"].forEach((name, i) => {
    expectClose(actual[i], expected[i], `gradient along the ${name}`);
  });
}

const UNEVEN: [number, number][] = [
  [0, 0],
  [1, 0],
  [0, 2],
  [0, 0],
];
const PADDINGS: readonly { readonly name: string; readonly pad: Padding }[] = [
  { name: "same", pad: "same" },
  { name: "valid", pad: "valid" },
  { name: "1", pad: 1 },
  { name: "uneven", pad: UNEVEN as Padding },
];
// With a number as padding, tfjs computes the output's width with the stride of the height, and its WebAssembly then writes beyond it.
const CASES = ([1, 2, 3, [2, 1]] as ([number, number] | number)[])
  .flatMap((stride) => PADDINGS.map((padding) => ({ stride, ...padding })))
  .filter(({ stride, pad }) => typeof stride === "number" || typeof pad !== "number");

describe("enableWasmTraining", () => {
  beforeAll(() => enableWasmTraining(tf));

  describe.each([1, 2, 3, 4])("filters of %d", (size) => {
    it.each(CASES)("stride $stride, padding $name", async ({ stride, pad }) => {
      // Odd numbers of channels, sizes that strides do not divide.
      await compare(
        (x, filter) => tf.conv2d(x, filter, stride, pad),
        [
          [2, 9, 8, 3],
          [size, size, 3, 5],
        ],
      );
    });
  });

  it("filters that are not square", async () => {
    await compare(
      (x, filter) => tf.conv2d(x, filter, 1, "same"),
      [
        [1, 5, 7, 2],
        [3, 1, 2, 3],
      ],
    );
  });

  it("padding wider than the filter, of which some is cut away again", async () => {
    await compare(
      (x, filter) => tf.conv2d(x, filter, 1, 2),
      [
        [1, 5, 7, 2],
        [2, 2, 2, 3],
      ],
    );
  });

  it.each([
    { size: 2, stride: 2, pad: "valid" as const },
    { size: 3, stride: 2, pad: "same" as const },
    { size: 3, stride: 1, pad: "same" as const },
    { size: 4, stride: 4, pad: "valid" as const },
  ])("transposed convolutions, filter $size, stride $stride", async ({ size, stride, pad }) => {
    await compare(
      (x, filter) => tf.conv2dTranspose(x, filter, [2, 4 * stride, 3 * stride, 5], stride, pad),
      [
        [2, 4, 3, 3],
        [size, size, 5, 3],
      ],
    );
  });

  it("convolutions that tfjs fuses with bias and activation", async () => {
    await compare(
      (x, filter) => tf.fused.conv2d({ x, filter, strides: 1, pad: "same", bias: tf.ones([5]), activation: "relu" }),
      [
        [2, 6, 6, 3],
        [3, 3, 3, 5],
      ],
    );
  });

  /** A network with one convolution of each kind; gives its step, and ends its tensors. */
  function smallNetwork() {
    const weights = (shape: [number, number, number, number], seed: number) =>
      tf.variable(tf.randomNormal<Rank.R4>(shape, 0, 0.4, "float32", seed));
    const x = tf.randomNormal<Rank.R4>([2, 8, 8, 3], 0, 1, "float32", 1);
    const y = tf.cast(tf.greater(tf.slice(x, [0, 0, 0, 0], [-1, -1, -1, 1]), 0), "float32");
    const [down, across, up] = [weights([2, 2, 3, 4], 2), weights([3, 3, 4, 4], 3), weights([2, 2, 1, 4], 4)];
    const loss = tfLoss(tf, bceDice());
    const optimizer = tf.train.adam(0.01);
    const step = () => {
      const value = optimizer.minimize(
        () => {
          const middle = tf.relu(tf.conv2d(tf.relu(tf.conv2d(x, down, 2, "valid")), across, 1, "same"));
          return loss(y, tf.conv2dTranspose(middle, up, [2, 8, 8, 1], 2, "valid"));
        },
        true,
        [down, across, up],
      ) as Tensor;
      const [number] = value.dataSync();
      value.dispose();
      return number;
    };
    const end = () => {
      tf.dispose([x, y, down, across, up]);
      optimizer.dispose();
    };
    return { step, end };
  }

  it("trains as the cpu backend does", async () => {
    const traces: number[][] = [];
    for (const backend of ["cpu", "wasm"]) {
      await useBackend(backend);
      const { step, end } = smallNetwork();
      traces.push(Array.from({ length: 6 }, step));
      end();
    }
    const [cpu, wasm] = traces;
    wasm.forEach((loss, i) => {
      expect(loss).toBeCloseTo(cpu[i], 5);
    });
    expect(wasm[5]).toBeLessThan(wasm[0]);
  });

  it("forgets nothing over 300 steps", async () => {
    await useBackend("wasm");
    const { step, end } = smallNetwork();
    for (let i = 0; i < 3; i++) step();
    const { wasm } = tf.backend() as unknown as { readonly wasm: { readonly HEAPU8: Uint8Array } };
    const memory = () => {
      const { numTensors, numBytes } = tf.memory();
      // What the backend itself holds: tensors that no one counts would be here.
      return { numTensors, numBytes, data: tf.backend().numDataIds(), heap: wasm.HEAPU8.length, own: reservedBytes() };
    };
    const before = memory();
    for (let i = 0; i < 300; i++) step();
    expect(memory()).toEqual(before);
    end();
  });

  it("may be called again, and replaces its own kernels never", () => {
    const kernels = () =>
      [tf.Conv2DBackpropFilter, tf.Conv2DBackpropInput].map((name) => tf.getKernel(name, "wasm").kernelFunc);
    const before = kernels();
    enableWasmTraining(tf);
    expect(kernels()).toEqual(before);
    expect(kernels()[1]).toBe(before[1]);
  });

  it("refuses a TensorFlow.js without the backend", () => {
    const without = { ...tf, getKernel: () => undefined } as unknown as typeof tf;
    expect(() => enableWasmTraining(without)).toThrow(LosskitError);
    expect(() => enableWasmTraining(without)).toThrow(/tfjs-backend-wasm/);
  });

  it("refuses channels first, which the backend has no convolution for", async () => {
    await useBackend("wasm");
    const [x, filter] = [tf.ones<Rank.R4>([1, 3, 4, 4]), tf.ones<Rank.R4>([3, 3, 3, 2])];
    const gradient = () => tf.grad((z) => tf.sum(tf.conv2d(z as Tensor4D, filter, 1, "same", "NCHW")))(x);
    expect(gradient).toThrow(/dataFormat/);
    tf.dispose([x, filter]);
  });
});
