// Label maps of a pair: values, spacing, and what is refused where their grids differ.

import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type PairOptions, readPair } from "../../src/evaluation/read-pair.js";
import { temporaryFolder } from "../experiment/fakes.js";
import { labelNifti, labelPng, writeFiles } from "./label-files.js";

async function read(
  reference: Uint8Array,
  prediction: Uint8Array,
  options: PairOptions = {},
  endings = ["nii", "nii"],
) {
  const folder = await temporaryFolder();
  await writeFiles(folder, { [`r.${endings[0]}`]: reference, [`p.${endings[1]}`]: prediction });
  const pair = await readPair(join(folder, `r.${endings[0]}`), join(folder, `p.${endings[1]}`), options);
  return { ...pair, reference: [...pair.reference], prediction: [...pair.prediction] };
}
const readPng = (reference: Uint8Array, prediction: Uint8Array, options: PairOptions = {}) =>
  read(reference, prediction, options, ["png", "png"]);

const steps = [2, 3, 4] as const;
const two = [2, 1, 1] as const;

describe("volumes", () => {
  test("spacing comes from the header, in millimetres", async () => {
    const pair = await read(labelNifti(two, [1, 0], { steps }), labelNifti(two, [1, 1], { steps }));
    expect(pair).toMatchObject({ shape: [1, 1, 2], spacing: [4, 3, 2], unit: "mm", notes: [] });
    expect([pair.reference, pair.prediction]).toEqual([
      [1, 0],
      [1, 1],
    ]);
  });

  test("another order of storage is no difference where the header says where the voxels lie", async () => {
    const right = labelNifti(two, [1, 0], { steps, origin: [10, 0, 0] });
    const left = labelNifti(two, [0, 1], { steps: [-2, 3, 4], origin: [12, 0, 0] });
    const pair = await read(right, left);
    expect(pair).toMatchObject({ reference: [1, 0], prediction: [1, 0], notes: [] });
  });

  test("one of another size is refused, with both sizes", async () => {
    await expect(read(labelNifti(two, [1, 0]), labelNifti([3, 1, 1], [1, 0, 0]))).rejects.toMatchObject({
      code: "SIZE_MISMATCH",
      message: expect.stringMatching(/p.nii has 3 x 1 x 1 voxels and its reference .*r.nii has 2 x 1 x 1/u),
    });
  });

  test("one of another spacing is refused with both, or takes the reference's", async () => {
    const files = [labelNifti(two, [1, 0], { steps }), labelNifti(two, [1, 0], { steps: [2, 3, 5] })] as const;
    await expect(read(...files)).rejects.toMatchObject({
      code: "GEOMETRY_MISMATCH",
      message: expect.stringMatching(/p.nii are 2 x 3 x 5 mm, its reference 2 x 3 x 4 mm/u),
    });
    const pair = await read(...files, { allow: { spacing: true } });
    expect(pair).toMatchObject({ spacing: [4, 3, 2], notes: [expect.stringContaining("the reference's is used")] });
  });

  test("spacings that differ by the rounding of float32 are one", async () => {
    const near = labelNifti(two, [1, 0], { steps: [2.0001, 3, 4] });
    expect((await read(labelNifti(two, [1, 0], { steps }), near)).notes).toEqual([]);
  });

  test("axes that differ are refused, or the voxels taken as stored", async () => {
    const mirrored = labelNifti(two, [1, 0], { steps: [-2, 3, 4] });
    const files = [labelNifti(two, [1, 0], { steps }), mirrored] as const;
    await expect(read(...files)).rejects.toMatchObject({
      code: "GEOMETRY_MISMATCH",
      message: expect.stringMatching(/stored as LAS, the reference as RAS/u),
    });
    const pair = await read(...files, { allow: { orientation: true } });
    expect(pair.prediction).toEqual([1, 0]);
    expect(pair.notes).toEqual([expect.stringContaining("in the order stored, with the reference's header")]);
  });

  test("axes turned by some degrees are refused with their directions", async () => {
    const [c, s] = [Math.cos(0.1), Math.sin(0.1)];
    const rows = [
      [2 * c, -3 * s, 0, 0],
      [2 * s, 3 * c, 0, 0],
      [0, 0, 4, 0],
    ];
    const turned = labelNifti(two, [1, 0], { steps }, { sform: { code: 1, rows } });
    await expect(read(labelNifti(two, [1, 0], { steps }), turned)).rejects.toThrow(
      /both are stored as RAS, its axes are \(0.995 0.099833 0\) .*, the reference's \(1 0 0\)/u,
    );
  });

  test("swapped axes are taken as stored where that is allowed", async () => {
    // The reference runs along x first; the prediction has the same voxels in the same order, with a header that says y.
    const rows = [
      [0, 1, 0, 0],
      [1, 0, 0, 0],
      [0, 0, 1, 0],
    ];
    const stored = [1, 2, 3, 4, 5, 6];
    const reference = labelNifti([3, 2, 1], stored, { steps: [1, 1, 1] });
    const swapped = labelNifti([3, 2, 1], stored, { steps: [1, 1, 1] }, { sform: { code: 1, rows } });
    await expect(read(reference, swapped)).rejects.toMatchObject({ code: "SIZE_MISMATCH" });
    expect((await read(reference, swapped, { allow: { orientation: true } })).prediction).toEqual(stored);
  });

  test("another place of the whole grid is a note", async () => {
    const moved = labelNifti(two, [0, 1], { steps, origin: [5, 0, 0] });
    const pair = await read(labelNifti(two, [0, 1], { steps }), moved);
    expect(pair.prediction).toEqual([0, 1]);
    expect(pair.notes).toEqual([expect.stringMatching(/lies at \(5, 0, 0\) mm, the reference's at \(0, 0, 0\) mm/u)]);
  });

  test.each(["reference", "prediction"] as const)(
    "a %s that does not say how it lies is taken to lie as the other",
    async (bare) => {
      const stated = labelNifti(two, [1, 0], { steps: [-2, 3, 4] });
      const silent = labelNifti(two, [1, 0], undefined, { pixdim: [2, 3, 4] });
      const pair = bare === "reference" ? await read(silent, stated) : await read(stated, silent);
      expect(pair).toMatchObject({ reference: [0, 1], prediction: [0, 1], spacing: [4, 3, 2] });
    },
  );

  test("a header without a voxel size is noted", async () => {
    const silent = labelNifti(two, [1, 0], undefined, { pixdim: [0, 0, 0] });
    expect((await read(silent, silent)).notes[0]).toMatch(/does not say how large its voxels are; 1 mm is taken/u);
  });

  test.each([
    [[0.5, 0], /holds 0.5 at voxel 0; .*threshold it first/iu],
    [[-1, 0], /holds -1 at voxel 0/u],
    [[70_000, 0], /holds 70000/u],
  ])("values that are no labels are refused: %j", async (stored, message) => {
    const file = labelNifti(two, stored, undefined, { datatype: 64 });
    await expect(read(labelNifti(two, [1, 0]), file)).rejects.toThrow(message);
  });

  test("a slope that rounds still gives labels", async () => {
    // In float32 a 41st 41 times is a little below 1.
    const scaled = labelNifti(two, [41, 0], undefined, { slope: 1 / 41 });
    expect((await read(labelNifti(two, [1, 0]), scaled)).prediction).toEqual([1, 0]);
  });
});

describe("images", () => {
  test("have pixels for a unit, or the spacing that is given", async () => {
    const png = labelPng([[0, 1, 2]]);
    expect(await readPng(png, png)).toMatchObject({ shape: [1, 3], spacing: [1, 1], unit: "px" });
    expect(await readPng(png, png, { pixelSpacing: [0.5, 2] })).toMatchObject({ spacing: [0.5, 2], unit: "mm" });
  });

  test("white is 1 where both hold one label", async () => {
    const pair = await readPng(labelPng([[0, 255, 255]]), labelPng([[0, 1, 0]]));
    expect(pair).toMatchObject({ reference: [0, 1, 1], prediction: [0, 1, 0] });
  });

  test("another label alone keeps its number", async () => {
    const seven = labelPng([[0, 7, 7]]);
    expect(await readPng(seven, seven)).toMatchObject({ reference: [0, 7, 7], prediction: [0, 7, 7] });
  });

  test("beside other values it is refused: as label 255 it would be scored against nothing", async () => {
    const white = labelPng([[0, 255, 255]]);
    const smoothed = labelPng([[0, 128, 255]]);
    await expect(readPng(white, smoothed)).rejects.toThrow(
      /p\.png holds 128, and .*r\.png is a mask of 0 and 255.*Threshold it first, or name the labels: --labels 255=NAME,128=NAME/u,
    );
    await expect(readPng(smoothed, white, { oneLabel: true })).rejects.toThrow(
      /r\.png holds 128, and .*p\.png is a mask/u,
    );
    await expect(readPng(white, labelPng([[0, 1, 2]]))).rejects.toThrow(/p\.png holds 2/u);
    expect(await readPng(smoothed, smoothed)).toMatchObject({ reference: [0, 128, 255] });
  });

  test("but not where other labels are scored", async () => {
    const white = labelPng([[0, 255, 255]]);
    expect(await readPng(white, white, { oneLabel: false })).toMatchObject({ reference: [0, 255, 255] });
  });

  test("and a volume are of two sizes", async () => {
    await expect(read(labelPng([[0, 1]]), labelNifti(two, [0, 1]), {}, ["png", "nii"])).rejects.toMatchObject({
      code: "SIZE_MISMATCH",
    });
  });
});
