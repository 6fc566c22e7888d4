// Settings have limits, and two plans that differ are told apart.

import { describe, expect, test } from "vitest";
import { LabError } from "../../src/errors.js";
import { checkSettings, planDifferences } from "../../src/experiment/plan.js";
import { plan } from "./fakes.js";

const { settings } = plan();

describe("limits of settings", () => {
  test("those of the tests are fine", () => {
    expect(() => checkSettings(settings, {})).not.toThrow();
  });

  test.each([
    [{ steps: 0 }, /--steps is 0; it is a whole number from 1/u],
    [{ batch: 1.5 }, /batch is 1.5/u],
    [{ depth: 7 }, /depth is 7; it is a whole number from 1 to 6/u],
    [{ peakRate: 0 }, /peakRate is 0; it is a number above 0 and at most 1/u],
    [{ peakRate: Number.NaN }, /peakRate is NaN/u],
    [{ crop: 60, depth: 3 }, /crop is 60; a network with 3 poolings needs a multiple of 8, such as 64/u],
    [{ crop: 8, depth: 4 }, /multiple of 16, such as 16/u],
  ])("%j", (change, message) => {
    const check = () => checkSettings({ ...settings, ...change }, { steps: "--steps" });
    expect(check).toThrow(LabError);
    expect(check).toThrow(message);
  });
});

describe("differences of plans", () => {
  test("none between equal ones, an absent value and an undefined one included", () => {
    const stored = JSON.parse(JSON.stringify(plan()));
    expect(
      planDifferences(stored, plan({ data: { kind: "files", path: "/data/squares", classes: undefined } })),
    ).toEqual([]);
  });

  test("each is named with both values", () => {
    const other = plan({
      losses: ["dice"],
      settings: { ...settings, steps: 5 },
      data: { kind: "files", path: "/data/squares", classes: ["a"] },
    });
    expect(planDifferences(plan(), other)).toEqual([
      'losses: ["dice","bce"] there, ["dice"] now',
      "settings.steps: 4 there, 5 now",
      'data.classes: nothing there, ["a"] now',
    ]);
  });
});
