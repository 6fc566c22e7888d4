import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { sharedPath } from "../../../../test-support/shared-folder.js";
import { iou, iouBinary } from "../../src/metrics/index.js";

describe("iou", () => {
  it("scores every class, as fractions", () => {
    expect(iou([0, 1, 2, 2], [0, 1, 1, 2], { classes: 3 })).toEqual([1, 0.5, 0.5]);
  });

  it("takes declared void voxels out of the union", () => {
    expect(iou([1, 255, 0], [1, 1, 0], { classes: 2, ignore: 255 })).toEqual([1, 1]);
  });

  it("leaves an ignored class out of the list", () => {
    expect(iou([0, 1, 2, 0], [0, 1, 2, 1], { classes: 3, ignore: 0 })).toEqual([1, 1]);
    expect(iou([0, 1, 2, 1], [0, 1, 2, 2], { classes: 3, ignore: 1 })).toEqual([1, 1]);
  });

  it("counts a class in neither map as `empty`", () => {
    expect(iou([0, 0], [0, 0], { classes: 2 })).toEqual([1, 1]);
    expect(iou([0, 0], [0, 0], { classes: 2, empty: 0 })).toEqual([1, 0]);
    expect(iou([], [], { classes: 2, empty: 0.25 })).toEqual([0.25, 0.25]);
    expect(iou([255, 255], [3, 3], { classes: 2, ignore: 255 })).toEqual([1, 1]);
  });

  it("is the mean over images, each of which may be empty", () => {
    const options = { classes: 2, perImage: true, images: 2 };
    expect(iou([1, 0, 0, 0], [1, 1, 0, 0], options)).toEqual([(0 + 1) / 2, (0.5 + 1) / 2]);
    expect(iou([1, 0, 0, 0], [1, 1, 0, 0], { classes: 2, images: 2 })).toEqual([2 / 3, 0.5]);
  });

  it("refuses undeclared void, labels outside the classes, and options that make no sense", () => {
    expect(() => iou([0, 255], [0, 1], { classes: 2 })).toThrow(expect.objectContaining({ code: "LABEL" }));
    expect(() => iou([0, 1], [0, 2], { classes: 2 })).toThrow("the prediction holds 2 at voxel 1");
    expect(() => iou([0, 1], [0], { classes: 2 })).toThrow(expect.objectContaining({ code: "ARRAY" }));
    expect(() => iou([0, 0, 0], [0, 0, 0], { classes: 2, perImage: true, images: 2 })).toThrow(
      expect.objectContaining({ code: "ARRAY" }),
    );
    expect(() => iou([0], [0], { classes: 2, perImage: true })).toThrow("perImage needs images");
    expect(() => iou([0], [0], { classes: 2, perImage: true, images: 0 })).toThrow("images is 0");
    expect(() => iou([0], [0], { classes: 2, empty: Number.NaN })).toThrow("empty is NaN");
    expect(() => iou([0], [0], { classes: 0 })).toThrow("classes is 0");
  });
});

describe("iouBinary", () => {
  it("scores the foreground, per image where images are given", () => {
    expect(iouBinary([1, 0, 0, 0], [1, 1, 0, 0])).toBe(0.5);
    expect(iouBinary([1, 0, 0, 0], [1, 1, 0, 0], { images: 2 })).toBe(0.75);
    expect(iouBinary([1, 0, 0, 0], [1, 1, 0, 0], { images: 2, perImage: false })).toBe(0.5);
  });

  it("may ignore the background, and refuses to ignore the foreground", () => {
    expect(iouBinary([1, 0, 1], [1, 1, 0], { ignore: 0 })).toBe(0.5);
    expect(() => iouBinary([1], [1], { ignore: 1 })).toThrow(expect.objectContaining({ code: "OPTION" }));
  });

  it("refuses labels that are not 0, 1 or void", () => {
    expect(() => iouBinary([2, 0], [1, 0])).toThrow(expect.objectContaining({ code: "LABEL" }));
  });
});

const seed = sharedPath("golden/seed.json");

describe.skipIf(!seed)("the metrics of the page", () => {
  interface MetricCase {
    readonly loss: string;
    readonly case: string;
    readonly shape: readonly number[];
    readonly params: {
      readonly C?: number;
      readonly EMPTY: number;
      readonly ignore: number | null;
      readonly per_image: boolean;
    };
    readonly preds: readonly number[];
    readonly targets: readonly number[];
    readonly value: number | readonly number[];
  }
  const text = seed ? readFileSync(seed, "utf8") : '{"cases":[]}';
  const cases = (JSON.parse(text).cases as MetricCase[]).filter((golden) => /^iou.*_metric$/.test(golden.loss));

  it("has all cases", () => {
    expect(cases.length).toBeGreaterThanOrEqual(21);
  });

  it.each(cases)("$loss, $case", ({ params, shape, preds, targets, value }) => {
    const classes = params.C ?? 2;
    const ignore = params.ignore ?? undefined;
    const options = { ignore, perImage: params.per_image, images: shape[0], empty: params.EMPTY };
    const score = () =>
      params.C === undefined ? [iouBinary(targets, preds, options)] : iou(targets, preds, { ...options, classes });
    if (targets.some((label) => label !== ignore && label >= classes)) {
      // The page counts undeclared void as background that is never right; here it is an error.
      return expect(score).toThrow(expect.objectContaining({ code: "LABEL" }));
    }
    const expected = [value].flat() as number[];
    const scores = score();
    expect(scores.length).toBe(expected.length);
    for (const [i, fraction] of scores.entries()) {
      expect(Math.abs(100 * fraction - expected[i])).toBeLessThanOrEqual(1e-9);
    }
  });
});
