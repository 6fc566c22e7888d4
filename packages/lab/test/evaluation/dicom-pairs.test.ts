// DICOM segmentations beside other files: one grid, whatever slices they have; names, probabilities.

import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { scorePair } from "../../src/evaluation/measure-case.js";
import { type PairOptions, readPair } from "../../src/evaluation/read-pair.js";
import { DEFAULT_SURFACE } from "../../src/evaluation/surface-scores.js";
import { temporaryFolder } from "../experiment/fakes.js";
import { type FrameParts, makeSeg } from "../volumes/dicom-file.js";
import { makeNifti } from "../volumes/nifti-file.js";
import { labelPng, writeFiles } from "./label-files.js";

async function read(
  reference: Uint8Array,
  prediction: Uint8Array,
  options: PairOptions = {},
  endings = ["nii", "dcm"],
) {
  const folder = await temporaryFolder();
  await writeFiles(folder, { [`r.${endings[0]}`]: reference, [`p.${endings[1]}`]: prediction });
  const pair = await readPair(join(folder, `r.${endings[0]}`), join(folder, `p.${endings[1]}`), options);
  return { ...pair, reference: [...pair.reference], prediction: [...pair.prediction] };
}

/** Planes of 2 rows and 3 columns, turned about two axes; rows, columns and planes are 2, 1.5 and 3 mm apart. */
const [c, s] = [Math.cos(0.4), Math.sin(0.4)];
const alongRow = [c, s, 0];
const alongColumn = [-s * c, c * c, s];
const normal = [s * s, -c * s, c];
const spacing = [2, 1.5];
const origin = [-30, 12, 7];
const place = (plane: number) => origin.map((value, axis) => value + 3 * plane * normal[axis]!);
const oblique = { rows: 2, columns: 3, orientation: [...alongRow, ...alongColumn], spacing };
const frame = (plane: number, pixels: readonly number[], segment = 1): FrameParts => ({
  position: place(plane),
  pixels,
  segment,
});

/** The same grid as NIfTI: towards right and front, not left and back. */
const nifti = (planes: readonly (readonly number[])[], parts: object = {}) =>
  makeNifti({
    size: [3, 2, planes.length],
    stored: planes.flat(),
    datatype: 2,
    sform: {
      code: 1,
      rows: [-1, -1, 1].map((sign, axis) =>
        [1.5 * alongRow[axis]!, 2 * alongColumn[axis]!, 3 * normal[axis]!, origin[axis]!].map((value) => sign * value),
      ),
    },
    ...parts,
  });

const planes = [
  [1, 0, 1, 0, 0, 0],
  [0, 1, 1, 0, 0, 1],
  [0, 0, 0, 0, 0, 0],
  [1, 1, 0, 0, 1, 0],
];
const empty = planes[2]!;

describe("a segmentation and a volume of one image", () => {
  test("are voxel by voxel the same, the frames in any order", async () => {
    const seg = makeSeg({ ...oblique, frames: [3, 1, 0, 2].map((plane) => frame(plane, planes[plane]!)) });
    const pair = await read(nifti(planes), seg);
    expect(pair).toMatchObject({ shape: [4, 2, 3], unit: "mm", notes: [] });
    expect(pair.prediction).toEqual(pair.reference);
    expect(pair.reference).not.toEqual(planes.flat());
    for (const [axis, edge] of [3, 2, 1.5].entries()) expect(pair.spacing[axis]).toBeCloseTo(edge, 4);
  });

  test("meet where the segmentation has few of the slices", async () => {
    const seg = makeSeg({ ...oblique, frames: [frame(3, planes[3]!), frame(1, planes[1]!)], between: 3 });
    const pair = await read(nifti(planes), seg);
    expect(pair).toMatchObject({ shape: [4, 2, 3], notes: [] });
    const expected = await read(nifti(planes), nifti([empty, planes[1]!, empty, planes[3]!]), {}, ["nii", "nii"]);
    expect(pair.prediction).toEqual(expected.prediction);
    expect(pair.prediction.filter(Boolean)).toHaveLength(6);
  });

  test("meet where it is the reference", async () => {
    const seg = makeSeg({ ...oblique, frames: [frame(1, planes[1]!)], thickness: 3 });
    const pair = await read(seg, nifti(planes), {}, ["dcm", "nii"]);
    const expected = await read(nifti([empty, planes[1]!, empty, empty]), nifti(planes), {}, ["nii", "nii"]);
    expect([pair.shape, pair.reference, pair.prediction]).toEqual([
      expected.shape,
      expected.reference,
      expected.prediction,
    ]);
  });

  test("of which it has one slice at another place, of the same size, are not compared slice by slice", async () => {
    const seg = makeSeg({ ...oblique, frames: [frame(1, planes[1]!)], thickness: 3 });
    await expect(read(nifti([planes[1]!]), seg)).rejects.toMatchObject({
      code: "GEOMETRY_MISMATCH",
      message: expect.stringMatching(
        /3 voxels of segments in .*p.dcm lie outside of .*r.nii: it has 3 x 2 x 1 voxels/u,
      ),
    });
  });

  test("are refused where their voxels are not the same, with both grids", async () => {
    const between = makeSeg({ ...oblique, frames: [frame(0.5, planes[1]!), frame(1.5, planes[3]!)] });
    await expect(read(nifti(planes), between)).rejects.toMatchObject({
      code: "GEOMETRY_MISMATCH",
      message: expect.stringMatching(
        /are not those of its reference .*r.nii: it has 3 x 2 x 2 voxels of 1.5 x 2 x 3 mm from \(.*the reference 3 x 2 x 4 voxels/u,
      ),
    });
  });
});

test("two segmentations of other slices are compared on the planes of both", async () => {
  const reference = makeSeg({ ...oblique, frames: [frame(0, planes[0]!), frame(1, planes[1]!)] });
  const prediction = makeSeg({ ...oblique, frames: [frame(1, planes[1]!), frame(2, planes[3]!)] });
  const pair = await read(reference, prediction, {}, ["dcm", "dcm"]);
  const expected = await read(nifti([planes[0]!, planes[1]!, empty]), nifti([empty, planes[1]!, planes[3]!]), {}, [
    "nii",
    "nii",
  ]);
  expect(pair).toMatchObject({ shape: [3, 2, 3], notes: [] });
  expect([pair.reference, pair.prediction]).toEqual([expected.reference, expected.prediction]);
});

test("two segmentations that lie far apart are not put on a grid that holds both", async () => {
  const reference = makeSeg({ ...oblique, frames: [frame(0, planes[0]!)], thickness: 3 });
  const prediction = makeSeg({ ...oblique, frames: [frame(1e9, planes[0]!)], thickness: 3 });
  await expect(read(reference, prediction, {}, ["dcm", "dcm"])).rejects.toMatchObject({
    code: "GEOMETRY_MISMATCH",
    message: expect.stringMatching(/too far from/u),
  });
});

test("an image without a place is compared with a PNG", async () => {
  const seg = makeSeg({ rows: 2, columns: 3, frames: [{ pixels: planes[1]! }] });
  const png = labelPng([planes[1]!.slice(0, 3), planes[1]!.slice(3)]);
  const pair = await read(png, seg, {}, ["png", "dcm"]);
  expect(pair).toMatchObject({ shape: [2, 3], unit: "px", prediction: planes[1], reference: planes[1] });
});

describe("names of segments", () => {
  const named = (segments: Record<number, string>) =>
    makeSeg({
      ...oblique,
      segments,
      thickness: 3,
      frames: Object.keys(segments).map((number, i) => frame(i, planes[1]!, Number(number))),
    });

  test("are those of the structures, where nothing else names them", async () => {
    const pair = await read(named({ 1: "Liver", 2: "Tumour" }), named({ 1: "Liver", 2: "Tumour" }), {}, ["dcm", "dcm"]);
    const { scores } = scorePair(
      { ...pair, reference: Uint8Array.from(pair.reference), prediction: Uint8Array.from(pair.prediction) },
      { metrics: ["dice"], surface: DEFAULT_SURFACE, allow: {} },
    );
    expect(scores.map(({ structure, labels }) => [structure, labels])).toEqual([
      ["Liver", [1]],
      ["Tumour", [2]],
    ]);
  });

  test("that have other numbers in the other file are refused", async () => {
    const files = [named({ 1: "Liver", 2: "Tumour" }), named({ 1: "tumour", 2: "liver" })] as const;
    await expect(read(...files, {}, ["dcm", "dcm"])).rejects.toThrow(/"Liver" is the segment 1 of .*r.dcm and 2 of/u);
  });

  test("that differ for a number are a note", async () => {
    const pair = await read(named({ 1: "Liver" }), named({ 1: "liver, AI" }), {}, ["dcm", "dcm"]);
    expect(pair.notes).toEqual(['segment 1 is "Liver" in the reference and "liver, AI" here']);
  });
});

test("segments that are not scored may overlap those that are", async () => {
  const segments = { 1: "organ", 2: "lesion" };
  const seg = makeSeg({
    ...oblique,
    segments,
    frames: [frame(0, planes[0]!, 1), frame(0, planes[0]!, 2)],
    thickness: 3,
  });
  const reference = nifti([planes[0]!]);
  await expect(read(reference, seg)).rejects.toThrow(/overlap in 2 voxels/u);
  const pair = await read(reference, seg, { wanted: new Set([1]) });
  expect(pair.prediction).toEqual(pair.reference);
});

describe("fractions", () => {
  const fractional = { ...oblique, type: "FRACTIONAL", maximum: 200, thickness: 3 };
  const values = [200, 100, 99, 0, 0, 0];

  test("are probabilities, 0 where there is no frame", async () => {
    const seg = makeSeg({ ...fractional, fractionalType: "PROBABILITY", frames: [frame(1, values)] });
    const pair = await read(nifti(planes), seg, { probabilities: {} });
    const expected = nifti([empty, values.map((value) => value / 200), empty, empty], { datatype: 64 });
    const same = await read(nifti(planes), expected, { probabilities: {} }, ["nii", "nii"]);
    expect(pair.prediction).toEqual(same.prediction);
    expect(pair.prediction.filter(Boolean)).toHaveLength(2);
    expect([...pair.probabilities!.values]).toEqual([...same.probabilities!.values].map(Math.fround));
  });

  test("of two segments are surely background where there is no frame", async () => {
    const frames = [frame(1, values, 1), frame(1, [0, 50, 0, 0, 0, 0], 2)];
    const segments = { 1: "a", 2: "b" };
    const seg = makeSeg({ ...fractional, fractionalType: "OCCUPANCY", segments, frames });
    const pair = await read(nifti(planes), seg, { probabilities: {} });
    const { channels, values: all } = pair.probabilities!;
    expect(channels).toBe(3);
    const sums = Array.from({ length: 24 }, (_, i) => all[i]! + all[24 + i]! + all[48 + i]!);
    for (const sum of sums) expect(sum).toBeCloseTo(1, 6);
    expect([...all.subarray(24, 48)].filter(Boolean)).toHaveLength(3);
    expect(pair.notes).toEqual([expect.stringMatching(/OCCUPANCY\), which is taken for its probability/u)]);
  });
});
