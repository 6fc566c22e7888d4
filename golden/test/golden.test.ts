import { describe, expect, it } from "vitest";
import { sharedPath } from "../../test-support/shared-folder.js";
import { type GoldenCase, readGoldenFile } from "../src/cases.js";
import { compareCase } from "../src/compare.js";
import { runGoldenFile } from "../src/run.js";

const seed = sharedPath("golden/seed.json");

describe.skipIf(!seed)("golden values of the page's code", () => {
  it("compares every case or has a rule for it, and none is beyond the bounds", () => {
    const summary = runGoldenFile(readGoldenFile(seed as string));
    expect(summary.failures).toEqual([]);
    expect([summary.cases, summary.compared, summary.byRule]).toEqual([292, 282, 10]);
  });
});

describe("the comparison", () => {
  // Dice of p = (1/2, 1/2) on (1, 0) with smooth 1: 1 - 2/3, slopes of p along x 1/4.
  const half: GoldenCase = {
    loss: "dice",
    case: "half",
    shape: [1, 1, 1, 2],
    params: { smooth: 1 },
    inputKind: "logits",
    input: [0, 0],
    targetKind: "binary",
    targets: [1, 0],
    value: 1 / 3,
    gradient: [((-1 / 4) * (2 * 3 - 2)) / 9, ((1 / 4) * 2) / 9],
    fd: "ok",
    stableValue: undefined,
    stableGradient: undefined,
    error: undefined,
  };

  it("passes equal numbers", () => {
    expect(compareCase(half)).toMatchObject({ kind: "compared", within: true });
  });

  it("fails a value or a gradient that is off by one in a hundred million", () => {
    expect(compareCase({ ...half, value: 1 / 3 + 1e-8 })).toMatchObject({ kind: "compared", within: false });
    const gradient = [(half.gradient as number[])[0] * (1 + 1e-8), (half.gradient as number[])[1]];
    expect(compareCase({ ...half, gradient })).toMatchObject({ kind: "compared", within: false });
  });

  it("does not compare a gradient that is no derivative, and takes the stable form where there is one", () => {
    expect(compareCase({ ...half, fd: "kink", gradient: [9, 9] })).toMatchObject({ within: true });
    expect(compareCase({ ...half, value: 9, stableValue: 1 / 3 })).toMatchObject({ within: true });
    expect(compareCase({ ...half, fd: "kink", stableGradient: [9, 9] })).toMatchObject({ within: false });
  });

  it("fails a case that is neither mapped nor under a rule", () => {
    expect(compareCase({ ...half, loss: "nobody" })).toMatchObject({ kind: "failed" });
    expect(compareCase({ ...half, params: { smooth: 1, extra: 2 } })).toMatchObject({ kind: "failed" });
  });

  it("holds ours to what a rule says of it", () => {
    expect(compareCase({ ...half, error: "raised" })).toMatchObject({ kind: "rule", rule: "raises" });
    expect(compareCase({ ...half, targetKind: "labels", targets: [255, 0] })).toMatchObject({
      kind: "rule",
      rule: "undeclared labels",
    });
    expect(compareCase({ ...half, value: Number.NaN })).toMatchObject({ kind: "rule", rule: "no number" });
    expect(compareCase({ ...half, value: Number.NaN, targets: [1, 7] })).toMatchObject({ kind: "failed" });
  });
});
