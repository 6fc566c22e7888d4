import { describe, expect, it } from "vitest";
import {
  applyEmptyPolicy,
  type EmptyPolicy,
  type EmptyRule,
  meanOfCases,
  whichEmpty,
} from "../../src/metrics/index.js";

const EMPTY = ["both", "reference", "prediction"] as const;
const all = (values: readonly (number | null)[], rule: EmptyRule) =>
  EMPTY.map((empty, i) => applyEmptyPolicy({ value: values[i], empty }, rule));

describe("policies for empty masks", () => {
  it("give scores what the table says: Dice of both, of the reference, of the prediction", () => {
    const dice = [null, 0, 0];
    const under = (policy: EmptyPolicy) => all(dice, { policy, kind: "score" });
    expect(under("nan")).toEqual([null, 0, 0]);
    expect(under("one")).toEqual([1, 0, 0]);
    expect(under("skip")).toEqual([null, null, 0]);
    expect(under("penalty")).toEqual([1, 0, 0]);
    expect(all(dice, { kind: "score" })).toEqual(under("nan"));
    // Precision has no value of an empty prediction, and specificity is more than 0 of an empty reference.
    expect(all([null, 0.9, null], { policy: "one", kind: "score" })).toEqual([1, 0.9, 0]);
    expect(all([null, 0.9, null], { policy: "penalty", kind: "score" })).toEqual([1, 0, 0]);
  });

  it("give distances what the table says", () => {
    const none = [null, null, null];
    expect(all(none, { kind: "distance" })).toEqual(none);
    expect(all(none, { policy: "one", kind: "distance" })).toEqual([0, null, null]);
    expect(all(none, { policy: "skip", kind: "distance" })).toEqual(none);
    expect(all(none, { policy: "penalty", kind: "distance", penalty: 374 })).toEqual([0, 374, 374]);
  });

  it("leave alone cases in which no mask is empty", () => {
    for (const policy of ["nan", "one", "skip", "penalty"] as const) {
      expect(applyEmptyPolicy({ value: 0.5, empty: "neither" }, { policy, kind: "score" })).toBe(0.5);
      expect(applyEmptyPolicy({ value: null, empty: "neither" }, { policy, kind: "score" })).toBeNull();
    }
  });

  it("name the empty masks of numbers of voxels", () => {
    expect([whichEmpty(0, 0), whichEmpty(0, 3), whichEmpty(3, 0), whichEmpty(1, 1)]).toEqual([...EMPTY, "neither"]);
  });
});

describe("meanOfCases", () => {
  const cases = [
    { value: 4, empty: "neither" },
    { value: 8, empty: "neither" },
    { value: null, empty: "both" },
    { value: null, empty: "prediction" },
    { value: null, empty: "neither" },
  ] as const;

  it("counts what is in the mean, what was empty and what was left out", () => {
    expect(meanOfCases(cases, { kind: "distance" })).toEqual({ mean: 6, cases: 2, empty: 2, leftOut: 3 });
    expect(meanOfCases(cases, { kind: "distance", policy: "one" })).toEqual({
      mean: 4,
      cases: 3,
      empty: 2,
      leftOut: 2,
    });
    expect(meanOfCases(cases, { kind: "distance", policy: "penalty", penalty: 20 })).toEqual({
      mean: 8,
      cases: 4,
      empty: 2,
      leftOut: 1,
    });
  });

  it("has no mean of no case", () => {
    expect(meanOfCases([], { kind: "score" })).toEqual({ mean: null, cases: 0, empty: 0, leftOut: 0 });
    expect(meanOfCases([{ value: null, empty: "both" }], { kind: "score" }).mean).toBeNull();
  });

  it("refuses values that are no numbers and policies that are none", () => {
    const nan = [{ value: Number.NaN, empty: "neither" }] as const;
    expect(() => meanOfCases(nan, { kind: "score" })).toThrow(expect.objectContaining({ code: "NOT_FINITE" }));
    expect(() => meanOfCases(cases, { kind: "distance", policy: "skipp" as "skip" })).toThrow("did you mean skip?");
    expect(() => meanOfCases(cases, { kind: "length" as "distance" })).toThrow(
      expect.objectContaining({ code: "OPTION" }),
    );
    for (const penalty of [undefined, -1, Number.POSITIVE_INFINITY]) {
      expect(() => meanOfCases(cases, { kind: "distance", policy: "penalty", penalty })).toThrow("the diagonal");
    }
  });
});
