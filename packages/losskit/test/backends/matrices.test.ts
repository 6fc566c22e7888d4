// A matrix times the classes of each voxel: on kernels what it is on the reference backend.

import { describe, expect, it } from "vitest";
import { type FormulaOptions, lossFromFormula } from "../../src/losses/define.js";
import { centralDifferences, distance, largest } from "../losses/calls.js";
import { type Head, wasmCall } from "./conformance-calls.js";
import { expectStreamed, problems, sigmoid, softmax } from "./whole-language.js";

/** Distances between classes; not symmetric, so that a transposed matrix is another one. */
const distances = (channels: number): number[][] =>
  Array.from({ length: channels }, (_, row) =>
    Array.from({ length: channels }, (__, c) => (row === c ? 0 : 0.2 + (((5 * row + 3 * c) % 7) + 1) / 10)),
  );

describe("a matrix times the classes", () => {
  const WASSERSTEIN = `
    W = classes_sum(y * matmul(M, p))
    T = sum(classes_sum(y * (class > 0)) * (1 - W))
    loss = 1 - (2*T + s) / (2*T + sum(W) + s)`;
  const withMatrix = (text: string, channels: number, options: FormulaOptions = {}) =>
    lossFromFormula(text, { ...options, parameters: { ...options.parameters, M: distances(channels) } });

  it.each([2, 3, 4, 5, 9, 32, 64])("gives the generalised Wasserstein Dice of %d classes", (channels) => {
    const loss = withMatrix(WASSERSTEIN, channels, { parameters: { s: 1e-5 } });
    for (const voxels of [1, 63, 4097]) {
      const { logits, target, options } = wasmCall(voxels + channels, softmax(channels), voxels, 2);
      expect(problems(loss, logits, target, options), `${voxels} voxels`).toEqual([]);
    }
  });

  it.each<Head>([sigmoid(1), sigmoid(3), softmax(4), softmax(6)])("stands wherever a vector stands (%o)", (head) => {
    const formulas = [
      "mean(p * matmul(M, y))",
      "mean(classes_sum(y * matmul(M, matmul(M, p))))",
      "mean((matmul(M, x) / 10)^2)",
      "sum(matmul(M, y + (1 - y)) * p * y) / 100",
      "mean(classes_max(matmul(M, p)))",
      "mean(y * matmul(M, log(p)) + p * matmul(M, p * w))",
    ];
    const { logits, target, options } = wasmCall(3, head, 4000);
    const w = Float32Array.from(target, (_, i) => (i % 5) / 4);
    for (const text of formulas) {
      const fields = text.includes("w") ? ({ w: "voxel" } as const) : undefined;
      const loss = withMatrix(text, head.channels, { fields });
      expect(
        problems(loss, logits, target, { ...options, ...(fields && { fields: { w } }), ignore: 255 }),
        text,
      ).toEqual([]);
    }
  });

  it("passes a slope on that is the same for all classes", () => {
    const { logits, target, options } = wasmCall(4, softmax(3), 7);
    const loss = withMatrix("sum(classes_sum(matmul(M, p)))", 3);
    const exact = Float64Array.from(logits);
    const measured = centralDifferences(loss, exact, target, options);
    for (const { gradient } of [
      loss.valueAndGradient(exact, target, options),
      loss.valueAndGradient(logits, target, { ...options, backend: "wasm" }),
    ]) {
      expect(distance(Float64Array.from(gradient), measured)).toBeLessThan(1e-6 * largest(measured));
    }
  });

  it("streams, with the bits of the whole", () => {
    const channels = 5;
    const loss = withMatrix(WASSERSTEIN, channels, { parameters: { s: 1e-5 } });
    const { logits, target, options } = wasmCall(8, softmax(channels), 65_540);
    expectStreamed(loss, logits, target, options);
  });
});
