import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openDataset } from "../../src/datasets/open-dataset.js";
import { failure, folderWith, image, mask, pairs } from "./dataset-folder.js";

const SPLIT = {
  name: "cells",
  image: "images/{id}.png",
  mask: "masks/{id}.png",
  classes: { "0": "background", "1": "cell" },
  splits: { train: ["a", "b"], val: ["c"], test: ["d"] },
};

const folderOf = (split: object, files = pairs(["a", "b", "c", "d"])) => folderWith({ ...files, "split.json": split });

describe("a folder with split.json", () => {
  test("gives its name, classes and splits, also when the file itself is named", async () => {
    const folder = await folderOf(SPLIT);
    for (const path of [folder, join(folder, "split.json")]) {
      const dataset = await openDataset(path);
      expect(dataset).toMatchObject({ name: "cells", dimension: 2, channels: 1, classes: ["cell"] });
      expect(dataset.splits).toEqual({ train: ["a", "b"], validation: ["c"], test: ["d"] });
      expect(dataset.splitNote).toBe("2 training, 1 validation and 1 test cases, as given in split.json.");
      expect((await dataset.load("d")).labels[0]).toBe(1);
    }
  });

  test("grouping goes into the note; validation may be spelt out or missing; roi is a pattern", async () => {
    const { name: _, ...rest } = SPLIT;
    const split = {
      ...rest,
      grouping: "one eye a case.",
      roi: "fov/{id}.png",
      splits: { train: ["a"], validation: ["b"], test: ["d"] },
    };
    const regions = { "fov/a.png": mask(1), "fov/b.png": mask(1), "fov/d.png": mask(0, 9) };
    const dataset = await openDataset(await folderOf(split, { ...pairs(["a", "b", "d"]), ...regions }));
    expect(dataset.splitNote).toMatch(/as given in split\.json; one eye a case\.$/u);
    expect(dataset.splits.validation).toEqual(["b"]);
    expect([...(await dataset.load("d")).regionOfInterest!.slice(0, 3)]).toEqual([0, 1, 0]);
    const folder = await folderOf({ ...SPLIT, splits: { train: ["a"], test: ["b"] } });
    expect((await openDataset(folder)).splits.validation).toEqual([]);
  });

  test("a case name may hold folders and characters that patterns of other languages use", async () => {
    const files = {
      "images/s1/x$&.png": image(),
      "masks/s1/x$&.png": mask(255),
      "images/b.png": image(),
      "masks/b.png": mask(),
    };
    const folder = await folderOf({ ...SPLIT, splits: { train: ["s1/x$&"], val: [], test: ["b"] } }, files);
    expect((await (await openDataset(folder)).load("s1/x$&")).labels[0]).toBe(1);
  });

  test("missing masks and images are listed before anything is read", async () => {
    const { "masks/b.png": _, "images/c.png": __, ...rest } = pairs(["a", "b", "c", "d"]);
    const folder = await folderOf(SPLIT, rest);
    const message = await failure("MISSING_MASK", () => openDataset(folder));
    expect(message).toMatch(/1 of 4 masks missing:\n {2}.*masks\/b\.png\n1 images/u);
    expect(message).toContain("images/c.png");
  });

  test.each([
    ["image is missing", { image: undefined }, /"image" of .*split\.json must be text, not missing/u],
    ["a pattern without {id}", { mask: "masks/a.png" }, /"masks\/a\.png"; it must hold \{id\}/u],
    ["classes are missing", { classes: undefined }, /"classes" of .* must name the classes/u],
    ["splits are missing", { splits: undefined }, /"splits" of .*missing/u],
    ["a split that is no list", { splits: { train: "a", test: ["b"] } }, /"train" of .*list of names/u],
    [
      "a split of another name",
      { splits: { train: ["a"], tets: ["b"] } },
      /has "tets"; allowed are train, val and test/u,
    ],
    ["a case in two splits", { splits: { train: ["a"], test: ["a"] } }, /more than once: a/u],
    ["name is no text", { name: 5 }, /"name" of/u],
  ])("%s: refused", async (_, change, message) => {
    const folder = await folderOf({ ...SPLIT, ...change });
    expect(await failure("BAD_DATASET", () => openDataset(folder))).toMatch(message);
  });

  test("no test cases are refused", async () => {
    const folder = await folderOf({ ...SPLIT, splits: { train: ["a"], test: [] } });
    await failure("EMPTY_DATASET", () => openDataset(folder));
  });

  test("what is not JSON, or not an object, is named", async () => {
    const cut = await folderWith({ "split.json": '{"image": ' });
    expect(await failure("BAD_DATASET", () => openDataset(cut))).toMatch(/split\.json is not valid JSON/u);
    const list = await folderWith({ "split.json": "[1]" });
    expect(await failure("BAD_DATASET", () => openDataset(list))).toMatch(/must be a JSON object, not a list/u);
  });
});
