// Surface metrics by name: values worked out by hand, single slices, and what the definitions say of themselves.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { scorePair } from "../../src/evaluation/measure-case.js";
import type { SurfaceMetric } from "../../src/evaluation/metric-catalogue.js";
import type { LabelPair } from "../../src/evaluation/read-pair.js";
import { maskCutter } from "../../src/evaluation/structure-masks.js";
import {
  borderFor,
  DEFAULT_SURFACE,
  describeSurface,
  type SurfaceDefinitions,
  surfaceScores,
} from "../../src/evaluation/surface-scores.js";

const ALL: readonly SurfaceMetric[] = ["hd", "hd95", "asd", "assd", "masd", "nsd"];

const foreground = { name: "all", labels: [1] };
const pairOf = (reference: Uint8Array, prediction: Uint8Array, shape: number[], spacing: number[]): LabelPair => ({
  shape,
  spacing,
  unit: "mm",
  reference,
  prediction,
  notes: [],
});

/** A line of 11 voxels of 2 mm: the reference has voxels 0 and 1, the prediction voxel 4. */
const reference = Uint8Array.of(1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0);
const prediction = Uint8Array.of(0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0);
const measureMaps = (
  first: Uint8Array,
  second: Uint8Array,
  definitions: Partial<SurfaceDefinitions> = {},
  metrics = ALL,
) =>
  surfaceScores(maskCutter(pairOf(first, second, [1, 1, 11], [5, 5, 2]))(foreground), metrics, {
    ...DEFAULT_SURFACE,
    ...definitions,
  });
const measure = (definitions: Partial<SurfaceDefinitions> = {}, metrics = ALL) =>
  measureMaps(reference, prediction, definitions, metrics);

describe("values", () => {
  test("of two small masks: distances 8 and 6 one way, 6 the other", () => {
    expect(measure({ tolerance: 6 })).toEqual({
      hd: 8,
      // 95 % of the way from 6 to 8.
      hd95: 7.9,
      asd: 6,
      assd: 20 / 3,
      masd: 6.5,
      nsd: 2 / 3,
    });
  });

  test("HD95 goes by its definition", () => {
    // Of 6, 6, 8 together the rank is 1.9.
    expect(measure({ hausdorff: "pooled" }, ["hd95"]).hd95).toBeCloseTo(7.8, 12);
    // Half a voxel beside the centres: ends at -1 and 3, and at 7 and 9.
    expect(measure({ hausdorff: "surface-area", border: "surfels" }, ["hd95"]).hd95).toBe(8);
  });

  test("are null where a mask is empty, but for NSD where one has a surface", () => {
    const empty = new Uint8Array(11);
    expect(measureMaps(reference, empty)).toEqual({
      hd: null,
      hd95: null,
      asd: null,
      assd: null,
      masd: null,
      nsd: 0,
    });
    expect(measureMaps(empty, empty, {}, ["nsd"])).toEqual({ nsd: null });
  });

  test("a volume of one slice has no surface above and below", () => {
    const square = Uint8Array.from({ length: 49 }, (_, i) => (i % 7 > 0 && i % 7 < 6 && i > 6 && i < 42 ? 1 : 0));
    const border = square.slice();
    border[24] = 0;
    const of = (shape: number[], spacing: number[]) =>
      surfaceScores(maskCutter(pairOf(square, border, shape, spacing))(foreground), ALL, DEFAULT_SURFACE);
    const image = of([7, 7], [1, 1]);
    const slice = of([1, 7, 7], [9, 1, 1]);
    expect(slice).toEqual(image);
    // The hole's border is one voxel from that of the square; in three axes every voxel would be border.
    expect(image.hd).toBe(1);
  });

  test("of a region, and of a label where some voxels are ignored, are those of the mask", () => {
    const maps = { reference: Uint8Array.of(1, 2, 0, 0, 9, 1, 0), prediction: Uint8Array.of(1, 1, 0, 0, 1, 0, 0) };
    const pair = { shape: [1, 7], spacing: [1, 3], unit: "mm" as const, notes: [], ...maps };
    const settings = { metrics: ["hd", "dice"] as const, surface: DEFAULT_SURFACE, allow: {} };
    const hd = (labels: readonly number[], ignore?: number) =>
      scorePair(pair, { ...settings, structures: [{ name: "s", labels }], ignore }).scores[0]!.values.hd;
    // Voxels 0, 1 and 5 against 0, 1 and 4.
    expect(hd([1, 2])).toBe(3);
    // 0 and 5 against 0, 1 and 4.
    expect(hd([1])).toBe(3);
    // Without voxel 4: 0 and 5 against 0 and 1.
    expect(hd([1], 9)).toBe(12);
  });
});

test("cutting out the bounding box changes nothing, whatever the labels, regions and ignored voxels", () => {
  const label = fc.constantFrom(0, 0, 0, 1, 2, 3);
  const [shape, spacing] = [
    [3, 2, 4],
    [2, 1, 0.5],
  ];
  const maps = fc.array(fc.tuple(label, label), { minLength: 24, maxLength: 24 });
  const labels = fc.uniqueArray(fc.constantFrom<number[]>(1, 2, 3), { minLength: 1 });
  fc.assert(
    fc.property(maps, labels, fc.option(fc.constant(2), { nil: undefined }), (voxels, structure, ignore) => {
      const [first, second] = [0, 1].map((side) => Uint8Array.from(voxels, (pair) => pair[side as 0 | 1]));
      const mask = (map: Uint8Array) =>
        map.map((value, i) => (first![i] !== ignore && structure.includes(value) ? 1 : 0));
      const cut = maskCutter(pairOf(first!, second!, shape!, spacing!), ignore)({ name: "s", labels: structure });
      const whole = { reference: mask(first!), prediction: mask(second!), shape: shape!, spacing: spacing! };
      expect(surfaceScores(cut, ALL, DEFAULT_SURFACE)).toEqual(surfaceScores(whole, ALL, DEFAULT_SURFACE));
    }),
  );
});

describe("words", () => {
  test("name definition, border and tolerance of what is asked for", () => {
    const text = describeSurface(["hd95", "nsd"], { tolerance: 2, hausdorff: "pooled", border: "surfels" }, "mm");
    expect(text).toEqual([
      expect.stringMatching(/^HD95: .*pooled, as in medpy/u),
      "NSD: the share of both surfaces within 2 mm of the other.",
      expect.stringMatching(/^Surfaces are .*\(surfels\)/u),
    ]);
    expect(describeSurface([], DEFAULT_SURFACE, "mm")).toEqual([]);
  });

  test("the definition by area has surfaces with an area where nothing else is asked for", () => {
    expect([borderFor("surface-area"), borderFor("pooled")]).toEqual(["surfels", "voxels"]);
  });
});
