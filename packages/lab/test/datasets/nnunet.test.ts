import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { openDataset } from "../../src/datasets/open-dataset.js";
import { makeNifti } from "../volumes/nifti-file.js";
import { makePng } from "../volumes/png-file.js";
import { failure, folderWith, image, mask } from "./dataset-folder.js";

const SIZE = [3, 2, 1];
const volume = (...stored: number[]) => gzipSync(makeNifti({ size: SIZE, stored }));
const IDS = ["p1", "p2", "p3", "p4", "p5"];
const VERSION_2 = {
  channel_names: { "0": "T1", "1": "T2" },
  labels: { background: 0, cyst: 1, wall: 2 },
  numTraining: 5,
  file_ending: ".nii.gz",
};

/** Two channels a case, and a mask that holds 0, 1 and 2. */
function cases(ids: readonly string[], part: "Tr" | "Ts"): Record<string, Uint8Array> {
  return Object.fromEntries(
    ids.flatMap((id) => [
      [`images${part}/${id}_0000.nii.gz`, volume(1, 2, 3, 4, 5, 6)],
      [`images${part}/${id}_0001.nii.gz`, volume(6, 5, 4, 3, 2, 1)],
      [`labels${part}/${id}.nii.gz`, volume(0, 1, 2, 2, 0, 0)],
    ]),
  );
}

describe("an nnU-Net folder", () => {
  test("version 2: channels in their order, classes by name, drawn splits", async () => {
    const dataset = await openDataset(await folderWith({ ...cases(IDS, "Tr"), "dataset.json": VERSION_2 }));
    expect(dataset).toMatchObject({ dimension: 3, channels: 2, classes: ["cyst", "wall"] });
    expect(Object.values(dataset.splits).flat().sort()).toEqual(IDS);
    const one = await dataset.load("p2");
    expect(one).toMatchObject({ shape: [1, 2, 3], channels: 2 });
    expect([...one.labels]).toEqual([0, 1, 2, 2, 0, 0]);
    expect(one.image[0]).toBeCloseTo(-2.5 / Math.sqrt(35 / 12), 6);
    expect(one.image[6]).toBeCloseTo(2.5 / Math.sqrt(35 / 12), 6);
  });

  test("version 1 and the Medical Segmentation Decathlon: modality, labels by value, files without channel", async () => {
    const json = { name: "Hippo", modality: { "0": "MRI" }, labels: { "0": "background", "1": "front", "2": "back" } };
    const files = Object.fromEntries(
      IDS.flatMap((id) => [
        [`imagesTr/${id}_0004.nii.gz`, volume(1, 2, 3, 4, 5, 6)],
        [`labelsTr/${id}_0004.nii.gz`, volume(0, 1, 2, 2, 0, 0)],
      ]),
    );
    const dataset = await openDataset(await folderWith({ ...files, "dataset.json": json }));
    expect(dataset).toMatchObject({ name: "Hippo", channels: 1, classes: ["front", "back"] });
    expect((await dataset.load("p1_0004")).labels[1]).toBe(1);
  });

  test("PNG files, a colour image in one file", async () => {
    const labels = { background: 0, cell: 1 };
    const folder = (channel_names: object, picture: Uint8Array) =>
      folderWith({
        ...Object.fromEntries(
          IDS.flatMap((id) => [
            [`imagesTr/${id}_0000.png`, picture],
            [`labelsTr/${id}.png`, mask(1)],
          ]),
        ),
        "dataset.json": { channel_names, labels, file_ending: ".png" },
      });
    const grey = await openDataset(await folder({ "0": "grey" }, image()));
    expect(grey).toMatchObject({ dimension: 2, channels: 1 });
    expect((await grey.load("p1")).labels[0]).toBe(1);

    const samples = Array.from({ length: 36 }, (_, i) => (i % 3) * i);
    const picture = makePng({ width: 4, height: 3, depth: 8, colourType: 2, samples });
    const colour = await openDataset(await folder({ "0": "R", "1": "G", "2": "B" }, picture));
    expect(colour).toMatchObject({ dimension: 2, channels: 3 });
    const { image: planes } = await colour.load("p1");
    expect(planes.subarray(0, 12).every((value) => value === 0)).toBe(true);
    const blue = planes.subarray(24);
    expect(blue.indexOf(Math.max(...blue))).toBe(11);
    // Two channels, or a volume, in one file are a missing file.
    expect(
      await failure("BAD_DATASET", async () => openDataset(await folder({ "0": "a", "1": "b" }, picture))),
    ).toMatch(/p1_0001\.png/u);
  });

  test("the label ignore counts nowhere", async () => {
    const json = { ...VERSION_2, labels: { background: 0, cyst: 1, ignore: 2 } };
    const dataset = await openDataset(await folderWith({ ...cases(IDS, "Tr"), "dataset.json": json }));
    const one = await dataset.load("p1");
    expect(dataset.classes).toEqual(["cyst"]);
    expect([...one.labels]).toEqual([0, 1, 0, 0, 0, 0]);
    expect([...one.regionOfInterest!]).toEqual([1, 1, 0, 0, 1, 1]);
  });

  test("the first fold's held-out cases are the test, and validation comes out of its training cases", async () => {
    const folds = [
      { train: ["p1", "p2", "p3"], val: ["p4"] },
      { train: ["p4"], val: ["p1"] },
    ];
    const files = { ...cases(IDS, "Tr"), "dataset.json": VERSION_2, "splits_final.json": folds };
    const { splits, splitNote, load } = await openDataset(await folderWith(files));
    expect(splits.test).toEqual(["p4"]);
    expect([...splits.train, ...splits.validation].sort()).toEqual(["p1", "p2", "p3"]);
    expect(splits.validation).toHaveLength(1);
    expect(splitNote).toMatch(/held out by the first fold of splits_final\.json/u);
    await failure("BAD_DATASET", () => load("p5"));
  });

  test("imagesTs with labelsTs are the test cases; without labelsTs they are left out", async () => {
    const files = { ...cases(IDS, "Tr"), ...cases(["q1", "q2"], "Ts"), "dataset.json": VERSION_2 };
    const drawn = await openDataset(await folderWith(files));
    expect(drawn.splits.test).toEqual(["q1", "q2"]);
    expect([...drawn.splits.train, ...drawn.splits.validation].sort()).toEqual(IDS);
    expect((await drawn.load("q1")).labels[1]).toBe(1);
    const folds = [{ train: ["p1", "p2"], val: ["p3"] }];
    const given = await openDataset(await folderWith({ ...files, "splits_final.json": folds }));
    expect(given.splits).toEqual({ train: ["p1", "p2"], validation: ["p3"], test: ["q1", "q2"] });
    const unlabelled = Object.fromEntries(Object.entries(files).filter(([name]) => !name.startsWith("labelsTs")));
    const without = await openDataset(await folderWith(unlabelled));
    expect(Object.values(without.splits).flat().sort()).toEqual(IDS);
  });
});

describe("an nnU-Net folder that cannot be used", () => {
  const open = async (json: object, files: Record<string, Uint8Array | object> = cases(IDS, "Tr")) =>
    openDataset(await folderWith({ ...files, "dataset.json": json }));

  test("a missing mask, or a missing channel, is listed", async () => {
    const { "labelsTr/p2.nii.gz": _, ...bare } = cases(IDS, "Tr");
    expect(await failure("MISSING_MASK", () => open(VERSION_2, bare))).toMatch(
      /1 of 5 masks .*\n.*labelsTr\/p2\.nii\.gz/u,
    );
    const { "imagesTr/p3_0001.nii.gz": __, ...half } = cases(IDS, "Tr");
    expect(await failure("BAD_DATASET", () => open(VERSION_2, half))).toMatch(/imagesTr\/p3_0001\.nii\.gz/u);
  });

  test.each([
    ["regions of labels", { labels: { background: 0, tumour: [1, 2] } }, /region of several labels/u],
    ["no channels", { channel_names: {} }, /names no channels/u],
    ["channels that are no object", { channel_names: "T1" }, /"channel_names" of/u],
    ["an ending that is not read", { file_ending: ".tif" }, /files end in \.tif/u],
    ["no labels", { labels: undefined }, /"labels" of/u],
  ])("%s: refused", async (_, change, message) => {
    expect(await failure("BAD_DATASET", () => open({ ...VERSION_2, ...change }))).toMatch(message);
  });

  test.each([
    ["no folds", [], /must be a list of folds/u],
    ["a fold without val", [{ train: ["p1"] }], /"val" of the first fold/u],
    ["an unknown case", [{ train: ["p1"], val: ["p9"] }], /do not have: p9/u],
    ["a case in both", [{ train: ["p1"], val: ["p1"] }], /more than once: p1/u],
  ])("%s in splits_final.json: refused", async (_, folds, message) => {
    const files = { ...cases(IDS, "Tr"), "splits_final.json": folds };
    expect(await failure("BAD_DATASET", () => open(VERSION_2, files))).toMatch(message);
  });

  test("no files", async () => {
    await failure("EMPTY_DATASET", () => open(VERSION_2, {}));
  });
});
