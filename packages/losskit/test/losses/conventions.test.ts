// Conventions of other libraries where they differ from what a loss does by itself; the golden runner holds them against the libraries' numbers.

import { describe, expect, it } from "vitest";
import { cldice, dice, diceCldice, iou, jaccardMetric, powerJaccard } from "../../src/losses/catalogue.js";

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
