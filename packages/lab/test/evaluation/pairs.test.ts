// Which prediction belongs to which reference, and what is said where one is missing.

import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { csvRows } from "../../src/evaluation/csv-rows.js";
import { findPairs, matchNames } from "../../src/evaluation/pairs.js";
import { temporaryFolder } from "../experiment/fakes.js";
import { labelPng, writeFiles } from "./label-files.js";

const png = labelPng([[0, 1]]);

async function folderWith(...names: readonly string[]): Promise<string> {
  const folder = await temporaryFolder();
  await writeFiles(folder, Object.fromEntries(names.map((name) => [name, png])));
  return folder;
}

describe("names", () => {
  test.each([
    ["equal", ["a", "b"], ["b", "a"], { a: "a", b: "b" }],
    ["nnU-Net's first channel", ["case_1"], ["case_1_0000"], { case_1: "case_1_0000" }],
    ["a mask's suffix", ["a_mask", "b_seg"], ["a", "b_pred"], { a_mask: "a", b_seg: "b_pred" }],
    [
      "numbers that are names, not channels",
      ["BraTS_0000", "BraTS_0001"],
      ["BraTS_0001", "BraTS_0000"],
      {
        BraTS_0000: "BraTS_0000",
        BraTS_0001: "BraTS_0001",
      },
    ],
    ["another channel is another file", ["case"], ["case_0001"], {}],
    ["two files of one short name match none", ["case"], ["case_0000", "case_seg"], {}],
    ["an equal name goes before a shortened one", ["a", "a_0000"], ["a", "a_0000"], { a: "a", a_0000: "a_0000" }],
  ])("%s", (_, references, predictions, expected) => {
    expect(Object.fromEntries(matchNames(references, predictions))).toEqual(expected);
  });
});

describe("folders", () => {
  test("files match by name, whatever their endings, in the order of the names", async () => {
    const folder = await folderWith("t/b.nii.gz", "t/a.png", "p/a.nii", "p/b.png");
    const { pairs } = await findPairs(join(folder, "t"), join(folder, "p"));
    expect(pairs).toEqual([
      { case: "a", reference: join(folder, "t/a.png"), prediction: join(folder, "p/a.nii") },
      { case: "b", reference: join(folder, "t/b.nii.gz"), prediction: join(folder, "p/b.png") },
    ]);
  });

  test("files without a partner are an error that names them", async () => {
    const folder = await folderWith("t/a.png", "t/b.png", "p/a.png", "p/c.png");
    await expect(findPairs(join(folder, "t"), join(folder, "p"))).rejects.toMatchObject({
      code: "MISSING_MASK",
      message: expect.stringMatching(
        /1 of 2 references have no prediction: b; 1 of 2 predictions have no reference: c/u,
      ),
    });
  });

  test("or are left out where that is allowed", async () => {
    const folder = await folderWith("t/a.png", "t/b.png", "p/a.png", "p/c.png");
    const found = await findPairs(join(folder, "t"), join(folder, "p"), { allowMissing: true });
    expect(found.pairs.map((pair) => pair.case)).toEqual(["a"]);
    expect(found).toMatchObject({ withoutPrediction: ["b"], withoutReference: ["c"] });
  });

  test("folders with no name in common are an error even so", async () => {
    const folder = await folderWith("t/a.png", "p/c.png");
    await expect(findPairs(join(folder, "t"), join(folder, "p"), { allowMissing: true })).rejects.toMatchObject({
      code: "MISSING_MASK",
      message: expect.stringContaining("such as c, and a"),
    });
  });

  test("two files for one case are an error", async () => {
    const folder = await folderWith("t/a.png", "t/a.nii", "p/a.png");
    await expect(findPairs(join(folder, "t"), join(folder, "p"))).rejects.toMatchObject({ code: "BAD_DATASET" });
  });

  test("an empty folder is an error", async () => {
    const folder = await folderWith("t/a.png", "p/notes.txt");
    await expect(findPairs(join(folder, "t"), join(folder, "p"))).rejects.toMatchObject({ code: "EMPTY_DATASET" });
  });
});

describe("data sets", () => {
  test("of nnU-Net: the labels that have predictions, with dataset.json and images", async () => {
    const folder = await folderWith(
      "d/labelsTr/a.png",
      "d/labelsTr/b.png",
      "d/labelsTs/c.png",
      "d/imagesTs/c_0000.png",
      "p/c.png",
    );
    await writeFiles(folder, { "d/dataset.json": "{}" });
    const found = await findPairs(join(folder, "d"), join(folder, "p"));
    expect(found).toMatchObject({
      pairs: [{ case: "c", reference: join(folder, "d/labelsTs/c.png") }],
      labelFile: join(folder, "d/dataset.json"),
      imageFolders: [join(folder, "d/imagesTs")],
    });
  });

  test("a folder of labels finds the dataset.json above it, or beside the predictions", async () => {
    const folder = await folderWith("d/labelsTr/a.png", "p/a.png", "t/a.png");
    await writeFiles(folder, { "d/dataset.json": "{}", "p/dataset.json": "{}" });
    expect((await findPairs(join(folder, "d/labelsTr"), join(folder, "p"))).labelFile).toBe(
      join(folder, "d/dataset.json"),
    );
    expect((await findPairs(join(folder, "t"), join(folder, "p"))).labelFile).toBe(join(folder, "p/dataset.json"));
  });

  test("of images and masks: the masks", async () => {
    const folder = await folderWith("d/images/a.png", "d/masks/a_mask.png", "p/a.png");
    expect(await findPairs(join(folder, "d"), join(folder, "p"))).toMatchObject({
      pairs: [{ case: "a_mask", prediction: join(folder, "p/a.png") }],
      imageFolders: [join(folder, "d/images")],
    });
  });
});

describe("files", () => {
  test("two files are one case", async () => {
    const folder = await folderWith("truth.nii.gz", "predicted.png");
    const { pairs } = await findPairs(join(folder, "truth.nii.gz"), join(folder, "predicted.png"));
    expect(pairs).toEqual([
      { case: "truth", reference: join(folder, "truth.nii.gz"), prediction: join(folder, "predicted.png") },
    ]);
  });

  test.each([
    ["a file and a folder", "t/a.png", "p", "USAGE"],
    ["what is not there", "t/a.png", "nowhere.png", "UNREADABLE_FILE"],
    ["another format", "t/a.png", "p/scan.mha", "UNREADABLE_FILE"],
    ["no prediction", "t/a.png", undefined, "USAGE"],
  ])("%s is refused", async (_, reference, prediction, code) => {
    const folder = await folderWith("t/a.png", "p/a.png", "p/scan.dcm");
    const found = findPairs(join(folder, reference), prediction && join(folder, prediction));
    await expect(found).rejects.toMatchObject({ code });
  });
});

describe("a CSV of pairs", () => {
  const read = async (text: string) => {
    const folder = await temporaryFolder();
    await writeFiles(folder, { "pairs.csv": text });
    return { folder, found: await findPairs(join(folder, "pairs.csv"), undefined) };
  };

  test("paths start at its folder; other columns are passed over", async () => {
    const { folder, found } = await read('prediction,site,reference,case\n"p/a, 1.png",Bern,t/a.png,first\n');
    expect(found.pairs).toEqual([
      { case: "first", reference: join(folder, "t/a.png"), prediction: join(folder, "p/a, 1.png") },
    ]);
  });

  test("without a column case the reference names it", async () => {
    const { found } = await read("Reference;Prediction\r\nt/a.nii.gz;p/x.png\r\nt/b.png;p/y.png");
    expect(found.pairs.map((pair) => pair.case)).toEqual(["a", "b"]);
  });

  test.each([
    ["columns that are missing", "truth,prediction\na.png,b.png\n", /columns truth, prediction; its first row/u],
    ["a case twice", "reference,prediction\na.png,b.png\nx/a.png,c.png\n", /pair 2: the case a is that of pair 1/u],
    ["an empty field", "reference,prediction\na.png,\n", /pair 1: prediction is empty/u],
    ["another format", "reference,prediction\na.png,b.tif\n", /prediction is b.tif; losskit reads/u],
    ["no pairs", "reference,prediction\n", /no pairs/u],
    ["a quote that does not end", 'reference,prediction\n"a.png,b.png\n', /does not end/u],
  ])("%s: an error that says so", async (_, text, message) => {
    await expect(read(text)).rejects.toThrow(message);
  });

  test("nothing stands beside it", async () => {
    await expect(findPairs("pairs.csv", "p")).rejects.toMatchObject({ code: "USAGE" });
  });
});

test.each([
  [
    "a,b\n1,2\n",
    [
      ["a", "b"],
      ["1", "2"],
    ],
  ],
  [
    "\uFEFFa,b\r\n1,\r\n",
    [
      ["a", "b"],
      ["1", ""],
    ],
  ],
  [
    "a,b\n1,",
    [
      ["a", "b"],
      ["1", ""],
    ],
  ],
  [
    'a,b\n"x ""y""\nz",2',
    [
      ["a", "b"],
      ['x "y"\nz', "2"],
    ],
  ],
  [
    "a;b\n\n1;2,5\n",
    [
      ["a", "b"],
      ["1", "2,5"],
    ],
  ],
  ["", []],
  ['"open', undefined],
])("rows of %j", (text, rows) => {
  expect(csvRows(text)).toEqual(rows);
});
