// Sums over objects: on kernels what they are on the reference backend, and on both what they must be.

import { describe, expect, it } from "vitest";
import type { CallOptions } from "../../src/formula/options.js";
import { lossFromFormula } from "../../src/losses/define.js";
import { centralDifferences, distance, largest, uniformSequence } from "../losses/calls.js";
import { type Head, reference, wasmCall } from "./conformance-calls.js";
import { problems, sigmoid, softmax } from "./whole-language.js";

describe("sums over objects", () => {
  const BLOB = `
    id = components(y)
    outside = sum(p * (1 - y))
    I = sum_by(id, p)
    loss = instances_mean(1 - (2*I + s) / (I + outside + sum_by(id, y) + s))`;
  const blob = lossFromFormula(BLOB, { parameters: { s: 1e-5 }, images: "each" });

  /** Squares of the classes but the first, some of which meet. */
  function squares(seed: number, head: Head, [height, width]: readonly [number, number], images = 2) {
    const voxels = height * width;
    const call = wasmCall(seed, head, voxels, images);
    const uniform = uniformSequence(seed);
    const target = new Uint8Array(images * voxels);
    for (let square = 0; square < 8 * images; square++) {
      const [image, row, column, side, label] = [images, height, width, 4, Math.max(2, head.channels) - 1].map((most) =>
        Math.floor(uniform() * most),
      );
      for (let r = row; r < Math.min(height, row + side + 1); r++) {
        for (let c = column; c < Math.min(width, column + side + 1); c++) {
          target[image * voxels + r * width + c] = label + 1;
        }
      }
    }
    return { ...call, target, options: { ...call.options, shape: [images, head.channels, height, width] } };
  }

  it.each<Head>([sigmoid(1), sigmoid(3), softmax(2), softmax(3), softmax(6)])("give the blob loss (%o)", (head) => {
    for (const space of [
      [1, 1],
      [7, 9],
      [64, 65],
      [260, 300],
    ] as const) {
      const { logits, target, options } = squares(space[0], head, space);
      expect(problems(blob, logits, target, options), `${space}`).toEqual([]);
    }
  });

  it("have a summand and a numbering of one class or all, with every reduction", () => {
    const formulas = [
      "instances_max(sum_by(components(y), -log(p)) / sum_by(components(y), y)) + mean((p - y)^2)",
      "instances_sum(log1p(sum_by(components(y), w))) * mean(p)",
      "instances_mean(sqrt(sum_by(components(classes_max(y * (class > 0))), (1 - p)^1.5 * y) + 0.1))",
      "instances_min(sum_by(components(classes_max(p * (class > 0)) > 0.5), w * classes_max(p)) + 1)",
      "instances_mean((sum_by(components(y), p * log(1 - p)))^2)",
    ];
    for (const head of [softmax(3), softmax(5), sigmoid(2)]) {
      const { logits, target, options } = squares(6, head, [64, 70]);
      const w = Float32Array.from(target, (_, i) => 0.5 + (i % 5) / 4);
      for (const text of formulas) {
        const fields = text.includes("w") ? ({ w: "voxel" } as const) : undefined;
        const loss = lossFromFormula(text, { images: "each", ...(fields && { fields }) });
        expect(problems(loss, logits, target, { ...options, ...(fields && { fields: { w } }) }), text).toEqual([]);
      }
    }
  });

  it("are those of the voxels that count, with their weights, on both backends", () => {
    const id = "id = components(y)\n loss = ";
    const ratio = lossFromFormula(`${id} instances_mean(sum_by(id, p) / (sum_by(id, y) + 1))`, { images: "each" });
    for (const head of [sigmoid(1), softmax(3)]) {
      const { logits, target, options } = squares(7, head, [40, 41]);
      const ones = new Float32Array(target.length).fill(1);
      const weights = ones.map((_, i) => 0.5 + (i % 7) / 5);
      const some = target.map((label, i) => (i % 11 === 0 ? 255 : label));
      for (const loss of [blob, ratio]) {
        for (const backend of ["reference", "wasm"] as const) {
          const plain = loss.valueAndGradient(logits, target, { ...options, backend });
          for (const same of [{ weights: ones }, { ignore: 255 }, { weights: ones, ignore: 255 }]) {
            const result = loss.valueAndGradient(logits, target, { ...options, ...same, backend });
            expect(Math.abs(result.value - plain.value)).toBeLessThan(1e-7);
            expect(distance(Float64Array.from(result.gradient), Float64Array.from(plain.gradient))).toBeLessThan(
              1e-6 * largest(plain.gradient),
            );
          }
        }
        expect(problems(loss, logits, some, { ...options, weights, ignore: 255 })).toEqual([]);
      }
    }
  });

  it("lose no digit of a nearly perfect object, and none to the object beside it", () => {
    const loss = lossFromFormula(
      "id = components(y)\n loss = instances_mean(1 - 2 * sum_by(id, p*y) / (sum_by(id, p) + sum_by(id, y)))",
      { images: "each" },
    );
    // Of an object with p everywhere 1 - 2p / (p + 1) is (1 - p) / (1 + p).
    const sides = [18, 3];
    const logits = Float32Array.from({ length: 50 }, (_, i) => (i < 20 ? sides[0] : i < 30 ? -20 : sides[1]));
    const target = Uint8Array.from({ length: 50 }, (_, i) => Number(i < 20 || i >= 30));
    const options: CallOptions = { shape: [1, 1, 50] };
    const q = sides.map((x) => 1 / (1 + Math.exp(x)));
    const exact = q.map((own) => own / (2 - own));
    for (const [objects, expected] of [
      [[0], exact[0]],
      [[0, 1], (exact[0] + exact[1]) / 2],
    ] as const) {
      const some = target.map((label, i) => (objects.length === 1 && i >= 30 ? 0 : label));
      expect(Math.abs(reference(loss, logits, some, options).value / expected - 1)).toBeLessThan(1e-12);
      const { value } = loss.valueAndGradient(logits, some, { ...options, backend: "wasm" });
      expect(Math.abs(value / expected - 1)).toBeLessThan(2e-7);
    }
  });

  it("have the gradient of central differences, where what an object gets hangs on the target", () => {
    const { logits, options } = wasmCall(3, sigmoid(1), 20);
    const exact = Float64Array.from(logits, (x) => x / 4);
    // Several objects.
    const target = Uint8Array.from(logits, (_, i) => Number(i % 6 < 3));
    for (const text of [
      "instances_mean((sum_by(components(y), tanh(p - p*y)) + 0.7) / (abs(sum_by(components(y), p)) + 1.3))",
      "id = components(y)\n loss = instances_mean(1 - (2*sum_by(id, p*y) + 1) / (sum_by(id, p) + sum_by(id, y) + 1))",
    ]) {
      const loss = lossFromFormula(text, { images: "each" });
      const measured = centralDifferences(loss, exact, target, options);
      expect(largest(measured)).toBeGreaterThan(1e-4);
      const { gradient } = loss.valueAndGradient(exact, target, options);
      expect(distance(gradient, measured)).toBeLessThan(1e-7 * Math.max(1, largest(measured)));
    }
  });

  it("are none where there is no object", () => {
    const { logits, target, options } = squares(8, sigmoid(1), [20, 20]);
    const result = blob.valueAndGradient(logits, target.fill(0), { ...options, backend: "wasm" });
    expect(result.value).toBe(0);
    expect(result.gradient.every((slope) => slope === 0)).toBe(true);
  });

  it("take channels side by side, and targets per channel", () => {
    const { logits, target, options } = squares(9, softmax(3), [30, 31], 1);
    const voxels = 30 * 31;
    const perChannel = Float32Array.from({ length: 3 * voxels }, (_, i) =>
      Number(target[i % voxels] === Math.floor(i / voxels)),
    );
    expect(problems(blob, logits, perChannel, options)).toEqual([]);
    const sideBySide = Float32Array.from(
      { length: 3 * voxels },
      (_, i) => logits[(i % 3) * voxels + Math.floor(i / 3)],
    );
    const last = { ...options, shape: [1, 30, 31, 3], layout: "channels-last" } as const;
    expect(problems(blob, sideBySide, target, last)).toEqual([]);
  });

  it("do not stream: an object may lie in several pieces", () => {
    const piece = { logits: new Float32Array(8), target: new Uint8Array(8), offset: 0 };
    expect(() => blob.sums(piece)).toThrow(/components looks at all voxels of an image together/);
  });
});
