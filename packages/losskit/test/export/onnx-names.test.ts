// What a person finds in an exported ONNX model, and what an export says no to.

import proto from "onnx-proto";
import { describe, expect, it } from "vitest";
import { exportOnnx } from "../../src/export/onnx.js";
import type { ExportOptions } from "../../src/export/options.js";
import { add, bce, boundary, cldice, dice, lossFromFormula, tversky } from "../../src/index.js";
import type { Loss } from "../../src/losses/loss.js";
import { disagreement, exampleFor, labelMaps, oneMask, problemOf, refusal, runModel } from "./run-onnx.js";

const { onnx } = proto;

describe("what a person finds in a model", () => {
  const decode = (bytes: Uint8Array) => onnx.ModelProto.decode(bytes);
  const initializers = (loss: Loss, options: ExportOptions = {}) =>
    decode(exportOnnx(loss, options)).graph?.initializer?.flatMap(({ name }) => (name?.includes("/") ? [] : [name])) ??
    [];

  it("parameters under their names", () => {
    expect(initializers(tversky()).sort()).toEqual([
      "falseNegativeWeight",
      "falsePositiveWeight",
      "smooth",
      "smoothDenominator",
      "termWeight",
    ]);
    expect(initializers(add(dice(), [0.5, bce()])).sort()).toMatchInlineSnapshot(`
      [
        "bce.termWeight",
        "dice.smooth",
        "dice.smoothDenominator",
        "dice.termWeight",
      ]
    `);
    expect(initializers(dice({ classes: "foreground", classWeights: [1, 2, 3] }), { ...labelMaps })).toEqual(
      expect.arrayContaining(["countedClasses", "classWeights"]),
    );
    expect(initializers(boundary())).toContain("spacing");
    // Iterations decide how many operators there are: to change their number would do nothing.
    expect(initializers(cldice())).not.toContain("iterations");
  });

  it("parameters that other names of the model would hide", async () => {
    const loss = lossFromFormula("value * mean(p) + logits * mean(target * p)", {
      parameters: { value: 2, logits: 3, target: 0.5 },
    });
    expect(initializers(loss).sort()).toEqual(["logits_2", "target_2", "termWeight", "value_2"]);
    expect(await problemOf(loss, exampleFor(loss, 2, oneMask))).toBeUndefined();
  });

  it("parameters that can be changed", async () => {
    const model = decode(exportOnnx(tversky({ falsePositiveWeight: 0.3 }), oneMask));
    for (const tensor of model.graph?.initializer ?? []) {
      if (tensor.name === "falsePositiveWeight") tensor.rawData = new Uint8Array(Float64Array.of(0.9).buffer);
    }
    const example = exampleFor(tversky(), 2, oneMask);
    const result = await runModel(onnx.ModelProto.encode(model).finish(), example);
    expect(disagreement(tversky({ falsePositiveWeight: 0.9 }), example, result)).toBeUndefined();
    expect(disagreement(tversky({ falsePositiveWeight: 0.3 }), example, result)).toBeDefined();
  });

  it("inputs, outputs and facts", () => {
    const model = decode(exportOnnx(dice(), { ...labelMaps, ignore: 255, weights: true }));
    const describeValue = ({ name, type }: { name?: string | null; type?: unknown }) => [name, JSON.stringify(type)];
    expect(model.graph?.input?.map(describeValue)).toMatchInlineSnapshot(`
      [
        [
          "logits",
          "{"tensorType":{"elemType":1,"shape":{"dim":[{"dimParam":"batch"},{"dimValue":"3"},{"dimParam":"height"},{"dimParam":"width"}]}}}",
        ],
        [
          "target",
          "{"tensorType":{"elemType":7,"shape":{"dim":[{"dimParam":"batch"},{"dimParam":"height"},{"dimParam":"width"}]}}}",
        ],
        [
          "weights",
          "{"tensorType":{"elemType":1,"shape":{"dim":[{"dimParam":"batch"},{"dimParam":"height"},{"dimParam":"width"}]}}}",
        ],
      ]
    `);
    expect(model.graph?.output?.map(describeValue)).toMatchInlineSnapshot(`
      [
        [
          "value",
          "{"tensorType":{"elemType":1,"shape":{}}}",
        ],
        [
          "gradient",
          "{"tensorType":{"elemType":1,"shape":{"dim":[{"dimParam":"batch"},{"dimValue":"3"},{"dimParam":"height"},{"dimParam":"width"}]}}}",
        ],
      ]
    `);
    const facts = Object.fromEntries(model.metadataProps?.map(({ key, value }) => [key, value]) ?? []);
    expect(Object.keys(facts)).toEqual(["loss", "losskit_version", "formula", "paper", "terms", "call"]);
    expect(facts.formula).toContain("loss =");
    expect(facts.paper).toContain("@inproceedings{");
    expect(JSON.parse(facts.call as string)).toEqual({
      head: "multiclass",
      activation: "softmax",
      ignore: 255,
      weights: true,
    });
    expect(model.opsetImport?.map(({ version }) => Number(version))).toEqual([18]);
  });
});

it.each([
  ["axes", () => exportOnnx(dice(), { axes: 4 }), "OPTION: axes is 4; an image has 1 to 3 axes of space"],
  [
    "spacing",
    () => exportOnnx(dice(), { spacing: [1, 0] }),
    "OPTION: spacing is [1,0]; it holds 2 positive numbers, one per axis of space",
  ],
  [
    "a label that is none",
    () => exportOnnx(dice(), { ...labelMaps, ignore: 0.5 }),
    "OPTION: ignore is 0.5; a label map holds whole numbers",
  ],
  [
    "more steps than a model should have",
    () => exportOnnx(lossFromFormula("mean(soft_skeleton(p, 101))"), oneMask),
    "UNSUPPORTED: soft_skeleton got 101 iterations; a model takes at most 100, as every one is nodes of its own",
  ],
  [
    "a kernel without end",
    () => exportOnnx(lossFromFormula("mean(gaussian_mean(p, 300))"), oneMask),
    "UNSUPPORTED: gaussian_mean got the sigma 300; a model takes one whose kernel ends within 1000 voxels",
  ],
])("refuses %s", (_, attempt, message) => {
  expect(refusal(attempt)).toBe(message);
});
