import { describe, expect, test } from "vitest";
import { checkDataset } from "../../src/datasets/check-dataset.js";
import type { Dataset } from "../../src/datasets/dataset.js";
import { openDataset } from "../../src/datasets/open-dataset.js";
import { greyPng } from "../volumes/png-file.js";
import { failure, folderWith, image, mask, pairs } from "./dataset-folder.js";

const NAMES = Array.from({ length: 14 }, (_, i) => `case${10 + i}`);
const OTHER_SIZE = greyPng(2, 2, [0, 0, 0, 0]);

const open = async (changes: Record<string, Uint8Array> = {}): Promise<Dataset> =>
  openDataset(await folderWith({ ...pairs(NAMES), ...changes }));

describe("checking a data set", () => {
  test("reads every case once and hands it on", async () => {
    const seen: string[] = [];
    const counts: number[] = [];
    await checkDataset(await open(), {
      onCase: ({ id }, tried, all) => {
        seen.push(id);
        counts.push(tried);
        expect(all).toBe(14);
      },
    });
    expect(seen.sort()).toEqual(NAMES);
    expect(counts).toEqual(NAMES.map((_, i) => i + 1));
  });

  test("one problem is reported as it is", async () => {
    const dataset = await open({ "masks/case12.png": OTHER_SIZE });
    const message = await failure("SIZE_MISMATCH", () => checkDataset(dataset));
    expect(message).toMatch(/^\S*masks\/case12\.png has 2 x 2/u);
  });

  test("problems of several kinds come in one error", async () => {
    const dataset = await open({
      "masks/case12.png": OTHER_SIZE,
      "images/case15.png": image().slice(0, 50),
      "masks/case20.png": mask(255).slice(0, 50),
    });
    const message = await failure("BAD_DATASET", () => checkDataset(dataset));
    expect(message).toMatch(/^3 of 14 cases/u);
    for (const file of ["masks/case12.png", "images/case15.png", "masks/case20.png"]) expect(message).toContain(file);
  });

  test("of many problems of one kind ten are listed, under their own code", async () => {
    const changes = Object.fromEntries(NAMES.slice(0, 12).map((name) => [`masks/${name}.png`, OTHER_SIZE]));
    const dataset = await open(changes);
    const message = await failure("SIZE_MISMATCH", () => checkDataset(dataset));
    expect(message.match(/has 2 x 2/gu)).toHaveLength(10);
    expect(message).toMatch(/12 of 14 cases.*and 2 more$/su);
  });

  test("stops when told to, without reading on", async () => {
    const controller = new AbortController();
    let read = 0;
    const onCase = () => {
      read++;
      if (read === 3) controller.abort();
    };
    const dataset = await open();
    await failure("INTERRUPTED", () => checkDataset(dataset, { signal: controller.signal, onCase }));
    expect(read).toBe(3);
  });

  test("an error that is no finding about the data is passed on", async () => {
    const dataset = await open();
    const broken = { ...dataset, load: () => Promise.reject(new TypeError("a fault of ours")) };
    await expect(checkDataset(broken)).rejects.toThrow(TypeError);
  });
});
