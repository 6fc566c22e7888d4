import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { isColourPng, readImage, readMask } from "../../src/datasets/read-image.js";
import { makeNifti } from "../volumes/nifti-file.js";
import { makePng } from "../volumes/png-file.js";
import { failure, folderWith } from "./dataset-folder.js";

const png = (colourType: 0 | 2 | 3 | 4 | 6, samples: number[], depth: 8 | 16 = 8) =>
  makePng({ width: 2, height: 1, depth, colourType, samples, palette: colourType === 3 ? PALETTE : undefined });
const PALETTE = [
  [0, 0, 0],
  [200, 200, 200],
  [200, 0, 9],
] as const;

const fileWith = async (name: string, content: Uint8Array) => join(await folderWith({ [name]: content }), name);

describe("images", () => {
  test.each([
    ["grey", png(0, [3, 9]), [3, 9]],
    ["16-bit grey", png(0, [300, 65535], 16), [300, 65535]],
    ["grey and alpha, whose alpha is left out", png(4, [3, 255, 9, 0]), [3, 9]],
    ["RGB that is grey", png(2, [3, 3, 3, 9, 9, 9]), [3, 9]],
    ["RGBA that is grey", png(6, [3, 3, 3, 255, 9, 9, 9, 7]), [3, 9]],
    ["a palette used for grey alone", png(3, [1, 0]), [200, 0]],
  ])("%s has one channel", async (_, bytes, expected) => {
    const path = await fileWith("a.png", bytes);
    const { shape, spacing, channels, data } = await readImage(path);
    expect({ shape, spacing, channels, data: [...data] }).toEqual({
      shape: [1, 2],
      spacing: [1, 1],
      channels: 1,
      data: expected,
    });
    expect(await isColourPng(path)).toBe(false);
  });

  test.each([
    ["RGB", png(2, [1, 2, 3, 9, 9, 9]), [1, 9, 2, 9, 3, 9]],
    ["16-bit RGBA", png(6, [1, 2, 300, 0, 9, 9, 9, 0], 16), [1, 9, 2, 9, 300, 9]],
    ["a palette", png(3, [1, 2]), [200, 200, 200, 0, 200, 9]],
  ])("%s has three, one after the other", async (_, bytes, expected) => {
    const path = await fileWith("a.png", bytes);
    const { channels, data } = await readImage(path);
    expect(channels).toBe(3);
    expect([...data]).toEqual(expected);
    expect(await isColourPng(path)).toBe(true);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, 1e39])(
    "a voxel of %d is refused, naming the file",
    async (value) => {
      const path = await fileWith("a.nii", makeNifti({ size: [2, 1, 1], stored: [1, value], datatype: 64 }));
      expect(await failure("BAD_DATASET", () => readImage(path))).toMatch(
        /a\.nii has 1 of 2 voxels that are not finite/u,
      );
    },
  );

  test("a missing file, an empty one and an unknown ending are named", async () => {
    const folder = await folderWith({ "a.png": new Uint8Array(0), "b.tif": "II*" });
    expect(await failure("UNREADABLE_FILE", () => readImage(join(folder, "none.png")))).toMatch(/none\.png/u);
    expect(await failure("UNREADABLE_FILE", () => readImage(join(folder, "a.png")))).toMatch(/a\.png.*empty/u);
    expect(await failure("UNREADABLE_FILE", () => readImage(join(folder, "b.tif")))).toMatch(/b\.tif.*\.nii\.gz/u);
  });
});

describe("masks", () => {
  test.each([
    ["grey", png(0, [3, 255]), [3, 255], 255],
    ["16-bit grey", png(0, [3, 700], 16), [3, 700], 65535],
    ["grey and alpha", png(4, [3, 0, 9, 255]), [3, 9], 255],
    ["RGB that is grey", png(2, [3, 3, 3, 255, 255, 255]), [3, 255], 255],
    ["a palette, by index whatever its colours", png(3, [1, 2]), [1, 2], undefined],
  ])("%s gives the stored numbers", async (_, bytes, values, white) => {
    const read = await readMask(await fileWith("m.png", bytes));
    expect([...(read.values as Uint8Array)]).toEqual(values);
    expect(read.white).toBe(white);
  });

  test("colours are no labels", async () => {
    const path = await fileWith("m.png", png(2, [255, 0, 0, 0, 0, 0]));
    expect(await failure("UNREADABLE_FILE", () => readMask(path))).toMatch(/m\.png.*colours.*palette/u);
  });

  test("a volume that does not say how it lies is taken as its image", async () => {
    const path = await fileWith("m.nii", makeNifti({ size: [3, 1, 1], stored: [1, 2, 3] }));
    const left = [
      [-1, 0, 0, 0],
      [0, 1, 0, 0],
      [0, 0, 1, 0],
    ] as const;
    expect([...((await readMask(path, left)).values as Float32Array)]).toEqual([3, 2, 1]);
    expect([...((await readMask(path)).values as Float32Array)]).toEqual([1, 2, 3]);
  });
});
