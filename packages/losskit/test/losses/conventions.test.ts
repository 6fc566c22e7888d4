// Conventions of other libraries where they differ from what a loss does by itself; the golden runner holds them against the libraries' numbers.

import { describe, expect, it } from "vitest";
import { allLosses } from "../../src/losses/all.js";
import { cldice, dice, diceCldice, iou, jaccardMetric, powerJaccard } from "../../src/losses/catalogue.js";
import { CONVENTION_NAMES } from "../../src/losses/conventions.js";
import { callFor, headsOf } from "./calls.js";

const shape = [2, 3, 2, 3];
const logits = Float64Array.from({ length: 36 }, (_, i) => Math.sin(3 * i) * 2);
const labels = Uint8Array.from({ length: 12 }, (_, i) => (i * 5) % 3);
const conventions = "monai";

describe("MONAI's conventions", () => {
  it.each([
    ["iou", iou],
    ["jaccard-metric", jaccardMetric],
    ["power-jaccard", powerJaccard],
  ] as const)("halve the smoothing of %s, which MONAI adds to twice the fraction", (_, loss) => {
    expect(loss({ conventions }).terms[0].parameters).toMatchObject({ smooth: 5e-6, smoothDenominator: 5e-6 });
    expect(loss({ conventions, smooth: 1 }).terms[0].parameters).toMatchObject({ smooth: 1, smoothDenominator: 1 });
  });

  it("of a compound go before those of its parts: both halves of Dice and clDice pool the foreground of the batch", () => {
    const pooled = { classes: "foreground", joinClasses: "pooled", images: "together", smooth: 1 } as const;
    const whole = diceCldice({ conventions }).value(logits, labels, { shape });
    const halves = [dice(pooled), cldice(pooled)].map((loss) => loss.value(logits, labels, { shape }) / 2);
    expect(whole).toBeCloseTo(halves[0] + halves[1], 12);
    expect(whole).not.toBeCloseTo(diceCldice({ smooth: 1 }).value(logits, labels, { shape }), 3);
  });

  it("give way to what a caller gives, in a compound too", () => {
    const options = { images: "each", joinClasses: "mean", classes: "all" } as const;
    const given = diceCldice({ conventions, ...options }).value(logits, labels, { shape });
    expect(given).toBeCloseTo(diceCldice({ ...options, smooth: 1 }).value(logits, labels, { shape }), 12);
  });
});

describe.each(CONVENTION_NAMES)("the conventions %s", (name) => {
  it("can be given to every loss", () => {
    for (const factory of allLosses) {
      for (const head of headsOf(factory)) {
        const { logits: x, target, options } = callFor(factory, 3, head);
        const { value, gradient } = factory({ conventions: name }).valueAndGradient(x, target, options);
        expect(Number.isFinite(value), factory.definition.name).toBe(true);
        expect(gradient.every(Number.isFinite), factory.definition.name).toBe(true);
      }
    }
  });
});

it("are refused by a name that nobody has, with those there are", () => {
  expect(() => dice({ conventions: "monia" as "monai" })).toThrow(
    /conventions is "monia"; it may be "monai", "smp", "nnunet", "keras", "page"/,
  );
});
