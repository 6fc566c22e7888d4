// What the statistics are made of, on masks whose values are known.

import { describe, expect, it } from "vitest";
import { connectedComponents, dilate } from "../../src/datasets/phantoms/components.js";
import { skeletonize, widthsOnSkeleton } from "../../src/datasets/phantoms/skeleton.js";
import { phantomStatistics } from "../../src/datasets/phantoms/statistics.js";

/** A mask drawn as text: # is foreground. */
function drawn(...rows: string[]) {
  return {
    mask: Uint8Array.from(rows.join(""), (character) => (character === "#" ? 1 : 0)),
    height: rows.length,
    width: rows[0].length,
  };
}

/** 1 where the condition holds, on a grid. */
const mask = (height: number, width: number, inside: (y: number, x: number) => boolean) =>
  Uint8Array.from({ length: height * width }, (_, i) => (inside(Math.floor(i / width), i % width) ? 1 : 0));

const count = (values: Uint8Array) => values.reduce((sum, value) => sum + value, 0);

describe("components", () => {
  it("are joined over corners and not around the border", () => {
    const { mask, height, width } = drawn(
      "##..#", //
      "..#..",
      "....#",
      "#....",
    );
    const { numbers, members } = connectedComponents(mask, height, width);
    expect(members.map((pixels) => pixels.length)).toEqual([3, 1, 1, 1]);
    expect(numbers[7]).toBe(numbers[0]);
    expect(numbers[4]).not.toBe(numbers[15]);
  });
});

describe("dilation", () => {
  it("takes the pixels of a disc, and stops at the border", () => {
    const point = mask(21, 21, (y, x) => y === 10 && x === 10);
    const disc = mask(21, 21, (y, x) => Math.hypot(y - 10, x - 10) <= 5);
    expect(dilate(point, 21, 21, 5)).toEqual(disc);
    expect(count(dilate(drawn("#....", ".....").mask, 2, 5, 1))).toBe(3);
  });
});

describe("skeleton", () => {
  it("of a bar is its middle line, as wide as the bar", () => {
    const bar = mask(15, 60, (y, x) => y >= 5 && y < 10 && x >= 5 && x < 55);
    const skeleton = skeletonize(bar, 15, 60);
    const inside = [...skeleton.keys()].filter((i) => skeleton[i] && i % 60 >= 12 && i % 60 < 48);
    expect(inside).toHaveLength(36);
    expect(new Set(inside.map((i) => Math.floor(i / 60)))).toEqual(new Set([7]));
    const widths = widthsOnSkeleton(bar, skeleton, 15, 60);
    expect([...widths].sort((a, b) => a - b)[widths.length >> 1]).toBe(5);
  });

  it("keeps a line of one pixel as it is, ends and branches included", () => {
    const line = drawn(
      "........",
      ".#....#.", //
      "..#..#..",
      "...##...",
      "...#....",
      "...#....",
      "........",
    );
    expect(skeletonize(line.mask, line.height, line.width)).toEqual(line.mask);
  });

  it("keeps the number of components and holes", () => {
    const ring = mask(40, 40, (y, x) => Math.abs(Math.hypot(y - 20, x - 20) - 12) < 3);
    const skeleton = skeletonize(ring, 40, 40);
    const background = (of: Uint8Array) =>
      connectedComponents(
        of.map((v) => 1 - v),
        40,
        40,
      ).members.length;
    expect(connectedComponents(skeleton, 40, 40).members).toHaveLength(1);
    expect(count(skeleton)).toBeLessThan(2 * Math.PI * 14);
    // A ring thinned to a line that holds together by corners would let the background through by corners too.
    expect(background(dilate(skeleton, 40, 40, 1))).toBe(2);
  });
});

describe("statistics", () => {
  it("of nuclei: areas, elongation, and greys of nuclei and of what is far from them", () => {
    const [height, width] = [64, 64];
    const round = mask(height, width, (y, x) => Math.hypot(y - 16, x - 16) <= 8);
    const long = mask(height, width, (y, x) => Math.abs(y - 46) <= 2 && Math.abs(x - 40) <= 7);
    const labels = round.map((value, i) => value | long[i]);
    const image = labels.map((value, i) => (value ? (round[i] ? 60 : 100) : 10));
    const { nucleus_area_px, aspect_ratio, ...rest } = phantomStatistics("nuclei", [
      { image, labels, shape: [height, width], spacing: [1, 1] },
    ]);
    expect([nucleus_area_px.min, nucleus_area_px.max]).toEqual([count(long), count(round)]);
    expect(aspect_ratio.min).toBeCloseTo(1, 2);
    expect(aspect_ratio.max).toBeCloseTo(3, 9);
    expect(rest).toMatchObject({
      nuclei_per_image: { n: 1, median: 2 },
      components_8conn_per_image: { median: 2 },
      background_mean_grey: { median: 10 },
      background_sd_grey: { median: 0 },
      median_nucleus_grey: { median: 80 },
      cv_between_nuclei: { median: expect.closeTo(0.25, 9) },
      cv_inside_nucleus: { median: 0 },
    });
    expect(rest.foreground_fraction.median).toBe(count(labels) / (height * width));
  });

  it("of nuclei that touch: the instances count them, the components do not", () => {
    const labels = mask(32, 32, (y, x) => y >= 8 && y < 16 && x >= 8 && x < 24);
    const instances = Uint16Array.from(labels, (value, i) => (value ? (i % 32 < 16 ? 1 : 2) : 0));
    const measured = phantomStatistics("nuclei", [
      { image: labels, labels, instances, shape: [32, 32], spacing: [1, 1] },
    ]);
    expect(measured.nuclei_per_image.median).toBe(2);
    expect(measured.components_8conn_per_image.median).toBe(1);
    expect(measured.nucleus_area_px.median).toBe(64);
  });

  it("of vessels: inside the field, against the background beside them", () => {
    const [height, width] = [64, 64];
    const labels = mask(height, width, (y) => y >= 30 && y < 33);
    const regionOfInterest = mask(height, width, (_, x) => x >= 8 && x < 56);
    // Nothing of what is more than 15 pixels away, or outside the field, may count.
    const image = labels.map((value, i) =>
      i < 15 * 64 || i >= 48 * 64 || !regionOfInterest[i] ? 255 : value ? 70 : 100,
    );
    const measured = phantomStatistics("vessels", [
      { image, labels, regionOfInterest, shape: [height, width], spacing: [1, 1] },
    ]);
    expect(measured.foreground_fraction.median).toBe(3 / 64);
    expect(measured.foreground_fraction_inside_fov.median).toBe(3 / 64);
    expect(measured.vessel_width_px_on_skeleton.median).toBe(3);
    expect(measured.skeleton_length_px.median).toBe(48);
    expect(measured.grey_ratio_vessel_to_local_background.median).toBeCloseTo(0.7, 9);
  });

  it("of lesions: against a ring of 8 pixels, whatever lies further out", () => {
    const [height, width] = [64, 64];
    const labels = mask(height, width, (y, x) => Math.hypot(y - 32, x - 32) <= 3);
    const near = dilate(labels, height, width, 8);
    const image = labels.map((value, i) => (value ? 130 : near[i] ? (i % 2 ? 110 : 90) : 255));
    const measured = phantomStatistics("lesions", [{ image, labels, shape: [height, width], spacing: [1, 1] }]);
    expect(measured.grey_ratio_to_ring.median).toBeCloseTo(1.3, 2);
    expect(measured.contrast_in_ring_sd.median).toBeCloseTo(3, 1);
    expect(measured.component_area_px).toMatchObject({ n: 1, median: count(labels) });
  });

  it("of an organ: volume in mm3, z-scores over the whole volume", () => {
    const labels = Uint8Array.from({ length: 1000 }, (_, i) => (i < 50 ? 1 : i < 80 ? 2 : 0));
    const image = Float64Array.from(labels, (label, i) => (label === 1 ? 30 : label === 2 ? 20 : i % 2 ? 60 : 40));
    const measured = phantomStatistics("organ", [{ image, labels, shape: [10, 10, 10], spacing: [2, 1, 0.5] }]);
    const mean = (50 * 30 + 30 * 20 + 920 * 50) / 1000;
    const sd = Math.sqrt((50 * 30 ** 2 + 30 * 20 ** 2 + 460 * 60 ** 2 + 460 * 40 ** 2) / 1000 - mean ** 2);
    expect(measured.volume_mm3.median).toBe(80);
    expect(measured.fraction_posterior.median).toBe(0.03);
    expect(measured.zscore_mean_anterior.median).toBeCloseTo((30 - mean) / sd, 9);
    expect(measured.zscore_mean_posterior.median).toBeCloseTo((20 - mean) / sd, 9);
  });

  it("of cases without any object leave out what has no value", () => {
    const labels = new Uint8Array(100);
    const measured = phantomStatistics("lesions", [{ image: labels, labels, shape: [10, 10], spacing: [1, 1] }]);
    expect(measured.component_area_px.n).toBe(0);
    expect(measured.grey_ratio_to_ring.n).toBe(0);
    expect(measured.foreground_fraction).toMatchObject({ n: 1, median: 0 });
  });
});
