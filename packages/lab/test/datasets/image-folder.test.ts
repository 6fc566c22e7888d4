import { describe, expect, test } from "vitest";
import { openDataset } from "../../src/datasets/open-dataset.js";
import { makeNifti } from "../volumes/nifti-file.js";
import { greyPng, makePng } from "../volumes/png-file.js";
import { failure, folderWith, image, mask, pairs } from "./dataset-folder.js";

const NAMES = ["a", "b", "c", "d", "e"];

describe("a folder with images/ and masks/", () => {
  test("opens with one class, drawn splits and normalised cases", async () => {
    const dataset = await openDataset(await folderWith(pairs(NAMES)));
    expect(dataset).toMatchObject({ dimension: 2, channels: 1, classes: ["foreground"] });
    expect(Object.values(dataset.splits).flat().sort()).toEqual(NAMES);
    expect(dataset.splitNote).toMatch(/3 training, 1 validation and 1 test cases, drawn at random/u);
    const one = await dataset.load("b");
    expect(one).toMatchObject({ id: "b", shape: [3, 4], spacing: [1, 1], channels: 1 });
    expect([...one.labels]).toEqual([1, 1, ...Array(10).fill(0)]);
    expect(one.regionOfInterest).toBeUndefined();
    // 0, 2, … 22: mean 11, deviation 2 * sqrt((12² - 1) / 12).
    expect(one.image[0]).toBeCloseTo(-11 / (2 * Math.sqrt(143 / 12)), 6);
  });

  test("labels/, capitals, suffixes, endings and files besides are understood", async () => {
    const dataset = await openDataset(
      await folderWith({
        "Images/a.PNG": image(),
        "Images/b_1.png": image(),
        "Images/c_seg.png": image(),
        "Images/.hidden.png": "x",
        "Images/notes.txt": "x",
        "Labels/a_mask.png": mask(1),
        "Labels/b_1_seg.png": mask(1),
        "Labels/c_seg.png": mask(1),
      }),
    );
    expect(Object.values(dataset.splits).flat().sort()).toEqual(["a", "b_1", "c_seg"]);
    expect((await dataset.load("b_1")).labels[0]).toBe(1);
  });

  test("volumes: .nii with masks in another orientation come together", async () => {
    const stored = [10, 20, 30, 40, 50, 60];
    const left = {
      code: 1,
      rows: [
        [-2, 0, 0, 0],
        [0, 1, 0, 0],
        [0, 0, 3, 0],
      ],
    }; // prettier-ignore
    const right = {
      code: 1,
      rows: [
        [2, 0, 0, 0],
        [0, 1, 0, 0],
        [0, 0, 3, 0],
      ],
    }; // prettier-ignore
    const files = Object.fromEntries(
      ["a", "b", "c"].flatMap((id) => [
        [`images/${id}.nii`, makeNifti({ size: [3, 2, 1], stored, sform: left })],
        [`masks/${id}.nii`, makeNifti({ size: [3, 2, 1], stored: [0, 0, 1, 0, 0, 0], datatype: 2, sform: right })],
      ]),
    );
    const dataset = await openDataset(await folderWith(files));
    expect(dataset.dimension).toBe(3);
    const one = await dataset.load("a");
    expect(one).toMatchObject({ shape: [1, 2, 3], spacing: [3, 1, 2] });
    expect([...one.labels]).toEqual([0, 0, 1, 0, 0, 0]);
    // The voxel stored first, 10, lies furthest to the right.
    expect(one.image.indexOf(Math.min(...one.image))).toBe(2);
  });

  test("volumes: a mask that does not say how it lies is taken as its image", async () => {
    const rows = [
      [-1, 0, 0, 0],
      [0, 1, 0, 0],
      [0, 0, 1, 0],
    ]; // prettier-ignore
    const left = { code: 1, rows };
    const files = Object.fromEntries(
      ["a", "b", "c"].flatMap((id) => [
        [`images/${id}.nii`, makeNifti({ size: [3, 1, 1], stored: [10, 20, 90], sform: left })],
        [`masks/${id}.nii`, makeNifti({ size: [3, 1, 1], stored: [0, 0, 1] })],
        [`roi/${id}.nii`, makeNifti({ size: [3, 1, 1], stored: [0, 1, 1] })],
      ]),
    );
    const one = await (await openDataset(await folderWith(files))).load("a");
    expect(one.image.indexOf(Math.max(...one.image))).toBe(0);
    expect([...one.labels]).toEqual([1, 0, 0]);
    expect([...one.regionOfInterest!]).toEqual([1, 1, 0]);
  });

  test("volumes: an image that does not say how it lies is taken as its mask", async () => {
    const rows = [
      [-1, 0, 0, 0],
      [0, 1, 0, 0],
      [0, 0, 1, 0],
    ]; // prettier-ignore
    const files = Object.fromEntries(
      ["a", "b", "c"].flatMap((id) => [
        [`images/${id}.nii`, makeNifti({ size: [3, 1, 1], stored: [10, 20, 90] })],
        [`masks/${id}.nii`, makeNifti({ size: [3, 1, 1], stored: [0, 0, 1], sform: { code: 1, rows } })],
        [`roi/${id}.nii`, makeNifti({ size: [3, 1, 1], stored: [0, 1, 1] })],
      ]),
    );
    const one = await (await openDataset(await folderWith(files))).load("a");
    expect(one.image.indexOf(Math.max(...one.image))).toBe(0);
    expect([...one.labels]).toEqual([1, 0, 0]);
    expect([...one.regionOfInterest!]).toEqual([1, 1, 0]);
  });

  test("volumes: a single slice is one image, whichever way it lies", async () => {
    const files = Object.fromEntries(
      ["a", "b", "c"].flatMap((id) => [
        [`images/${id}.nii`, makeNifti({ size: [1, 2, 3], stored: [1, 2, 3, 4, 5, 6], pixdim: [9, 2, 3] })],
        [`masks/${id}.nii`, makeNifti({ size: [1, 2, 3], stored: [0, 0, 0, 1, 0, 0] })],
      ]),
    );
    const one = await (await openDataset(await folderWith(files))).load("a");
    expect(one).toMatchObject({ shape: [1, 3, 2], spacing: [9, 3, 2] });
    expect([...one.labels]).toEqual([0, 0, 0, 1, 0, 0]);
  });

  test("a region of interest limits normalisation and is handed on", async () => {
    const files = pairs(["a", "b", "c"]);
    for (const id of ["a", "b", "c"]) files[`fov/${id}_fov.png`] = mask(255, 0, 255);
    const one = await (await openDataset(await folderWith(files))).load("a");
    expect([...one.regionOfInterest!]).toEqual([1, 0, 1, ...Array(9).fill(0)]);
    expect([...one.image.slice(0, 4)]).toEqual([-1, 0, 1, 2]);
  });

  test("a region that is empty, or missing for one image, is named", async () => {
    const files = { ...pairs(["a", "b", "c"]), "roi/a.png": mask(1), "roi/b.png": mask(), "roi/c.png": mask(1) };
    const dataset = await openDataset(await folderWith(files));
    expect(await failure("BAD_DATASET", () => dataset.load("b"))).toMatch(/roi\/b\.png is empty/u);
    const { "roi/b.png": _, ...fewer } = files;
    const folder = await folderWith(fewer);
    expect(await failure("BAD_DATASET", () => openDataset(folder))).toMatch(/1 images or regions .*\n.*roi\/b\.png/u);
  });

  test("grey images among colour ones are repeated in three channels", async () => {
    const colour = makePng({
      width: 4,
      height: 3,
      depth: 8,
      colourType: 2,
      samples: Array.from({ length: 36 }, (_, i) => i),
    });
    const dataset = await openDataset(await folderWith({ ...pairs(["a", "b", "c"]), "images/b.png": colour }));
    expect(dataset.channels).toBe(3);
    const grey = await dataset.load("a");
    expect(grey.channels).toBe(3);
    expect(grey.image).toHaveLength(36);
    expect(grey.image.slice(0, 12)).toEqual(grey.image.slice(24));
    expect((await dataset.load("b")).image).toHaveLength(36);
  });
});

describe("classes of a folder", () => {
  const several = pairs(["a", "b", "c"], mask(0, 1, 2, 2));

  test("several labels without names: the error says which there are and what to write", async () => {
    const folder = await folderWith(several);
    const message = await failure("UNDECLARED_LABEL", () => openDataset(folder));
    expect(message).toContain("the values 0, 1, 2;");
    expect(message).toContain(`${folder}/classes.json: { "0": "background", "1": "name", "2": "name" }`);
  });

  test("classes.json names them, and --classes selects", async () => {
    const folder = await folderWith({
      ...several,
      "classes.json": { "0": "background", "1": "Cyst wall", "2": "fluid" },
    });
    expect((await openDataset(folder)).classes).toEqual(["Cyst wall", "fluid"]);
    const chosen = await openDataset(folder, { classes: ["cyst-wall"] });
    expect([...(await chosen.load("a")).labels.slice(0, 4)]).toEqual([0, 1, 0, 0]);
    const message = await failure("UNKNOWN_CLASS", () => openDataset(folder, { classes: ["fluit"] }));
    expect(message).toMatch(/did you mean "fluid"/u);
  });

  test("0 and 2, and a smoothed mask, are not taken as one class", async () => {
    const two = await folderWith(pairs(["a", "b", "c"], mask(2)));
    await failure("UNDECLARED_LABEL", () => openDataset(two));
    const smooth = await folderWith({ ...pairs(["a", "b", "c"]), "masks/b.png": mask(13, 128, 255) });
    expect(await failure("UNDECLARED_LABEL", () => openDataset(smooth))).toMatch(/threshold the masks/u);
  });

  test("a label beyond the masks that are sampled is found when its case is read", async () => {
    const names = Array.from({ length: 25 }, (_, i) => `case${10 + i}`);
    const dataset = await openDataset(await folderWith({ ...pairs(names), "masks/case34.png": mask(0, 7) }));
    const message = await failure("UNDECLARED_LABEL", () => dataset.load("case34"));
    expect(message).toMatch(/case34\.png.*7 \(1 voxels\).*classes\.json/u);
  });
});

describe("a folder that cannot be used", () => {
  test("images without masks and masks without images are listed", async () => {
    const { "masks/b.png": _, ...bare } = pairs(NAMES);
    const folder = await folderWith({ ...bare, "masks/x.png": mask() });
    const message = await failure("MISSING_MASK", () => openDataset(folder));
    expect(message).toContain("1 of 5 images have no mask: b.png");
    expect(message).toContain("1 of 5 masks have no image: x.png");
    const spare = await folderWith({ ...pairs(NAMES), "masks/x.png": mask() });
    await failure("BAD_DATASET", () => openDataset(spare));
    const none = await folderWith({ "images/a.png": image() });
    await failure("MISSING_MASK", () => openDataset(none));
  });

  test("too few cases, no images, an empty folder", async () => {
    const two = await folderWith(pairs(["a", "b"]));
    expect(await failure("EMPTY_DATASET", () => openDataset(two))).toMatch(/at least 3/u);
    const none = await folderWith({ "images/readme.txt": "x", "masks/readme.txt": "x" });
    await failure("EMPTY_DATASET", () => openDataset(none));
    const empty = await folderWith({});
    expect(await failure("EMPTY_DATASET", () => openDataset(empty))).toMatch(/masks\/.*\n.*split\.json.*\n.*nnU-Net/u);
  });

  test("no folder, a file, and a folder of something else say which forms are understood", async () => {
    const folder = await folderWith({ "photos/a.png": image(), "notes.txt": "x" });
    for (const path of [`${folder}/none`, `${folder}/notes.txt`, folder]) {
      expect(await failure("BAD_DATASET", () => openDataset(path))).toMatch(/split\.json/u);
    }
  });

  test("images that are not read, two files for one case, and mixed kinds are named", async () => {
    const lossy = await folderWith({ ...pairs(NAMES), "images/f.jpg": "x" });
    expect(await failure("BAD_DATASET", () => openDataset(lossy))).toMatch(/f\.jpg; losskit reads \.png/u);
    const twice = await folderWith({ ...pairs(NAMES), "masks/a_mask.png": mask(), "masks/a_seg.png": mask() });
    await failure("BAD_DATASET", () => openDataset(twice));
    const volume = makeNifti({ size: [4, 3, 1], stored: Array(12).fill(0) });
    const { "masks/a.png": _, ...rest } = pairs(NAMES);
    const mixed = await folderWith({ ...rest, "masks/a.nii": volume });
    expect(await failure("BAD_DATASET", () => openDataset(mixed))).toMatch(/mixes PNG and NIfTI/u);
  });

  test("a mask of another size, a cut image and an unknown case are named when read", async () => {
    const files = {
      ...pairs(NAMES),
      "masks/a.png": greyPng(3, 4, Array(12).fill(0)),
      "images/b.png": image().slice(0, 60),
    };
    const dataset = await openDataset(await folderWith(files));
    const message = await failure("SIZE_MISMATCH", () => dataset.load("a"));
    expect(message).toMatch(/masks\/a\.png has 3 x 4 voxels.*images\/a\.png has 4 x 3/u);
    expect(await failure("UNREADABLE_FILE", () => dataset.load("b"))).toMatch(/images\/b\.png: it is cut/u);
    await failure("BAD_DATASET", () => dataset.load("z"));
  });
});
