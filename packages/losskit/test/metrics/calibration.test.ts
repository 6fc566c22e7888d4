import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { foregroundCalibration, topLabelCalibration } from "../../src/metrics/index.js";

describe("foregroundCalibration", () => {
  it("has the values of the example in torchmetrics' documents", () => {
    const { definition, voxels, bins, ...scores } = foregroundCalibration(
      [0, 0, 1, 1, 1],
      [0.25, 0.25, 0.55, 0.75, 0.75],
      { bins: 2 },
    );
    expect([definition, voxels]).toEqual(["foreground", 5]);
    expect(bins.map((bin) => [bin.from, bin.to, bin.voxels, bin.frequency])).toEqual([
      [0, 0.5, 2, 0],
      [0.5, 1, 3, 1],
    ]);
    expect(bins[1].confidence).toBeCloseTo(2.05 / 3, 12);
    expect(scores.expectedCalibrationError).toBeCloseTo(0.29, 12);
    expect(scores.maximumCalibrationError).toBeCloseTo(1 - 2.05 / 3, 12);
    expect(scores.brierScore).toBeCloseTo((2 * 0.25 ** 2 + 0.45 ** 2 + 2 * 0.25 ** 2) / 5, 12);
    expect(scores.negativeLogLikelihood).toBeCloseTo(-(4 * Math.log(0.75) + Math.log(0.55)) / 5, 12);
  });

  it("puts a probability on a border into the bin above, and 1 into the last", () => {
    const { bins } = foregroundCalibration([0, 0, 1, 1], [0, 0.25, 0.5, 1], { bins: 4 });
    expect(bins.map((bin) => bin.voxels)).toEqual([1, 1, 1, 1]);
    expect(foregroundCalibration([1], [1]).bins).toHaveLength(15);
    expect(foregroundCalibration([1], [1]).bins[3]).toMatchObject({ voxels: 0, confidence: null, frequency: null });
  });

  it("is perfect for certain and right probabilities", () => {
    expect(foregroundCalibration([0, 1, 2], [0, 1, 1])).toMatchObject({
      expectedCalibrationError: 0,
      maximumCalibrationError: 0,
      brierScore: 0,
      negativeLogLikelihood: 0,
      impossible: 0,
    });
  });

  it("has no likelihood where the impossible happened, unless it is clipped", () => {
    expect(foregroundCalibration([1, 0, 0], [0, 1, 0])).toMatchObject({ negativeLogLikelihood: null, impossible: 2 });
    const { negativeLogLikelihood } = foregroundCalibration([1, 0, 0], [0, 1, 0], { clip: 1e-6 });
    expect(negativeLogLikelihood).toBeCloseTo((-2 * Math.log(1e-6)) / 3, 12);
  });

  it("leaves out ignored and masked voxels, takes one label, and is null where none counts", () => {
    const options = { label: 2, ignore: 255, mask: [1, 1, 1, 0] };
    const some = foregroundCalibration([2, 1, 255, 2], [0.75, 0.25, Number.NaN, 9], options);
    expect(some.voxels).toBe(2);
    expect(some.brierScore).toBe(0.0625);
    expect(foregroundCalibration([], [])).toMatchObject({
      voxels: 0,
      expectedCalibrationError: null,
      maximumCalibrationError: null,
      brierScore: null,
      negativeLogLikelihood: null,
    });
  });

  it("keeps ECE below MCE, and both and the Brier score in [0, 1]", () => {
    const voxel = fc.record({ label: fc.integer({ min: 0, max: 1 }), p: fc.double({ min: 0, max: 1, noNaN: true }) });
    fc.assert(
      fc.property(fc.array(voxel, { minLength: 1 }), fc.integer({ min: 1, max: 20 }), (voxels, bins) => {
        const scores = foregroundCalibration(
          voxels.map(({ label }) => label),
          voxels.map(({ p }) => p),
          { bins },
        );
        const [ece, mce, brier] = [scores.expectedCalibrationError, scores.maximumCalibrationError, scores.brierScore];
        expect(ece as number).toBeLessThanOrEqual((mce as number) + 1e-12);
        expect(mce as number).toBeLessThanOrEqual(1);
        expect(brier as number).toBeLessThanOrEqual(1);
        expect(scores.bins.reduce((sum, bin) => sum + bin.voxels, 0)).toBe(voxels.length);
        for (const bin of scores.bins) {
          if (bin.confidence === null) continue;
          expect(bin.confidence).toBeGreaterThanOrEqual(bin.from - 1e-12);
          expect(bin.confidence).toBeLessThanOrEqual(bin.to + 1e-12);
        }
      }),
    );
  });

  it("refuses what is no probability, no label and no option", () => {
    const code = (name: string) => expect.objectContaining({ code: name });
    for (const bad of [-0.1, 1.1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => foregroundCalibration([0, 1], [0, bad])).toThrow(`the probability is ${bad} at voxel 1`);
    }
    expect(() => foregroundCalibration([Number.NaN], [0])).toThrow(code("LABEL"));
    expect(() => foregroundCalibration([0, 1], [0])).toThrow(code("ARRAY"));
    expect(() => foregroundCalibration([0], [0], { mask: [] })).toThrow(code("ARRAY"));
    for (const options of [
      { bins: 0 },
      { bins: 1.5 },
      { bins: 1e9 },
      { clip: -1 },
      { clip: 1 },
      { clip: Number.NaN },
    ]) {
      expect(() => foregroundCalibration([0], [0], options)).toThrow(code("OPTION"));
    }
    for (const options of [{ label: 0.5 }, { ignore: 0.5 }, { label: 1, ignore: 1 }]) {
      expect(() => foregroundCalibration([0], [0], options)).toThrow(code("OPTION"));
    }
  });
});

describe("topLabelCalibration", () => {
  const reference = [0, 1, 2, 0];
  const rows = [
    [0.25, 0.2, 0.55],
    [0.55, 0.05, 0.4],
    [0.1, 0.3, 0.6],
    [0.9, 0.05, 0.05],
  ];

  it("has the values of the example in torchmetrics' documents, in both layouts", () => {
    const last = topLabelCalibration(reference, rows.flat(), { classes: 3, bins: 3, layout: "channels-last" });
    expect(last.expectedCalibrationError).toBeCloseTo(0.2, 12);
    expect(last.maximumCalibrationError).toBeCloseTo(1.7 / 3 - 1 / 3, 12);
    expect(last.negativeLogLikelihood).toBeCloseTo(
      -(Math.log(0.25) + Math.log(0.05) + Math.log(0.6) + Math.log(0.9)) / 4,
      12,
    );
    const squares = rows.flatMap((row, i) => row.map((p, k) => (p - (k === reference[i] ? 1 : 0)) ** 2));
    expect(last.brierScore).toBeCloseTo(squares.reduce((a, b) => a + b) / 4, 12);
    const first = [0, 1, 2].flatMap((k) => rows.map((row) => row[k]));
    expect(topLabelCalibration(reference, first, { classes: 3, bins: 3 })).toEqual(last);
    expect(last.definition).toBe("top-label");
  });

  it("of two classes has twice the Brier score and the likelihood of the foreground", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 1, max: 63 })), { minLength: 1 }),
        (voxels) => {
          const labels = voxels.map(([label]) => label);
          const foreground = voxels.map(([, p]) => p / 64);
          const two = topLabelCalibration(labels, [...foreground.map((p) => 1 - p), ...foreground], { classes: 2 });
          const one = foregroundCalibration(labels, foreground);
          expect(two.brierScore).toBeCloseTo(2 * (one.brierScore as number), 12);
          expect(two.negativeLogLikelihood).toBeCloseTo(one.negativeLogLikelihood as number, 12);
          expect(two.bins.slice(0, 7).every((bin) => bin.voxels === 0)).toBe(true);
        },
      ),
    );
  });

  it("takes the first of equal labels, and leaves out what does not count", () => {
    const options = { classes: 2, layout: "channels-last", ignore: 255, mask: [1, 1, 1, 0], bins: 1 } as const;
    const scores = topLabelCalibration([0, 0, 255, 9], [0.5, 0.5, 0.5, 0.5, 7, 7, 7, 7], options);
    expect(scores.bins).toEqual([{ from: 0, to: 1, voxels: 2, confidence: 0.5, frequency: 1 }]);
  });

  it("refuses rows that do not add up to 1, and what is no label, layout or length", () => {
    const run =
      (labels: number[], probabilities: number[], options = {}) =>
      () =>
        topLabelCalibration(labels, probabilities, { classes: 2, ...options });
    const code = (name: string) => expect.objectContaining({ code: name });
    expect(run([0], [0.5, 0.4])).toThrow("the probabilities of voxel 0 add up to 0.9, not 1");
    expect(run([0], [-1, 2])).toThrow("the probability is -1 at voxel 0, label 0");
    expect(run([0], [Number.NaN, 1])).toThrow(code("PROBABILITY_RANGE"));
    expect(run([2], [0.5, 0.5])).toThrow(code("LABEL"));
    expect(run([0], [1])).toThrow(code("ARRAY"));
    expect(run([0], [0, 1], { mask: [] })).toThrow(code("ARRAY"));
    expect(run([0], [0, 1], { layout: "last" })).toThrow(code("OPTION"));
    expect(run([0], [1], { classes: 1 })).toThrow(code("OPTION"));
    expect(run([0], [0, 1], { ignore: 0.5 })).toThrow(code("OPTION"));
  });
});
