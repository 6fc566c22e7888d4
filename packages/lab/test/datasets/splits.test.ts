import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkSplits, drawSplits, drawValidation } from "../../src/datasets/splits.js";
import { failure } from "./dataset-folder.js";

const ids = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 6 }), { minLength: 3, maxLength: 60 });

describe("drawing splits", () => {
  test("60, 20 and 20 per cent, the same each time", () => {
    const names = Array.from({ length: 50 }, (_, i) => `case${i}`);
    const { splits, splitNote } = drawSplits(names, "here");
    expect([splits.train.length, splits.validation.length, splits.test.length]).toEqual([30, 10, 10]);
    expect(splitNote).toMatch(/^30 training, 10 validation and 10 test cases, drawn at random by case/u);
    expect(drawSplits(names, "here")).toEqual({ splits, splitNote });
    // Drawn, not cut from the sorted list.
    expect([...splits.train, ...splits.validation, ...splits.test]).not.toEqual([...names].sort());
  });

  test("property: every case is in one split, none is empty, and the order of the names is of no account", () => {
    fc.assert(
      fc.property(ids, (names) => {
        const { splits } = drawSplits(names, "here");
        expect([...splits.train, ...splits.validation, ...splits.test].sort()).toEqual([...names].sort());
        for (const split of Object.values(splits)) expect(split.length).toBeGreaterThan(0);
        expect(splits.train.length).toBeGreaterThanOrEqual(splits.test.length);
        expect(drawSplits([...names].reverse(), "here").splits).toEqual(splits);
      }),
    );
  });

  test("fewer than three cases are refused", async () => {
    expect(await failure("EMPTY_DATASET", () => drawSplits(["a", "b"], "DIR"))).toMatch(/DIR has 2 cases; at least 3/u);
    await failure("EMPTY_DATASET", () => drawSplits([], "DIR"));
  });

  test("property: validation is taken out of the training cases", () => {
    fc.assert(
      fc.property(ids, (names) => {
        const { train, validation } = drawValidation(names);
        expect([...train, ...validation].sort()).toEqual([...names].sort());
        expect(validation.length).toBe(Math.max(1, Math.round(names.length / 5)));
      }),
    );
    expect(drawValidation(["a", "b"])).toEqual({ train: ["a", "b"], validation: [] });
  });
});

describe("given splits", () => {
  test("a case in two splits, or twice in one, is refused by name", async () => {
    const overlap = { train: ["a", "b"], validation: [], test: ["b"] };
    expect(await failure("BAD_DATASET", () => checkSplits(overlap, "split.json"))).toMatch(/split.json.*: b;/u);
    await failure("BAD_DATASET", () => checkSplits({ train: ["a", "a"], validation: [], test: ["b"] }, "split.json"));
  });

  test("nothing to train or to test on is refused; no validation is allowed", async () => {
    await failure("EMPTY_DATASET", () => checkSplits({ train: [], validation: ["a"], test: ["b"] }, "x"));
    await failure("EMPTY_DATASET", () => checkSplits({ train: ["b"], validation: ["a"], test: [] }, "x"));
    checkSplits({ train: ["a"], validation: [], test: ["b"] }, "x");
  });
});
