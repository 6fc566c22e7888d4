// Files that were damaged on their way: each is an error that says so, or still a model, and none anything else.

import { expect, it } from "vitest";
import { LabError } from "../../src/errors.js";
import { trainableFromOnnx } from "../../src/onnx-training/trainable.js";
import { randomStream } from "../../src/random-stream.js";
import { model } from "./small-models.js";

const { below } = randomStream("broken models");

const WHOLE = model([1, 1, 8, 4], ({ graph, x, parameter }) => {
  const half = graph.node("MaxPool", [x], { kernel_shape: [2, 2], strides: [2, 2] });
  const mean = graph.node("AveragePool", [x], { kernel_shape: [2, 2], strides: [2, 2] });
  const joined = graph.node("Concat", [half, mean], { axis: 1 });
  const scales = graph.floats(Float32Array.of(1, 1, 2, 2), [4]);
  const grown = graph.node("Resize", [joined, "", scales], { mode: "linear" });
  const cut = graph.node("Slice", [grown, graph.integers([1]), graph.integers([7]), graph.integers([2])]);
  const framed = graph.node("Pad", [cut, graph.integers([0, 0, 1, 0, 0, 0, 1, 0])], { mode: "reflect" });
  const turned = graph.node("Transpose", [graph.node("Conv", [framed, parameter([2, 6, 1, 1])])], {
    perm: [0, 1, 3, 2],
  });
  return graph.node("Reshape", [turned, graph.integers([0, -1, 4, 4])]);
});

it("a damaged file is a LabError or a model", () => {
  const outcomes = new Map<string, number>();
  for (let round = 0; round < 800; round++) {
    const bytes = new Uint8Array(WHOLE);
    for (let i = 0; i <= round % 2; i++) bytes[below(bytes.length)] ^= 1 << below(8);
    let outcome = "model";
    try {
      trainableFromOnnx(bytes);
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
      outcome = error.code;
    }
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  expect([...outcomes.keys()].sort()).toEqual(["UNREADABLE_FILE", "UNSUPPORTED_OPERATION", "USAGE", "model"]);
  for (const [outcome, count] of outcomes) expect(count, outcome).toBeGreaterThan(5);
});
