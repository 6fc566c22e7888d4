// Sums over cases: quartiles, intervals, and the policies for empty masks.

import type { EmptyPolicy } from "losskit/metrics";
import { describe, expect, test } from "vitest";
import type { MetricKey } from "../../src/evaluation/metric-catalogue.js";
import { nnunetSummary } from "../../src/evaluation/nnunet-summary.js";
import { allStructures, bootstrapInterval, countedValue, scoresOf, summarise } from "../../src/evaluation/summary.js";
import { measured, type Values } from "./measured.js";

const liver = { name: "liver", labels: [1] };
const summaryOf = (cases: readonly ReturnType<typeof measured>[], metric: MetricKey, policy: EmptyPolicy = "nan") =>
  summarise(cases, [liver], [metric], policy)[0]!.metrics[0]!;

test("mean, median and quartiles over the cases, with what is empty and left out (numpy.percentile)", () => {
  const cases = [0.2, 0.9, 0.4, 0.7].map((dice, i) => measured(`c${i}`, { dice }));
  cases.push(measured("e", { dice: null }, "both"));
  const row = summaryOf(cases, "dice");
  expect(row).toMatchObject({ median: 0.55, cases: 4, empty: 1, leftOut: 1, interval: null });
  expect(row.mean).toBeCloseTo(0.55, 12);
  expect(row.quartiles![0]).toBeCloseTo(0.35, 12);
  expect(row.quartiles![1]).toBeCloseTo(0.75, 12);
});

describe("policies for empty masks", () => {
  const both: Values = { dice: null, fallOut: 0, missRate: null, volumeDifference: 0 };
  const missed: Values = { dice: 0, missRate: 1, volumeDifference: -4 };
  const alarm: Values = { dice: 0, missRate: null, volumeDifference: 6 };
  const value = (values: Values, empty: "both" | "reference" | "prediction", key: MetricKey, policy: EmptyPolicy) => {
    const one = measured("c", values, empty);
    return countedValue(one, one.scores[0]!, key, policy);
  };

  test.each([
    ["nan", [null, 0, 0], [null, 1, null], [0, -4, 6]],
    ["one", [1, 0, 0], [0, 1, 1], [0, -4, 6]],
    ["skip", [null, 0, null], [null, 1, null], [null, -4, null]],
    ["penalty", [1, 0, 0], [0, 1, 1], [0, -4, 6]],
  ] as const)("%s: a score, a rate, a difference", (policy, dice, missRate, volumeDifference) => {
    const row = (key: MetricKey) => [
      value(both, "both", key, policy),
      value(missed, "prediction", key, policy),
      value(alarm, "reference", key, policy),
    ];
    expect(row("dice")).toEqual(dice);
    expect(row("missRate")).toEqual(missRate);
    expect(row("volumeDifference")).toEqual(volumeDifference);
  });

  test("the penalty of a distance is the diagonal of the image in the spacing's unit", () => {
    const one = measured("c", { hd95: null }, "prediction");
    expect(countedValue(one, one.scores[0]!, "hd95", "penalty")).toBe(13);
    expect(countedValue(one, one.scores[0]!, "hd95", "one")).toBeNull();
  });

  test.each(["falsePositiveObjects", "referenceObjects"] as const)(
    "%s has a value where a mask is empty, and no worst one",
    (key) => {
      const of = (policy: EmptyPolicy) =>
        (["both", "reference", "prediction"] as const).map((empty, i) => value({ [key]: 3 * i }, empty, key, policy));
      expect(of("nan")).toEqual([0, 3, 6]);
      expect(of("one")).toEqual([0, 3, 6]);
      expect(of("penalty")).toEqual([0, 3, 6]);
      expect(of("skip")).toEqual([null, null, 6]);
    },
  );

  test("a rate keeps its bits", () => {
    const one = measured("c", { missRate: 0.1 });
    expect(countedValue(one, one.scores[0]!, "missRate", "one")).toBe(0.1);
  });
});

describe("intervals of the mean", () => {
  const values = [0.7, 0.8, 0.75, 0.9, 0.85, 0.6, 0.78, 0.82];
  test("hold the mean, and stay within the metric's range", () => {
    const row = summaryOf(
      values.map((dice, i) => measured(`c${i}`, { dice })),
      "dice",
    );
    expect(row.interval![0]).toBeLessThan(row.mean!);
    expect(row.interval![1]).toBeGreaterThan(row.mean!);
    const high = [0.5, 0.6, ...Array.from({ length: 30 }, (_, i) => (i % 4 === 0 ? 0.99 : 1))];
    const cases = high.map((dice, i) => measured(`c${i}`, { dice }));
    expect(summaryOf(cases, "dice").interval?.[1]).toBe(1);
  });

  test("need six cases", () => {
    expect(bootstrapInterval(values.slice(0, 5))).toBeNull();
    expect(bootstrapInterval(values.slice(0, 6))).not.toBeNull();
  });

  test("say why there is none: few cases, or values that are all or nearly all alike", () => {
    const of = (scores: readonly number[], key: MetricKey = "dice") => {
      const row = summaryOf(
        scores.map((score, i) => measured(`c${i}`, { [key]: score })),
        key,
      );
      return { interval: row.interval, why: row.noInterval };
    };
    expect(of(values.slice(0, 5))).toEqual({ interval: null, why: "few cases" });
    expect(of(Array(6).fill(1))).toEqual({ interval: null, why: "alike" });
    // One in six differs: a third of the resamples do not hold it, and have no spread.
    expect(of([1, 1, 1, 1, 1, 0.5])).toEqual({ interval: null, why: "alike" });
    expect(of(Array(40).fill(0), "falsePositiveObjects")).toEqual({ interval: null, why: "alike" });
    expect(of(values).why).toBeUndefined();
    expect(of([0, 1, 0, 2, 0, 5, 0, 1], "falsePositiveObjects").interval?.[0]).toBe(0);
    expect(of([0, 1, 0, 2, 0, 5, 0, 1], "falsePositiveObjects").interval?.[1]).toBeGreaterThan(1.125);
  });
});

test("labels as found: a structure that a case lacks is empty in both masks there", () => {
  const cases = [measured("a", { dice: 0.5 }), measured("b", { dice: 1 }, "neither", "spleen")];
  const structures = allStructures(cases);
  expect(structures.map(({ name }) => name).sort()).toEqual(["liver", "spleen"]);
  expect(scoresOf(cases[1]!, liver)).toMatchObject({ empty: "both", trueNegatives: 10, truePositives: 0 });
  expect(summaryOf(cases, "dice")).toMatchObject({ mean: 0.5, cases: 1, empty: 1, leftOut: 1 });
});

test("nnU-Net's summary: its keys, regions as tuples, null for NaN", () => {
  const cases = [measured("a", { dice: 0.5, iou: 0.25 }), measured("b", { dice: null, iou: null }, "both")];
  const whole = { name: "whole", labels: [1, 2] };
  const summary = nnunetSummary(cases, [liver, whole], "nan");
  expect(summary.metric_per_case[0]).toEqual({
    metrics: {
      "1": { Dice: 0.5, IoU: 0.25, TP: 1, FP: 2, FN: 3, TN: 4, n_pred: 3, n_ref: 4 },
      "(1, 2)": { Dice: null, IoU: null, TP: 0, FP: 0, FN: 0, TN: 10, n_pred: 0, n_ref: 0 },
    },
    prediction_file: "/prediction/a.nii.gz",
    reference_file: "/reference/a.nii.gz",
  });
  expect(summary.mean["1"]).toEqual({ Dice: 0.5, IoU: 0.25, TP: 1, FP: 2, FN: 3, TN: 4, n_pred: 3, n_ref: 4 });
  expect(summary.foreground_mean).toMatchObject({ Dice: null, TP: 0.5, n_ref: 2 });
});
