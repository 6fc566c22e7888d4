// Paired comparison: which differences are claimed, and in which words.

import { expect, test } from "vitest";
import { comparePaired } from "../../src/evaluation/paired.js";
import { measured, type Values } from "./measured.js";

const liver = [{ name: "liver", labels: [1] }];
const names = { a: "A", b: "B" };
const cases = (values: readonly Values[]) => values.map((one, i) => measured(`case${i}`, one));
const noise = (i: number) => 0.02 * Math.sin(7 * i);

test("a lead in most cases is claimed, with the winner by the metric's direction", () => {
  const a = cases(Array.from({ length: 20 }, (_, i) => ({ dice: 0.7 + noise(i), fallOut: 0.1 + noise(i + 3) })));
  const b = cases(Array.from({ length: 20 }, (_, i) => ({ dice: 0.8 + noise(i + 1), fallOut: 0.3 + noise(i) })));
  const [dice, fallOut] = comparePaired(a, b, liver, ["dice", "fallOut"], "nan", names);
  expect(dice).toMatchObject({ better: "b", leftOut: 0 });
  expect(dice!.difference).toBeCloseTo(0.1, 2);
  expect(dice!.sentence).toMatch(
    /^Dice of liver: B is better than A; over 20 cases B is on average 0\.10\d above A \(95 % interval \+0\.0\d\d to \+0\.1\d\d, Holm-corrected p < 0\.001\)\.$/u,
  );
  expect(fallOut!.better).toBe("a");
  // Both rows have the smallest p-value there is, and are corrected for two tests.
  expect(dice!.rawPValue).toBe(2 / 2 ** 20);
  expect(dice!.pValue).toBe(4 / 2 ** 20);
});

test("equal predictions claim nothing", () => {
  const a = cases(Array.from({ length: 12 }, (_, i) => ({ dice: 0.7 + noise(i) })));
  const b = cases(Array.from({ length: 12 }, (_, i) => ({ dice: 0.7 + noise(i + 5) })));
  const [row] = comparePaired(a, b, liver, ["dice"], "nan", names);
  expect(row!.better).toBe("neither");
  expect(row!.sentence).toMatch(/no difference can be claimed/u);
  const [same] = comparePaired(a, a, liver, ["dice"], "nan", names);
  expect(same).toMatchObject({ better: "neither", difference: 0, pValue: 1 });
});

test("most cases one way do not make a claim where the mean may go the other", () => {
  const a = cases(Array.from({ length: 17 }, () => ({ dice: 0.7 })));
  const b = cases(Array.from({ length: 17 }, (_, i) => ({ dice: i < 2 ? 0.4 - i / 100 : 0.71 + i / 1000 })));
  const [row] = comparePaired(a, b, liver, ["dice"], "nan", names);
  expect(row!.pValue).toBeLessThan(0.05);
  expect(row!.interval![0]).toBeLessThan(0);
  expect(row!.interval![1]).toBeGreaterThan(0);
  expect(row!.better).toBe("neither");
});

test("cases are paired by name; those without a value in either are left out", () => {
  const a = [measured("x", { dice: 0.5 }), measured("y", { dice: null }, "both"), measured("only-a", { dice: 1 })];
  const b = [measured("y", { dice: 0.2 }), measured("x", { dice: 0.75 })];
  const [row] = comparePaired(a, b, liver, ["dice"], "nan", names);
  expect(row).toMatchObject({
    cases: [{ case: "x", a: 0.5, b: 0.75, difference: 0.25 }],
    leftOut: 1,
    pValue: null,
    interval: null,
    better: "neither",
  });
  expect(row!.sentence).toBe(
    "Dice of liver: over 1 case B is on average 0.250 above A; with fewer than 6 cases nothing is claimed.",
  );
});

test("an interval goes no further than differences can", () => {
  // One of seven cases decides: the bootstrap alone would go to -2 and beyond.
  const a = cases([0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.9].map((lead) => ({ dice: lead, informedness: lead })));
  const b = cases(a.map(() => ({ dice: 0, informedness: 0 })));
  const [dice, informedness] = comparePaired(a, b, liver, ["dice", "informedness"], "nan", names);
  expect(dice!.interval![0]).toBe(-1);
  expect(informedness!.interval![0]).toBeGreaterThanOrEqual(-2);
  expect(informedness!.interval![0]).toBeLessThan(-1);
});

test("nothing in common is said", () => {
  const [row] = comparePaired(
    [measured("x", { dice: 1 })],
    [measured("y", { dice: 1 })],
    liver,
    ["dice"],
    "nan",
    names,
  );
  expect(row).toMatchObject({ difference: null, meanA: null });
  expect(row!.sentence).toMatch(/no case has a value in both/u);
});

test("fewer false positives are better, and more objects are neither better nor worse", () => {
  const key = "falsePositiveObjects";
  const a = cases(Array.from({ length: 12 }, (_, i) => ({ [key]: 4 + (i % 3), predictedObjects: 9 + (i % 4) })));
  const b = cases(Array.from({ length: 12 }, (_, i) => ({ [key]: i % 2, predictedObjects: 2 + (i % 3) })));
  const [falseOnes, objects] = comparePaired(a, b, liver, [key, "predictedObjects"], "nan", names);
  expect(falseOnes).toMatchObject({ better: "b" });
  expect(objects).toMatchObject({ better: "neither" });
  expect(objects!.pValue).toBeLessThan(0.05);
});

test("where nearly all differences are the same there is no interval, and the sentence says so", () => {
  const a = cases(Array.from({ length: 6 }, () => ({ dice: 0.5 })));
  const b = cases(Array.from({ length: 6 }, (_, i) => ({ dice: i === 0 ? 0.75 : 0.625 })));
  const [row] = comparePaired(a, b, liver, ["dice"], "nan", names);
  expect(row).toMatchObject({ interval: null, better: "neither" });
  expect(row!.sentence).toContain("(no interval, as nearly all differences are alike; Holm-corrected p = 0.031)");
});

test("a difference such as that of volumes has no better side", () => {
  const a = cases(Array.from({ length: 10 }, (_, i) => ({ volumeDifference: i })));
  const b = cases(Array.from({ length: 10 }, (_, i) => ({ volumeDifference: i + 5 + noise(i) })));
  expect(comparePaired(a, b, liver, ["volumeDifference"], "nan", names)[0]!.better).toBe("neither");
});
