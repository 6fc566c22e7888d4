// Writing phantoms: what is in the folder, that it reads back, and that no other file is ever touched or left half-written.

import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openDataset } from "../../src/datasets/open-dataset.js";
import { generatePhantom } from "../../src/datasets/phantoms/generate.js";
import { DEFAULT_DIALS, PHANTOM_PRESETS } from "../../src/datasets/phantoms/presets.js";
import { phantomStatistics } from "../../src/datasets/phantoms/statistics.js";
import { writePhantoms } from "../../src/datasets/phantoms/write-phantoms.js";
import { readPng } from "../../src/volumes/png.js";
import { failure, folderWith } from "../datasets/dataset-folder.js";
import { REFERENCE_MEDIANS } from "./reference-medians.js";

const options = { seed: 5, train: 1, validation: 0, test: 1 };
const readJson = async (...path: string[]) => JSON.parse(await readFile(join(...path), "utf8"));

/** A folder, and the path of another in it that is not there yet. */
async function place() {
  const parent = await folderWith({});
  return { parent, target: join(parent, "deep", "set") };
}

describe("what is written", () => {
  it.each([
    ["nuclei", ["images", "instances", "masks"]],
    ["vessels", ["fov", "images", "masks"]],
    ["lesions", ["images", "masks"]],
    ["organ", ["images", "masks"]],
  ] as const)("%s: %j and two descriptions, nothing else", async (preset, folders) => {
    const { target } = await place();
    await writePhantoms(preset, target, options);
    expect((await readdir(target)).sort()).toEqual([...folders, "split.json", "stats.json"].sort());
    expect(await readdir(join(target, ".."))).toEqual(["set"]);
    const names = [0, 1].map((index) => `${preset}-00${index}.${preset === "organ" ? "nii.gz" : "png"}`);
    for (const folder of folders) expect((await readdir(join(target, folder))).sort()).toEqual(names);
  });

  it("says in the report's words that the images are synthetic, and which dials were turned", async () => {
    const { target } = await place();
    await writePhantoms("nuclei", target, { ...options, dials: { ...DEFAULT_DIALS, contrast: 0.5 } });
    const { splitNote } = await openDataset(target);
    expect(splitNote).toMatch(
      /1 training, 0 validation and 1 test cases, .*synthetic images, preset nuclei .*, seed 5, contrast 0\.5;/u,
    );
    expect((await readJson(target, "split.json")).phantoms).toMatchObject({ seed: 5, dials: { contrast: 0.5 } });
  });

  it("keeps the numbers of touching nuclei apart", async () => {
    const { target } = await place();
    await writePhantoms("nuclei", target, options);
    const path = join(target, "instances", "nuclei-001.png");
    const { depth, data } = readPng(await readFile(path), path);
    expect(depth).toBe(16);
    expect(Uint16Array.from(data)).toEqual(generatePhantom("nuclei", { seed: 5, index: 1 }).instances);
  });

  it.each(PHANTOM_PRESETS)("has statistics of %s under the names of the public set", async (preset) => {
    const { target } = await place();
    await writePhantoms(preset, target, options);
    const statistics = await readJson(target, "stats.json");
    const phantoms = [0, 1].map((index) => generatePhantom(preset, { seed: 5, index }));
    expect(statistics).toMatchObject(phantomStatistics(preset, phantoms));
    expect(statistics.scope).toBe("the 2 phantoms of this folder");
    expect(statistics.image_size).toEqual(preset === "organ" ? undefined : [256, 256]);
    for (const key of Object.keys(REFERENCE_MEDIANS[preset])) expect(statistics).toHaveProperty([key, "median"]);
  });

  it("tells how far it is", async () => {
    const { target } = await place();
    const seen: string[] = [];
    await writePhantoms("organ", target, { ...options, test: 2, onCase: (done, all) => seen.push(`${done}/${all}`) });
    expect(seen).toEqual(["1/3", "2/3", "3/3"]);
  });
});

describe("a folder that is there", () => {
  it("is used, and stays the same folder, where it is empty", async () => {
    const target = await folderWith({});
    await writePhantoms("lesions", target, options);
    expect((await readdir(target)).sort()).toEqual(["images", "masks", "split.json", "stats.json"]);
    await expect(openDataset(target)).resolves.toMatchObject({ classes: ["lesion"] });
  });

  it("is not replaced where it holds phantoms, unless that is forced", async () => {
    const target = await folderWith({});
    await writePhantoms("vessels", target, options);
    const before = await readFile(join(target, "split.json"), "utf8");
    expect(await failure("USAGE", () => writePhantoms("nuclei", target, options))).toMatch(
      /holds phantoms already; .*--force/u,
    );
    expect(await readFile(join(target, "split.json"), "utf8")).toBe(before);
    await writePhantoms("nuclei", target, { ...options, force: true });
    expect((await readdir(target)).sort()).toEqual(["images", "instances", "masks", "split.json", "stats.json"]);
    expect(await readdir(join(target, "images"))).toEqual(["nuclei-000.png", "nuclei-001.png"]);
  });

  it.each([
    ["something else", { "thesis.tex": "" }],
    ["a data set of someone's own", { "images/a.png": "", "masks/a.png": "", "split.json": { name: "mine" } }],
    ["phantoms and something else", { "split.json": { phantoms: {} }, "notes.txt": "" }],
  ])("is left alone also by --force where it holds %s", async (_, files) => {
    const target = await folderWith(files);
    const before = (await readdir(target)).sort();
    const message = await failure("USAGE", () => writePhantoms("lesions", target, { ...options, force: true }));
    expect(message).toContain(target);
    expect(message).toMatch(/choose an empty or new folder/u);
    expect((await readdir(target)).sort()).toEqual(before);
  });

  it("must not be a file, nor lie in one", async () => {
    const parent = await folderWith({ "a.txt": "text" });
    for (const target of [join(parent, "a.txt"), join(parent, "a.txt", "set")]) {
      const message = await failure("USAGE", () => writePhantoms("lesions", target, { ...options, force: true }));
      expect(message).toMatch(/is or lies in a file/u);
    }
    expect(await readFile(join(parent, "a.txt"), "utf8")).toBe("text");
    expect(await readdir(parent)).toEqual(["a.txt"]);
  });
});

describe("nothing is left half-written", () => {
  it("when it is interrupted", async () => {
    const parent = await folderWith({});
    for (const existing of [false, true]) {
      const target = join(parent, "set");
      if (existing) await mkdir(target);
      const controller = new AbortController();
      const stop = { signal: controller.signal, onCase: () => controller.abort() };
      await failure("INTERRUPTED", () => writePhantoms("lesions", target, { ...options, ...stop }));
      expect(await readdir(parent)).toEqual(existing ? ["set"] : []);
      if (existing) expect(await readdir(target)).toEqual([]);
    }
  });

  it("when writing fails: the error names the folder", async () => {
    const parent = await folderWith({});
    const target = join(parent, "set");
    // A file where the files are prepared, as a disk that fails in the middle.
    const spoil = () => writeFile(join(parent, `set.${process.pid}.part`), "");
    await spoil();
    const message = await failure("WRITE_FAILED", () => writePhantoms("lesions", target, options));
    expect(message).toContain(target);
    expect(await readdir(parent)).toEqual([]);
  });

  it("when phantoms are replaced: the old ones stay until the new are complete", async () => {
    const target = await folderWith({});
    await writePhantoms("lesions", target, options);
    const before = await readFile(join(target, "images", "lesions-000.png"));
    const controller = new AbortController();
    const stop = { force: true, signal: controller.signal, onCase: () => controller.abort() };
    await failure("INTERRUPTED", () => writePhantoms("lesions", target, { ...options, ...stop, seed: 6 }));
    expect(await readFile(join(target, "images", "lesions-000.png"))).toEqual(before);
    await expect(openDataset(target)).resolves.toMatchObject({ name: "phantoms-lesions" });
  });

  it("when the request makes no set", async () => {
    const { parent, target } = await place();
    await failure("USAGE", () => writePhantoms("lesions", target, { ...options, train: 0 }));
    await failure("USAGE", () => writePhantoms("lesions", target, { ...options, test: 1001 }));
    await failure("USAGE", () => writePhantoms("lesions", target, { ...options, dials: { noise: 21 } }));
    expect(await readdir(parent)).toEqual([]);
  });
});
