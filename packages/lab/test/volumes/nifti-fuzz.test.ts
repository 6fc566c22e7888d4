// Damaged and hostile NIfTI files: a volume that makes sense or a coded error that names the file, within bounds of memory.

import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LabError } from "../../src/errors.js";
import { readNifti } from "../../src/volumes/nifti.js";
import { gzipBomb, memoryTaken } from "./hostile-files.js";
import { counting, makeNifti, type NiftiParts } from "./nifti-file.js";

const FILE = "scan-7.nii";
const SIZE = [4, 3, 2];
const FORMS = {
  sform: {
    code: 1,
    rows: [
      [-2, 0.1, 0, 30],
      [0.1, 3, 0, -8],
      [0, 0, 4, 5],
    ],
  },
  qform: { code: 1, bcd: [0.1, 0.2, 0.3], qfac: -1 },
  pixdim: [2, 3, 4],
} as const;

const made = (parts: Partial<NiftiParts> = {}) => makeNifti({ size: SIZE, stored: counting(SIZE), ...FORMS, ...parts });

const VARIANTS = ([1, 2] as const).flatMap((version) =>
  [true, false].map((littleEndian) => ({ version, littleEndian, headerLength: version === 1 ? 352 : 544 })),
);

/** The message of the coded error, or undefined where the file was read; what was read must make sense. */
function outcome(bytes: Uint8Array): string | undefined {
  try {
    const { data, shape, channels, spacing, statedSpacing, orientation, affine, grid } = readNifti(bytes, FILE);
    expect(data).toHaveLength(shape[0] * shape[1] * shape[2] * channels);
    expect(data.some(Number.isNaN)).toBe(false);
    for (const edge of [...spacing, ...statedSpacing]) expect(edge > 0 && edge < 1e10).toBe(true);
    expect([...orientation].map((letter) => "RLAPSI".indexOf(letter) >> 1).sort()).toEqual([0, 1, 2]);
    expect([affine, grid].flat(2).every((value) => value === undefined || Number.isFinite(value))).toBe(true);
    return undefined;
  } catch (error) {
    return unreadable(error);
  }
}

function unreadable(error: unknown): string {
  if (!(error instanceof LabError)) throw error;
  expect(error.code).toBe("UNREADABLE_FILE");
  expect(error.message).toContain(FILE);
  return error.message;
}

const refusal = (bytes: Uint8Array): string => outcome(bytes) ?? "it was read";

describe("damage", () => {
  test.each(VARIANTS)("version $version, little endian $littleEndian: every cut is named as one", (variant) => {
    const whole = made(variant);
    for (const bytes of [whole, gzipSync(whole)]) {
      for (let length = 0; length < bytes.length; length++) {
        const message = refusal(bytes.subarray(0, length));
        // Of the first bytes of gzip nobody can tell what they are.
        expect(message, `${length} of ${bytes.length} bytes`).toMatch(/it is cut/u);
      }
      expect(outcome(bytes)).toBeUndefined();
    }
  });

  test.each(VARIANTS)("version $version, little endian $littleEndian: every bit of the header flipped", (variant) => {
    const whole = made(variant);
    let read = 0;
    for (let bit = 0; bit < 8 * variant.headerLength; bit++) {
      const bytes = Uint8Array.from(whole);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      if (outcome(bytes) === undefined) read++;
    }
    // Most of a header is text and hints; sizes, types and offsets are refused.
    expect(read).toBeGreaterThan(1000);
    expect(read).toBeLessThan(8 * variant.headerLength - 50);
  });

  test("property: fields overwritten by any bytes, the extreme ones above all", () => {
    const byte = fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255));
    const run = fc.record({ at: fc.nat(543), bytes: fc.array(byte, { minLength: 1, maxLength: 8 }) });
    fc.assert(
      fc.property(fc.constantFrom(...VARIANTS), fc.array(run, { minLength: 1, maxLength: 5 }), (variant, runs) => {
        const bytes = made(variant);
        for (const { at, bytes: put } of runs) bytes.set(put, Math.min(at, variant.headerLength - put.length));
        outcome(bytes);
      }),
      { numRuns: 3000 },
    );
  });

  test("every bit of a packed file flipped is found, unless it says the same", () => {
    const whole = readNifti(made(), FILE);
    const packed = gzipSync(made());
    let read = 0;
    for (let bit = 0; bit < 8 * packed.length; bit++) {
      const bytes = Uint8Array.from(packed);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      if (outcome(bytes) !== undefined) continue;
      // Gzip's time and hints, bits that fill up a byte, zeros copied from elsewhere.
      expect(readNifti(bytes, FILE), `bit ${bit}`).toEqual(whole);
      read++;
    }
    expect(read).toBeLessThan(packed.length);
  });

  test("property: a packed file cut, stretched and overwritten", () => {
    const packed = gzipSync(made({ stored: counting(SIZE).map((i) => (i * 7919) % 256) }));
    const change = fc.tuple(fc.nat(packed.length - 1), fc.uint8Array({ minLength: 0, maxLength: 12 }), fc.nat(12));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        let bytes: Uint8Array = packed;
        for (const [at, put, removed] of changes) {
          bytes = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + removed)]);
        }
        outcome(bytes);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("headers that ask for too much or for nonsense", () => {
  const HUGE = 32767;
  test.each([
    ["32767 in each of 7 dimensions", { size: Array(7).fill(HUGE) }, /more than one volume/u],
    ["more voxels than are read", { size: [HUGE, HUGE, HUGE] }, /32767 x 32767 x 32767 voxels; at most 1073741824/u],
    ["more than the file has", { size: [1000, 1000, 1000] }, /it is cut: .* 2000000352 bytes/u],
    ["lengths below 0", { size: [-4, -3, 2] }, /-4 x -3 x 2 voxels/u],
    ["a length of 0", { size: [0, 3, 2] }, /0 x 3 x 2 voxels/u],
    ["voxels behind the end", { dataOffset: 1e6 }, /it is cut/u],
    ["half a byte", { dataOffset: 352.5 }, /byte 352.5; it must be at least 352/u],
    ["voxels inside the header", { dataOffset: -1 }, /byte -1/u],
    ["no offset that is a number", { dataOffset: Number.NaN }, /byte NaN/u],
    ["an infinite offset", { dataOffset: Number.POSITIVE_INFINITY }, /byte Infinity/u],
    ["an infinite slope", { slope: Number.NEGATIVE_INFINITY }, /scales by -Infinity/u],
    ["an intercept that is no number", { intercept: Number.NaN }, /adds NaN; both must be finite/u],
  ] as const)("%s", (_, parts, message) => {
    // The offset is written over a file that is whole without it.
    const { dataOffset, ...rest } = parts as Partial<NiftiParts>;
    const bytes = made(rest);
    if (dataOffset !== undefined) new DataView(bytes.buffer).setFloat32(108, dataOffset, true);
    expect(refusal(bytes)).toMatch(message);
    expect(refusal(gzipSync(bytes))).toMatch(message);
  });

  test.each([
    "binary 1",
    "complex64 32",
    "RGB24 128",
    "float128 1536",
    "complex128 1792",
    "complex256 2048",
    "RGBA32 2304",
  ])("voxels of %s", (named) => {
    const [name, code] = named.split(" ");
    expect(refusal(made({ datatype: Number(code) }))).toContain(`its voxels are ${name}; read are uint8, `);
  });

  test("version 2 holds lengths of 64 bits", () => {
    expect(refusal(made({ version: 2, size: [2 ** 40, 2 ** 40, 2] }))).toMatch(/at most 1073741824 are read/u);
    const offset = made({ version: 2 });
    new DataView(offset.buffer).setBigInt64(168, 2n ** 62n, true);
    expect(refusal(offset)).toMatch(/it is cut/u);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, 0, -0, 1e-40, 1e30])("a voxel of %d mm is not stated", (edge) => {
    const { spacing, spacingStated } = readNifti(
      makeNifti({ size: SIZE, stored: counting(SIZE), pixdim: [edge, 3, 4] }),
      FILE,
    );
    expect(spacing).toEqual([4, 3, 1]);
    expect(spacingStated).toBe(false);
  });

  test("an affine of impossible size gives way to the qform", () => {
    const rows = [1e30, 1e30, 1e30].map((value, i) => [0, 1, 2, 3].map((j) => (i === j ? value : 0)));
    const volume = readNifti(made({ sform: { code: 1, rows } }), FILE);
    volume.spacing.forEach((edge, axis) => void expect(edge).toBeCloseTo([4, 3, 2][axis]!, 4));
  });
});

describe("memory", () => {
  /** Megabytes; what is asked for below is gigabytes. */
  const BOUND = 96;
  const GIGABYTES = 4;
  const header = (size: readonly number[]) => makeNifti({ size, stored: [], datatype: 2 });

  test("gigabytes of zeros behind a small volume are not unpacked", () => {
    const bomb = gzipBomb(made(), GIGABYTES);
    expect(bomb.length).toBeLessThan(5e6);
    const read = () => expect(refusal(bomb)).toMatch(/unpacks to more than the 400 bytes that its header asks for/u);
    expect(memoryTaken(read)).toBeLessThan(BOUND);
  });

  test("zeros alone are no header", () => {
    const bomb = gzipBomb(new Uint8Array(0), GIGABYTES);
    expect(memoryTaken(() => expect(refusal(bomb)).toMatch(/not a NIfTI file/u))).toBeLessThan(BOUND);
  });

  test("nor behind gzip's own header, as long as it may be", () => {
    const plain = gzipBomb(new Uint8Array(0), GIGABYTES);
    const extra = new Uint8Array(2 + 65535).fill(255);
    const bomb = Buffer.concat([
      plain.subarray(0, 3),
      Uint8Array.of(4),
      plain.subarray(4, 10),
      extra,
      plain.subarray(10),
    ]);
    expect(memoryTaken(() => expect(refusal(bomb)).toMatch(/not a NIfTI file/u))).toBeLessThan(2 * BOUND);
  });

  test("a small packed file that claims a large volume takes no memory for it", () => {
    const packed = gzipSync(header([1000, 1000, 1000]));
    expect(memoryTaken(() => expect(refusal(packed)).toMatch(/it is cut: its header asks for/u))).toBeLessThan(BOUND);
    expect(refusal(gzipSync(header([1000, 1000, 1000])))).toMatch(/1000000352 bytes/u);
  });

  test("a volume of zeros, which packs best, is read", () => {
    const zeros = makeNifti({ size: [160, 160, 160], stored: [], datatype: 2 });
    const packed = gzipSync(Buffer.concat([zeros, new Uint8Array(160 ** 3)]), { level: 9 });
    expect(packed.length).toBeLessThan(5000);
    expect(readNifti(packed, FILE).shape).toEqual([160, 160, 160]);
  });

  test("a few bytes behind the last voxel are no harm", () => {
    const longer = Buffer.concat([made(), new Uint8Array(5000)]);
    expect(outcome(longer)).toBeUndefined();
    expect(outcome(gzipSync(longer))).toBeUndefined();
  });
});
