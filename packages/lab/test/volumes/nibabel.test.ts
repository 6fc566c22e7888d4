// Volumes that nibabel wrote are read as nibabel reads them: numbers, geometry, orientation.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pythonWith } from "../../../../test-support/programs.js";
import { readNifti } from "../../src/volumes/nifti.js";

const SCRIPT = fileURLToPath(new URL("./write_nibabel_volumes.py", import.meta.url));

/** What nibabel says of a file that it wrote; axes as `NiftiVolume` has them. */
interface Described {
  readonly name: string;
  /** Of sform and qform. */
  readonly codes: readonly [number, number];
  readonly datatype: string;
  readonly unit: "mm" | "micron";
  readonly data: readonly number[];
  readonly shape: readonly number[];
  readonly spacing: readonly number[];
  /** These where a form has a code. */
  readonly affine?: readonly (readonly number[])[];
  readonly grid?: readonly (readonly number[])[];
  readonly orientation?: string;
}

interface Written {
  readonly read: readonly Described[];
  /** Files that losskit does not read, and a pattern of what it says. */
  readonly refused: readonly { readonly name: string; readonly message: string }[];
}

/** Headers hold float32; nibabel and losskit each round products of them in float64. */
const AFFINE_ROUNDING = 1e-5;
const MILLIMETRES = { mm: 1, micron: 1e-3 } as const;

const python = pythonWith("nibabel", "numpy");

describe.skipIf(python === undefined)("files of nibabel", () => {
  let folder: string;
  let written: Written;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "losskit-nibabel-"));
    const { status, stdout, stderr } = spawnSync(python!, [SCRIPT, folder], { encoding: "utf8", maxBuffer: 2 ** 26 });
    expect(status, stderr).toBe(0);
    written = JSON.parse(stdout) as Written;
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const bytesOf = (name: string) => readFileSync(join(folder, name));
  const read = (name: string) => readNifti(bytesOf(name), name);
  const described = (name: string) => written.read.find((one) => one.name === name)!;

  test("the voxels are the same numbers in the same order, to the last bit of float32 or float64", () => {
    for (const { name, data, shape, datatype } of written.read) {
      const volume = read(name);
      expect(volume.datatype, name).toBe(datatype);
      expect(volume.shape, name).toEqual(shape);
      const expected = volume.data instanceof Float32Array ? data.map(Math.fround) : data;
      expect([...volume.data], name).toEqual(expected);
    }
    expect(new Set(written.read.map(({ datatype }) => datatype)).size).toBe(10);
  });

  test("types of more than 24 bits keep what float32 cannot hold", () => {
    for (const type of ["int32", "int64", "uint32", "uint64", "float64"]) {
      expect(read(`${type}-big.nii`).data, type).toBeInstanceOf(Float64Array);
    }
  });

  test("affine, grid, spacing and orientation agree, also of oblique, mirrored and sheared grids", () => {
    for (const { name, affine, grid, spacing, orientation, unit } of written.read) {
      const volume = read(name);
      const millimetres = MILLIMETRES[unit];
      expectClose(volume.spacing, spacing, millimetres, name);
      expect(volume.orientationStated, name).toBe(affine !== undefined);
      if (affine === undefined) {
        expect(volume, name).toMatchObject({ affine: undefined, grid: undefined, orientation: "RAS" });
        continue;
      }
      expectClose(volume.affine!.flat(), affine.flat(), millimetres, name);
      expectClose(volume.grid!.flat(), grid!.flat(), millimetres, name);
      expect(volume.orientation, name).toBe(orientation);
    }
  });

  test("the sform counts where its code is set, whatever the qform's; else the qform; else nothing is known", () => {
    for (const version of ["", "-nifti2"]) {
      const name = (form: string) => `${form}${version}.nii`;
      const codes = (form: string) => described(name(form)).codes;
      // The sform of these files is oblique and their qform mirrored.
      expect(codes("both-differ")).toEqual([1, 4]);
      expect(read(name("both-differ")).orientation).toBe("RAS");
      expect(codes("sform-code-0")).toEqual([0, 1]);
      expect(read(name("sform-code-0")).orientation).toBe("LAS");
      expect(codes("sform-only")).toEqual([2, 0]);
      expect(codes("qform-only-mirrored")).toEqual([0, 1]);
      expect(codes("neither")).toEqual([0, 0]);
      expect(read(name("neither")).orientationStated).toBe(false);
    }
    // pixdim[0], the sign of the qform's third axis.
    expect(bytesOf("qform-only-mirrored.nii").readFloatBE(76)).toBe(-1);
  });

  test("what is not read is refused, and the message says what it is", () => {
    for (const { name, message } of written.refused) {
      expect(() => read(name), name).toThrow(
        expect.objectContaining({
          code: "UNREADABLE_FILE",
          message: expect.stringMatching(new RegExp(`${name}: .*${message}`, "u")),
        }),
      );
    }
    expect(written.refused.length).toBeGreaterThan(5);
  });
});

/** Within float32's rounding of the largest of them, which is a coordinate of a few hundred millimetres at most. */
function expectClose(found: readonly number[], theirs: readonly number[], unit: number, name: string): void {
  expect(found, name).toHaveLength(theirs.length);
  const largest = Math.max(...theirs.map(Math.abs));
  for (const [index, value] of found.entries()) {
    expect(Math.abs(value - theirs[index]! * unit), `${name} at ${index}`).toBeLessThanOrEqual(
      AFFINE_ROUNDING * largest * unit,
    );
  }
}
