import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LabError } from "../../src/errors.js";
import { readNifti } from "../../src/volumes/nifti.js";
import { counting, makeNifti, type NiftiParts } from "./nifti-file.js";

const SIZE = [4, 3, 2];

const read = (parts: Partial<NiftiParts>) =>
  readNifti(makeNifti({ size: SIZE, stored: counting(SIZE), ...parts }), "a.nii");

const problem = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(LabError);
    expect((error as LabError).code).toBe("UNREADABLE_FILE");
    expect((error as LabError).message).toContain("a.nii");
    return (error as LabError).message;
  }
  throw new Error("nothing was thrown");
};

describe("numbers in a NIfTI file", () => {
  const CODES = [2, 4, 8, 16, 64, 256, 512, 768, 1024, 1280];
  const VERSIONS = [1, 2] as const;
  test.each(CODES.flatMap((code) => VERSIONS.map((version) => [code, version] as const)))(
    "datatype %i of version %i reads the same in both byte orders",
    (datatype, version) => {
      for (const littleEndian of [true, false]) {
        const volume = read({ datatype, version, littleEndian });
        expect(volume.shape).toEqual([2, 3, 4]);
        expect([...volume.data]).toEqual(counting(SIZE));
      }
    },
  );

  test("the extremes of each type keep their value and sign", () => {
    const extremes: [number, number[]][] = [
      [2, [0, 255]],
      [256, [-128, 127]],
      [4, [-32768, 32767]],
      [512, [0, 65535]],
      [8, [-2147483648, 2147483647]],
      [768, [0, 4294967295]],
      [1024, [-9007199254740991, 9007199254740991]],
      [64, [-1e300, 1e300]],
    ];
    for (const [datatype, stored] of extremes) {
      expect([...read({ size: [2, 1, 1], stored, datatype }).data], `datatype ${datatype}`).toEqual(stored);
    }
  });

  test("slope and intercept apply; a slope of 0 or NaN means none", () => {
    expect([...read({ slope: 0.5, intercept: -3 }).data]).toEqual(counting(SIZE).map((v) => 0.5 * v - 3));
    for (const slope of [0, Number.NaN]) {
      expect([...read({ slope, intercept: 7 }).data]).toEqual(counting(SIZE));
    }
    expect(problem(() => read({ slope: Number.POSITIVE_INFINITY }))).toMatch(/must be finite/u);
  });

  test("voxels start where the header says, behind extensions", () => {
    expect([...read({ dataOffset: 352 + 64 }).data]).toEqual(counting(SIZE));
    expect([...read({ dataOffset: 0 }).data]).toEqual(counting(SIZE));
    expect(problem(() => read({ dataOffset: 100 }))).toMatch(/byte 100; it must be at least 352/u);
  });

  test("two dimensions, and a fourth of length 1, are one volume", () => {
    expect(read({ size: [6, 4], stored: counting(SIZE) }).shape).toEqual([1, 4, 6]);
    expect(read({ size: [4, 3, 2, 1] }).shape).toEqual([2, 3, 4]);
  });

  test("gzip is unpacked", () => {
    const bytes = makeNifti({ size: SIZE, stored: counting(SIZE) });
    expect(readNifti(gzipSync(bytes), "a.nii.gz")).toEqual(readNifti(bytes, "a.nii"));
  });
});

describe("orientation", () => {
  const rows = (...diagonal: number[]) => diagonal.map((value, i) => [0, 1, 2, 3].map((j) => (i === j ? value : 0)));

  test("a negative x step is LAS, and comes out turned to RAS", () => {
    const volume = read({ sform: { code: 1, rows: rows(-2, 3, 4) } });
    expect(volume.orientation).toBe("LAS");
    expect(volume.spacing).toEqual([4, 3, 2]);
    expect([...volume.data.slice(0, 8)]).toEqual([3, 2, 1, 0, 7, 6, 5, 4]);
  });

  test("the sform is preferred, whatever its code; else the qform; else the order of the file", () => {
    // A half turn about z: x and y run backwards.
    const qform = { code: 4, bcd: [0, 0, 1] };
    const sform = { code: 1, rows: rows(1, 1, -1) };
    expect(read({ qform, sform }).orientation).toBe("RAI");
    expect(read({ qform, sform: { ...sform, code: 0 } }).orientation).toBe("LPS");
    const plain = read({ pixdim: [2, -3, 0] });
    expect(plain).toMatchObject({ orientation: "RAS", orientationStated: false, spacing: [1, 3, 2] });
    expect([...plain.data]).toEqual(counting(SIZE));
  });

  test("the qform's mirror and its rotation by a quarter turn", () => {
    const mirrored = read({ qform: { code: 1, bcd: [0, 0, 0], qfac: -1 }, pixdim: [1, 2, 3] });
    expect(mirrored).toMatchObject({ orientation: "RAI", spacing: [3, 2, 1] });
    // A quarter turn about z takes i to anterior and j to left.
    const turned = read({ qform: { code: 1, bcd: [0, 0, Math.SQRT1_2] }, pixdim: [5, 6, 7] });
    expect(turned.orientation).toBe("ALS");
    expect(turned.shape).toEqual([2, 4, 3]);
    [7, 5, 6].forEach((length, axis) => void expect(turned.spacing[axis]).toBeCloseTo(length, 5));
    expect([...turned.data.slice(0, 3)]).toEqual([8, 4, 0]);
  });

  test("a quaternion that rounding left longer than 1 still turns", () => {
    expect(read({ qform: { code: 1, bcd: [1.0000001, 0, 0] } }).orientation).toBe("RPI");
  });

  test("an sform without volume or not finite gives way to the qform", () => {
    const qform = { code: 1, bcd: [0, 0, 1] };
    expect(read({ qform, sform: { code: 2, rows: rows(1, 0, 1) } }).orientation).toBe("LPS");
    expect(read({ qform, sform: { code: 2, rows: rows(1, Number.NaN, 1) } }).orientation).toBe("LPS");
  });

  test("units of length: metres and micrometres become millimetres", () => {
    const sform = { code: 1, rows: rows(0.002, 0.003, 0.004) };
    const spacing = read({ sform, units: 1 }).spacing;
    [4, 3, 2].forEach((length, axis) => void expect(spacing[axis]).toBeCloseTo(length, 5));
    expect(read({ pixdim: [500, 500, 1000], units: 3 }).spacing).toEqual([1, 0.5, 0.5]);
  });

  test("property: a volume stored in any of the 48 orientations reads as the same volume", () => {
    const size = [4, 3, 2]; // right, anterior, superior
    const axes = fc.shuffledSubarray([0, 1, 2], { minLength: 3, maxLength: 3 });
    const signs = fc.tuple(...[0, 1, 2].map(() => fc.constantFrom(1, -1)));
    fc.assert(
      fc.property(axes, signs, fc.boolean(), (bodyAxis, sign, littleEndian) => {
        const stored: number[] = [];
        const extent = bodyAxis.map((axis) => size[axis]!);
        for (let k = 0; k < extent[2]!; k++) {
          for (let j = 0; j < extent[1]!; j++) {
            for (let i = 0; i < extent[0]!; i++) {
              const body = [0, 0, 0];
              [i, j, k].forEach((at, axis) => {
                body[bodyAxis[axis]!] = sign[axis]! > 0 ? at : extent[axis]! - 1 - at;
              });
              stored.push(body[0]! + 4 * (body[1]! + 3 * body[2]!));
            }
          }
        }
        const matrix = [0, 1, 2].map((body) => [0, 1, 2].map((axis) => (bodyAxis[axis] === body ? sign[axis]! : 0)));
        const sform = { code: 1, rows: matrix.map((row) => [...row, 0]) };
        const volume = read({ size: extent, stored, sform, littleEndian });
        expect(volume.shape).toEqual([2, 3, 4]);
        expect([...volume.data]).toEqual(counting(size));
      }),
    );
  });

  test("property: an oblique volume never gets one axis twice", () => {
    const number = fc.double({ min: -1, max: 1, noNaN: true });
    const vector = fc.tuple(number, number, number);
    fc.assert(
      fc.property(fc.tuple(vector, vector, vector), (columns) => {
        const matrix = [0, 1, 2].map((row) => [...columns.map((column) => column[row]!), 0]);
        const { orientation, shape, data } = read({ sform: { code: 1, rows: matrix } });
        expect([...orientation].map((letter) => "RLAPSI".indexOf(letter) >> 1).sort()).toEqual([0, 1, 2]);
        expect([...shape].sort()).toEqual([2, 3, 4]);
        expect([...data].sort((a, b) => a - b)).toEqual(counting(SIZE));
      }),
    );
  });
});

describe("damaged NIfTI", () => {
  const whole = makeNifti({ size: SIZE, stored: counting(SIZE) });

  test("every cut is found, and says how much is missing", () => {
    for (let length = 1; length < whole.length; length++) {
      const message = problem(() => readNifti(whole.subarray(0, length), "a.nii"));
      expect(message, `${length} bytes`).toMatch(/it is cut/u);
    }
    expect(problem(() => readNifti(whole.subarray(0, 390), "a.nii"))).toMatch(
      /4 x 3 x 2 voxels of int16 need 400 bytes, it has 390/u,
    );
  });

  test("every cut of a packed file is found", () => {
    const packed = gzipSync(whole);
    for (let length = 3; length < packed.length; length++) {
      expect(
        problem(() => readNifti(packed.subarray(0, length), "a.nii.gz")),
        `${length} bytes`,
      ).toMatch(/it is cut/u);
    }
  });

  test("a changed byte in a packed file is found by its check sum", () => {
    const packed = gzipSync(makeNifti({ size: [16, 16, 16], stored: counting([16, 16, 16]) }));
    const at = packed.length - 20;
    packed[at]! ^= 0x55;
    expect(problem(() => readNifti(packed, "a.nii.gz"))).toMatch(/damaged|cut/u);
  });

  test.each([
    ["not NIfTI", { magic: "xyz" }, /no NIfTI mark/u],
    ["half of a pair", { magic: "ni1" }, /second file/u],
    ["complex voxels", { datatype: 32 }, /complex64; read are uint8, /u],
    ["unknown datatype", { datatype: 77 }, /unknown type 77/u],
    ["bits that contradict the type", { bitsPerVoxel: 8 }, /int16 with 8 bits per voxel; it must be 16/u],
    ["several time points", { size: [4, 3, 1, 2] }, /more than one volume \(4 x 3 x 1 x 2\)/u],
    ["a length of 0", { size: [4, 0, 2] }, /4 x 0 x 2 voxels/u],
    ["a negative length", { size: [4, -3, 2] }, /4 x -3 x 2 voxels/u],
    ["a size beyond the file", { size: [1000, 1000, 1000] }, /it is cut/u],
    ["a size beyond memory", { size: [32767, 32767, 32767] }, /32767 x 32767 x 32767 voxels; at most 1073741824/u],
  ] as const)("%s", (_, parts, message) => {
    expect(problem(() => read(parts))).toMatch(message);
  });

  test("something else altogether", () => {
    expect(problem(() => readNifti(new Uint8Array(400).fill(65), "a.nii"))).toMatch(/does not start with 348 or 540/u);
  });

  test("property: random damage to the header gives a volume or a coded error, nothing else", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(351), fc.nat(255)), { minLength: 1, maxLength: 6 }), (changes) => {
        const bytes = Uint8Array.from(whole);
        for (const [at, value] of changes) bytes[at] = value;
        try {
          const { shape, data } = readNifti(bytes, "a.nii");
          expect(data).toHaveLength(shape[0] * shape[1] * shape[2]);
        } catch (error) {
          expect((error as LabError).code).toBe("UNREADABLE_FILE");
        }
      }),
      { numRuns: 500 },
    );
  });
});
