// Predictions that are probability maps: which label map they become, what is measured of them, what is refused.

import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { measureCase, scorePair } from "../../src/evaluation/measure-case.js";
import type { MetricKey } from "../../src/evaluation/metric-catalogue.js";
import { findPairs } from "../../src/evaluation/pairs.js";
import { type PairOptions, readPair } from "../../src/evaluation/read-pair.js";
import type { MeasureSettings } from "../../src/evaluation/results.js";
import { countedValue } from "../../src/evaluation/summary.js";
import { DEFAULT_SURFACE } from "../../src/evaluation/surface-scores.js";
import { writePng } from "../../src/volumes/png.js";
import { temporaryFolder } from "../experiment/fakes.js";
import { makeNpz } from "../volumes/npz-file.js";
import { labelNifti, labelPng, writeFiles } from "./label-files.js";

const FLOAT32 = { datatype: 16 };
const FLOAT64 = { datatype: 64 };
const steps = [2, 3, 4] as const;

async function read(
  reference: Uint8Array,
  prediction: Uint8Array,
  options: Partial<PairOptions> = {},
  endings = ["nii", "nii"],
) {
  const folder = await temporaryFolder();
  await writeFiles(folder, { [`r.${endings[0]}`]: reference, [`p.${endings[1]}`]: prediction });
  const paths = [join(folder, `r.${endings[0]}`), join(folder, `p.${endings[1]}`)] as const;
  const pair = await readPair(...paths, { probabilities: {}, ...options });
  return { ...pair, prediction: [...pair.prediction], values: [...pair.probabilities!.values] };
}

/** A volume of n voxels along x. */
const along = (n: number) => [n, 1, 1] as const;
const map = (values: readonly number[], parts: object = FLOAT64) =>
  labelNifti(along(values.length), values, { steps }, parts);
const labels = (values: readonly number[]) => labelNifti(along(values.length), values, { steps });
/** Channels one behind the other, as a volume with a fourth axis. */
const channels = (values: readonly (readonly number[])[], size?: readonly number[]) =>
  labelNifti(
    along(1),
    values.flat(),
    { steps },
    { ...FLOAT64, size: size ?? [values[0]!.length, 1, 1, values.length] },
  );

describe("a map of one channel", () => {
  test("is label 1 where it is at least a half", async () => {
    const pair = await read(labels([0, 1, 1, 0]), map([0, 0.5, 1, 0.49]));
    expect(pair).toMatchObject({ prediction: [0, 1, 1, 0], values: [0, 0.5, 1, 0.49], spacing: [4, 3, 2], notes: [] });
  });

  test("takes another threshold, which the same number in single precision reaches", async () => {
    const files = [labels([0, 1, 1]), map([0.6, 0.7, 0.8], FLOAT32)] as const;
    const pair = await read(...files, { probabilities: { threshold: 0.7 } });
    expect(pair.prediction).toEqual([0, 1, 1]);
  });

  test("is turned by its header as label maps are", async () => {
    const left = labelNifti(along(2), [0.9, 0.1], { steps: [-2, 3, 4], origin: [2, 0, 0] }, FLOAT64);
    expect((await read(labels([0, 1]), left)).values).toEqual([0.1, 0.9]);
  });

  test("comes as grey PNG: black is 0, white is 1", async () => {
    const image = labelPng([[0, 51, 255]]);
    const pair = await read(labelPng([[0, 0, 255]]), image, {}, ["png", "png"]);
    expect(pair).toMatchObject({ prediction: [0, 0, 1], values: [0, Math.fround(0.2), 1], unit: "px" });
    expect([...pair.reference]).toEqual([0, 0, 1]);
    const deep = writePng({ width: 3, height: 1, data: Uint16Array.of(0, 52428, 65535) });
    expect((await read(labelPng([[0, 0, 1]]), deep, {}, ["png", "png"])).values).toEqual([0, Math.fround(0.8), 1]);
  });

  test("may be off by rounding, which is cut off", async () => {
    expect((await read(labels([0, 1]), map([-1e-7, 1.00001]))).values).toEqual([0, 1]);
  });

  test.each([
    [[0.5, 1.2], /p.nii holds 1.2 at voxel 1; probabilities are from 0 to 1: apply sigmoid/u],
    [[-3, 0], /holds -3 at voxel 0/u],
    [[0, Number.NaN], /holds NaN at voxel 1/u],
  ])("with %j is refused", async (values, message) => {
    await expect(read(labels([0, 1]), map(values))).rejects.toMatchObject({ code: "PROBABILITY_RANGE", message });
  });
});

describe("a map of several channels", () => {
  const three = [
    [0.5, 0.2, 0.4, 0.1],
    [0.3, 0.5, 0.4, 0.2],
    [0.2, 0.3, 0.2, 0.7],
  ];

  test("is the most probable label, the first of equal ones", async () => {
    const pair = await read(labels([0, 1, 1, 2]), channels(three));
    expect(pair.prediction).toEqual([0, 1, 0, 2]);
  });

  test("has them along the fourth axis, or the fifth as ITK writes vectors", async () => {
    const pair = await read(labels([0, 1, 1, 2]), channels(three, [4, 1, 1, 1, 3]));
    expect(pair.prediction).toEqual([0, 1, 0, 2]);
  });

  test("is turned channel by channel", async () => {
    const left = labelNifti(
      along(1),
      [0.9, 0.2, 0.1, 0.8],
      { steps: [-2, 3, 4], origin: [2, 0, 0] },
      { ...FLOAT64, size: [2, 1, 1, 2] },
    );
    expect((await read(labels([1, 0]), left)).values).toEqual([0.2, 0.9, 0.8, 0.1]);
  });

  test("must add up to 1", async () => {
    const regions = channels([
      [0.5, 0.9],
      [0.5, 0.8],
    ]);
    await expect(read(labels([0, 1]), regions)).rejects.toMatchObject({
      code: "PROBABILITY_RANGE",
      message: expect.stringMatching(/2 channels of .*p.nii add up to 1.7 at voxel 1, not 1/u),
    });
  });

  test("takes no threshold", async () => {
    const files = [labels([0, 1, 1, 2]), channels(three)] as const;
    await expect(read(...files, { probabilities: { threshold: 0.4 } })).rejects.toThrow(/3 channels.*--threshold/u);
  });

  test("is refused as a label map, naming the option", async () => {
    await expect(read(labels([0, 1, 1, 2]), channels(three), { probabilities: undefined })).rejects.toThrow(
      /more than one volume.*--probabilities/u,
    );
  });
});

describe("nnU-Net's .npz", () => {
  // Two labels over a grid that is stored towards the left.
  const reference = labelNifti(along(3), [0, 1, 1], { steps: [-2, 3, 4], origin: [4, 0, 0] });
  const npz = makeNpz({ shape: [2, 1, 1, 3], values: [0.75, 0.25, 0, 0.25, 0.75, 1], descr: "<f2" });

  test("lies as the reference is stored, and says so", async () => {
    const pair = await read(reference, npz, {}, ["nii", "npz"]);
    expect([...pair.reference]).toEqual([1, 1, 0]);
    expect(pair).toMatchObject({ prediction: [1, 1, 0], spacing: [4, 3, 2], unit: "mm" });
    expect(pair.notes).toEqual([expect.stringContaining("does not say how it lies")]);
  });

  test("of an image has one slice", async () => {
    const pair = await read(labelPng([[0, 1, 1]]), npz, {}, ["png", "npz"]);
    expect(pair).toMatchObject({ shape: [1, 3], prediction: [0, 1, 1], unit: "px" });
  });

  test("of another size is refused", async () => {
    const small = makeNpz({ shape: [2, 1, 1, 2], values: [1, 1, 0, 0] });
    await expect(read(reference, small, {}, ["nii", "npz"])).rejects.toMatchObject({ code: "SIZE_MISMATCH" });
  });

  test("is no label map", async () => {
    await expect(read(reference, npz, { probabilities: undefined }, ["nii", "npz"])).rejects.toThrow(
      /holds probabilities; give it as PREDICTION, with --probabilities/u,
    );
  });

  test("is taken for probabilities, and the label map beside it for labels", async () => {
    const folder = await temporaryFolder();
    const empty = new Uint8Array(0);
    await writeFiles(folder, { "r/a.nii.gz": empty, "p/a.nii.gz": empty, "p/a.npz": empty, "p/a.pkl": empty });
    const found = async (options: object) => {
      const { pairs } = await findPairs(join(folder, "r"), join(folder, "p"), options);
      return pairs.map(({ prediction }) => prediction.slice(folder.length + 1));
    };
    expect(await found({})).toEqual(["p/a.nii.gz"]);
    expect(await found({ probabilities: {} })).toEqual(["p/a.npz"]);
  });
});

describe("metrics of probabilities", () => {
  const ALL: readonly MetricKey[] = ["brier", "ece", "ap", "bestDice", "bestThreshold"];
  const score = (
    reference: readonly number[],
    probabilities: readonly (readonly number[])[],
    settings: Partial<MeasureSettings> = {},
  ) => {
    const values = Float64Array.from(probabilities.flat());
    const pair = {
      shape: [1, reference.length],
      spacing: [1, 1],
      unit: "mm" as const,
      reference: Uint8Array.from(reference),
      prediction: new Uint8Array(reference.length),
      probabilities: { file: "p.nii", channels: probabilities.length, values },
      notes: [],
    };
    return scorePair(pair, { metrics: ALL, surface: DEFAULT_SURFACE, allow: {}, probabilities: {}, ...settings });
  };

  test("of one structure, by hand", () => {
    const { scores } = score([1, 1, 0, 0], [[0.9, 0.4, 0.6, 0.1]]);
    const { brier, ece, ap, bestDice, bestThreshold } = scores[0]!.values;
    expect(brier).toBeCloseTo((0.01 + 0.36 + 0.36 + 0.01) / 4, 12);
    // Four bins of one voxel each.
    expect(ece).toBeCloseTo((0.1 + 0.6 + 0.6 + 0.1) / 4, 12);
    // At 0.9 precision 1 and recall 1/2; at 0.4 precision 2/3 and recall 1.
    expect(ap).toBeCloseTo(0.5 * 1 + 0.5 * (2 / 3), 12);
    expect([bestDice, bestThreshold]).toEqual([0.8, 0.4]);
  });

  test("of every label that has a channel, also where no map holds it", () => {
    const { scores } = score(
      [0, 1],
      [
        [0.75, 0],
        [0.25, 0.75],
        [0, 0.25],
      ],
    );
    expect(scores.map(({ structure }) => structure)).toEqual(["1", "2"]);
    expect(scores[1]!.values).toMatchObject({ brier: 0.0625 / 2, ap: null, bestDice: null, bestThreshold: null });
  });

  test("of a region are those of the sum of its labels", () => {
    const whole = { name: "whole", labels: [1, 2] };
    const three = [
      [0.5, 0.25],
      [0.25, 0.25],
      [0.25, 0.5],
    ];
    const { scores } = score([0, 2], three, { structures: [whole] });
    expect(scores[0]!.values.brier).toBe((0.25 + 0.0625) / 2);
  });

  test("leave out what is ignored", () => {
    const { scores } = score([1, 9, 0], [[0.5, 0.9, 0.5]], { ignore: 9 });
    expect(scores[0]!.values.brier).toBe(0.25);
  });

  test("are measured where they are asked for", () => {
    const { scores } = score([1, 0], [[0.5, 0.5]], { metrics: ["dice", "brier"] });
    expect(Object.keys(scores[0]!.values)).toContain("brier");
    expect(Object.keys(scores[0]!.values)).not.toContain("ap");
  });

  test("need a channel for every label of a structure", () => {
    const structures = [{ name: "tumour", labels: [3] }];
    const two = [
      [1, 0],
      [0, 1],
    ];
    expect(() => score([0, 3], two, { structures })).toThrow(
      /p.nii has 2 channels, of the labels 0 to 1, and none for label 3, which tumour has/u,
    );
    expect(() => score([0, 3], [[0, 1]])).toThrow(/one channel, the probability of label 1, and none for label 3; /u);
  });

  test.each(["nan", "one", "penalty"] as const)("keep their value where a mask is empty, under %s", (policy) => {
    const one = { shape: [1], spacing: [1] } as never;
    const values = { brier: 0.1, ap: 0.7, bestThreshold: 0.3 };
    for (const key of ["brier", "ap", "bestThreshold"] as const) {
      expect(countedValue(one, { empty: "prediction", values }, key, policy)).toBe(values[key]);
    }
    expect(countedValue(one, { empty: "both", values: { brier: 0.1 } }, "brier", policy)).toBe(0.1);
  });

  test("count under skip where the reference has the structure", () => {
    const one = { shape: [1], spacing: [1] } as never;
    const values = { brier: 0.1 };
    expect(countedValue(one, { empty: "both", values }, "brier", "skip")).toBeNull();
    expect(countedValue(one, { empty: "prediction", values }, "brier", "skip")).toBe(0.1);
  });

  test("come from files", async () => {
    const folder = await temporaryFolder();
    await writeFiles(folder, { "r.nii": labels([1, 1, 0, 0]), "p.nii": map([0.9, 0.4, 0.6, 0.1]) });
    const files = { case: "r", reference: join(folder, "r.nii"), prediction: join(folder, "p.nii") };
    const settings = { metrics: ["dice", "ap"], surface: DEFAULT_SURFACE, allow: {}, probabilities: {} } as const;
    const { scores } = await measureCase(files, settings);
    expect(scores[0]!.values).toMatchObject({ dice: 0.5, ap: expect.closeTo(5 / 6, 12) });
  });
});
