import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { readNifti, writeNifti } from "../../src/volumes/nifti.js";

describe("writing NIfTI", () => {
  test("labels and intensities read back as written, with shape and spacing", () => {
    const shape = [2, 3, 4];
    const spacing = [2.5, 0.5, 0.75];
    for (const data of [
      Uint8Array.from({ length: 24 }, (_, i) => i * 10),
      Int16Array.from({ length: 24 }, (_, i) => i * 100 - 1200),
      Uint16Array.from({ length: 24 }, (_, i) => i * 2800),
      Float32Array.from({ length: 24 }, (_, i) => i / 7 - 1),
    ]) {
      const volume = readNifti(writeNifti({ data, shape, spacing }), "a.nii.gz");
      expect(volume).toMatchObject({ shape, spacing, orientation: "RAS", orientationStated: true });
      expect([...volume.data]).toEqual([...data]);
    }
  });

  test("the first voxel lies at the origin given as superior, anterior, right", () => {
    const data = new Uint8Array(1);
    const { affine } = readNifti(writeNifti({ data, shape: [1, 1, 1], origin: [30, 20, 10] }), "a.nii.gz");
    expect(affine?.map((row) => row[3])).toEqual([10, 20, 30]);
  });

  test("is gzip unless told not to, and the same bytes each time", () => {
    const contents = { data: new Uint8Array(8), shape: [2, 2, 2] };
    const packed = writeNifti(contents);
    expect(gunzipSync(packed)).toEqual(Buffer.from(writeNifti({ ...contents, gzip: false })));
    expect(writeNifti(contents)).toEqual(packed);
  });

  test.each([[[2, 2]], [[2, 2, 3]], [[0, 2, 2]], [[40000, 1, 1]]])(
    "the shape %j does not fit and is refused",
    (shape) => {
      const length = shape[0] === 40000 ? 40000 : 8;
      expect(() => writeNifti({ data: new Uint8Array(length), shape })).toThrow(
        expect.objectContaining({ code: "SIZE_MISMATCH" }),
      );
    },
  );
});
