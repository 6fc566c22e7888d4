// Limits for scripts: which means break them, and how they are written.

import { describe, expect, test } from "vitest";
import { brokenLimits, parseLimits } from "../../src/evaluation/limits.js";
import type { MetricSummary, StructureSummary } from "../../src/evaluation/results.js";

const row = (metric: MetricSummary["metric"], mean: number | null): MetricSummary => ({
  metric,
  mean,
  median: mean,
  quartiles: null,
  interval: null,
  cases: mean === null ? 0 : 3,
  empty: 0,
  leftOut: 0,
});
const summary: StructureSummary[] = [
  { structure: "liver", labels: [1], metrics: [row("dice", 0.9), row("fallOut", 0.2)] },
  { structure: "tumour", labels: [2], metrics: [row("dice", 0.8), row("fallOut", 0.1)] },
];

describe("broken limits", () => {
  test.each([
    ["dice=0.8", []],
    ["dice=0.85", ["tumour: mean Dice is 0.800, under 0.85"]],
    ["liver:dice=0.95", ["liver: mean Dice is 0.900, under 0.95"]],
    ["tumour:DICE=0.7", []],
    ["dice=0.95", ["liver: mean Dice is 0.900, under 0.95", "tumour: mean Dice is 0.800, under 0.95"]],
  ])("under %s", (text, sentences) => {
    expect(brokenLimits(parseLimits([text], "under"), summary)).toEqual(sentences);
  });

  test("over", () => {
    expect(brokenLimits(parseLimits(["fallOut=0.15"], "over"), summary)).toEqual([
      "liver: mean fall-out is 0.200, over 0.15",
    ]);
  });

  test("over a number of false positives, which is better when lower", () => {
    const rows = [{ structure: "liver", labels: [1], metrics: [row("falsePositiveObjects", 2.5)] }];
    expect(brokenLimits(parseLimits(["falsePositivesPerCase=2"], "over"), rows)).toEqual([
      "liver: mean false positive objects is 2.500, over 2",
    ]);
    expect(() => parseLimits(["falsePositiveObjects=2"], "under")).toThrow("better when lower");
    // How many objects there are may be limited on both sides.
    expect(parseLimits(["predictedObjects=2"], "under")).toHaveLength(1);
    expect(parseLimits(["predictedObjects=2"], "over")).toHaveLength(1);
  });

  test("a mean without cases keeps no limit", () => {
    const none = [{ structure: "liver", labels: [1], metrics: [row("dice", null)] }];
    expect(brokenLimits(parseLimits(["dice=0"], "under"), none)[0]).toMatch(/no value in any case/u);
  });

  test("a mean just below its limit is shown with digits enough", () => {
    const near = [{ structure: "liver", labels: [1], metrics: [row("dice", 0.84999)] }];
    expect(brokenLimits(parseLimits(["dice=0.85"], "under"), near)).toEqual([
      "liver: mean Dice is 0.84999, under 0.85",
    ]);
  });

  test("a structure that is not scored is an error", () => {
    expect(() => brokenLimits(parseLimits(["lung:dice=0.5"], "under"), summary)).toThrow(/there are liver, tumour/u);
  });
});

test.each([
  ["dice", "under", /write METRIC=NUMBER/u],
  ["dice=high", "under", /write METRIC=NUMBER/u],
  ["dice=", "under", /write METRIC=NUMBER/u],
  ["dicee=0.5", "under", /did you mean dice/u],
  ["fallOut=0.5", "under", /better when lower; write --fail-over fallOut=0.5/u],
  ["dice=0.5", "over", /better when higher; write --fail-under dice=0.5/u],
] as const)("%s for %s is refused", (text, side, message) => {
  expect(() => parseLimits([text], side)).toThrow(message);
});
