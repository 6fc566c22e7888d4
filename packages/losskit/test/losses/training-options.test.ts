// Runs docs/training-options.md: its code compiles and prints what it says, its table and its promise about extreme logits hold.

import { describe, expect, it } from "vitest";
import { headingsOf, readPage, runPiece, typeProblems } from "../../../../test-support/code-in-pages.js";
import * as losskit from "../../src/index.js";
import { allLosses } from "../../src/losses/all.js";
import { callFor, headsOf } from "./calls.js";

const page = readPage("training-options.md");

describe("the pieces of code", () => {
  it("are there, for every task of the page", () => {
    const tasks = headingsOf(page);
    expect(tasks.length).toBeGreaterThanOrEqual(11);
    expect([...new Set(page.pieces.map(({ title }) => title))]).toEqual(tasks);
  });

  it.each(page.pieces)("print what they say: $title", (piece) => {
    const { printed, stated } = runPiece(page, piece, { losskit });
    expect(printed.length).toBeGreaterThan(0);
    expect(printed).toEqual(stated);
  });

  it("are well typed", () => {
    expect(typeProblems(page)).toEqual([]);
  });
});

describe("the table of empty masks", () => {
  const shape = [1, 1, 2, 2];
  const nothing = new Uint8Array(4);
  const object = Uint8Array.of(1, 1, 0, 0);
  const low = Float32Array.of(-50, -50, -50, -50);
  const high = Float32Array.of(50, 50, -50, -50);
  // Every probability of the object's voxels 1/2: 1 - 2 · 1 / (1 + 2) = 1/3.
  const third = Float32Array.of(0, 0, -50, -50);
  const rows = [...page.text.matchAll(/^\| `"(count|skip|zero)"` *\|(.*)\|$/gm)].map(([, policy, cells]) => ({
    policy: policy as "count" | "skip" | "zero",
    cells: cells.split("|").map((cell) => cell.trim()),
  }));

  it("has a row for each policy", () => {
    expect(rows.map(({ policy }) => policy)).toEqual(["count", "skip", "zero"]);
  });

  it.each(rows)("is right about $policy", ({ policy, cells }) => {
    const loss = losskit.dice({ images: "each", emptyMasks: policy });
    const value = (logits: Float32Array, target: Uint8Array, images = 1) =>
      loss.value(logits, target, { shape: [images, ...shape.slice(1)] }).toFixed(3);
    const both = value(Float32Array.of(...high, ...third), Uint8Array.of(...nothing, ...object), 2);
    const alarm = loss.valueAndGradient(new Float32Array(4), nothing, { shape }).gradient.some((slope) => slope > 0);
    const measured = [value(low, nothing), value(high, nothing), value(low, object), both].map(Number).map(String);
    expect(cells).toEqual([...measured, alarm ? "yes" : "no"]);
  });
});

it('leaves out the one class of one channel with "skip", and keeps it with classes "present", as the page says', () => {
  const alarm = [new Float64Array(4).fill(3), new Uint8Array(4), { shape: [1, 1, 4] }] as const;
  expect(losskit.dice().value(...alarm)).toBeGreaterThan(0.99);
  expect(losskit.dice({ emptyMasks: "skip" }).value(...alarm)).toBe(0);
  expect(losskit.dice({ classes: "present" }).value(...alarm)).toBe(losskit.dice().value(...alarm));
});

describe("extreme logits", () => {
  const patterns = [
    (x: number, size: number) => Math.sign(x) * size,
    (_x: number, size: number, i: number) => (i % 3 === 0 ? 0 : i % 3 === 1 ? size : -size),
    (_x: number, size: number) => size,
  ];
  /** Backend, and the largest logit. */
  const sizes = [
    ["auto", 1e30],
    ["auto", 65504],
    ["auto", 1e-45],
    ["reference", 3.4028234663852886e38],
  ] as const;

  it.each(allLosses.map((factory) => [factory.definition.name, factory] as const))(
    "give a finite value and gradient: %s",
    (_, factory) => {
      const heads = headsOf(factory).filter(({ activation }) => activation !== "none");
      expect(heads.length).toBeGreaterThan(0);
      for (const head of heads) {
        // More voxels than a kernel adds up in float32.
        const { logits, target, options } = callFor(factory, 3, { ...head, images: 1, space: [8, 33] });
        const fields = Object.entries(options.fields ?? {}).map(([name, field]) => [name, Float32Array.from(field)]);
        for (const [backend, size] of sizes) {
          const call = { ...options, backend, fields: Object.fromEntries(fields) };
          for (const pattern of patterns) {
            const extreme = Float32Array.from(logits, (x, i) => pattern(x, size, i));
            const { value, gradient } = factory().valueAndGradient(extreme, target, call);
            expect(Number.isFinite(value)).toBe(true);
            expect(gradient.every(Number.isFinite)).toBe(true);
          }
        }
      }
    },
  );
});
