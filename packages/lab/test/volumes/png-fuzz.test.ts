// Damaged and hostile PNG files: an image that makes sense or a coded error that names the file, within bounds of memory.

import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { encode } from "fast-png";
import { describe, expect, test } from "vitest";
import { LabError } from "../../src/errors.js";
import { readPng } from "../../src/volumes/png.js";
import { memoryTaken, zlibBomb } from "./hostile-files.js";
import { chunk, makePng } from "./png-file.js";

const FILE = "slice-3.png";
const SIGNATURE_LENGTH = 8;
const HEADER_LENGTH = 33;

const samples = (count: number, largest: number) => Array.from({ length: count }, (_, i) => (i * 37) % (largest + 1));
const PALETTE = samples(16, 255).map((value) => [value, 255 - value, 7] as const);

/** One file of every kind there is. */
const KINDS: Readonly<Record<string, Uint8Array>> = {
  "1-bit grey": makePng({ width: 11, height: 5, depth: 1, colourType: 0, samples: samples(55, 1) }),
  "8-bit grey": makePng({ width: 7, height: 5, depth: 8, colourType: 0, samples: samples(35, 255) }),
  "16-bit RGB": makePng({ width: 5, height: 3, depth: 16, colourType: 2, samples: samples(45, 65535) }),
  "4-bit palette": makePng({
    width: 7,
    height: 4,
    depth: 4,
    colourType: 3,
    samples: samples(28, 15),
    palette: PALETTE,
  }),
  "16-bit grey and alpha": makePng({ width: 4, height: 3, depth: 16, colourType: 4, samples: samples(24, 65535) }),
  "8-bit RGBA": makePng({ width: 4, height: 3, depth: 8, colourType: 6, samples: samples(48, 255) }),
  interlaced: encode(
    { width: 9, height: 7, channels: 1, depth: 8, data: Uint8Array.from(samples(63, 255)) },
    { interlace: "Adam7" },
  ),
};
const kinds = Object.entries(KINDS);

/** The message of the coded error, or undefined where the file was read; what was read must make sense. */
function outcome(bytes: Uint8Array): string | undefined {
  try {
    const { width, height, channels, depth, data, palette } = readPng(bytes, FILE);
    expect(data).toHaveLength(width * height * channels);
    const largest = palette === undefined ? 2 ** depth - 1 : palette.length - 1;
    expect(data.every((value) => value <= largest)).toBe(true);
    return undefined;
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    expect(error.code).toBe("UNREADABLE_FILE");
    expect(error.message).toContain(FILE);
    return error.message;
  }
}

const refusal = (bytes: Uint8Array): string => outcome(bytes) ?? "it was read";

/** The contents of a chunk changed, its check sum made right again: damage that only the meaning tells. */
function withContents(png: Uint8Array, type: string, change: (contents: Uint8Array) => Uint8Array): Uint8Array {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  for (let at = SIGNATURE_LENGTH; at < png.length; at += 12 + view.getUint32(at)) {
    if (Buffer.from(png.subarray(at + 4, at + 8)).toString("latin1") !== type) continue;
    const end = at + 12 + view.getUint32(at);
    const changed = chunk(type, change(Uint8Array.from(png.subarray(at + 8, end - 4))));
    return Buffer.concat([png.subarray(0, at), changed, png.subarray(end)]);
  }
  throw new Error(`no ${type}`);
}

const replaced = (bytes: Uint8Array, at: number, value: number): Uint8Array =>
  bytes.map((byte, index) => (index === at ? value : byte));

/** The 8-bit grey one, 7 x 5, with other bytes in place of its pixel data. */
const withPixelData = (packed: Uint8Array) => withContents(KINDS["8-bit grey"]!, "IDAT", () => packed);

describe("damage", () => {
  test.each(kinds)("%s: every cut is named as one", (_, whole) => {
    for (let length = 0; length < whole.length; length++) {
      expect(refusal(whole.subarray(0, length)), `${length} of ${whole.length} bytes`).toMatch(/it is cut/u);
    }
    expect(outcome(whole)).toBeUndefined();
  });

  test.each(kinds)("%s: every bit flipped is found", (_, whole) => {
    for (let bit = 0; bit < 8 * whole.length; bit++) {
      const bytes = Uint8Array.from(whole);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      expect(outcome(bytes), `bit ${bit}`).toBeDefined();
    }
  });

  test.each(kinds)("%s: every byte of the header replaced, with a check sum that is right", (_, whole) => {
    for (let at = 0; at < 13; at++) {
      for (let value = 0; value < 256; value++) {
        outcome(withContents(whole, "IHDR", (header) => replaced(header, at, value)));
      }
    }
  });

  test("property: pixel data overwritten, cut and stretched, with a check sum that is right", () => {
    const change = fc.tuple(fc.nat(60), fc.uint8Array({ maxLength: 9 }), fc.nat(9));
    fc.assert(
      fc.property(fc.constantFrom(...kinds), fc.array(change, { minLength: 1, maxLength: 3 }), ([, whole], changes) => {
        const put = (contents: Uint8Array) => {
          let bytes = contents;
          for (const [at, inserted, removed] of changes) {
            bytes = Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at + removed)]);
          }
          return bytes;
        };
        outcome(withContents(whole, "IDAT", put));
      }),
      { numRuns: 2000 },
    );
  });

  test("property: filters and pixels of any bytes, as long as the size asks for, never fail for another reason", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 40, maxLength: 40 }), (rows) => {
        const filters = [0, 8, 16, 24, 32].map((at) => rows[at]!);
        const message = outcome(withPixelData(deflateSync(rows)));
        if (filters.every((filter) => filter <= 4)) expect(message).toBeUndefined();
        else expect(message).toMatch(/damaged/u);
      }),
      { numRuns: 500 },
    );
  });
});

describe("pixel data of another length than the size asks for", () => {
  const rows = new Uint8Array(5 * 8);

  test.each([0, 1, 39])("%i of 40 bytes", (length) => {
    expect(refusal(withPixelData(deflateSync(rows.subarray(0, length))))).toMatch(
      new RegExp(`end early: 7 x 5 pixels take 40 bytes, it has ${length}$`, "u"),
    );
  });

  test("41 of 40 bytes", () => {
    expect(refusal(withPixelData(deflateSync(new Uint8Array(41))))).toMatch(/more pixel data than 7 x 5 pixels take/u);
  });

  test("none, and those whose check sum is another", () => {
    expect(refusal(withPixelData(new Uint8Array(0)))).toMatch(/end early/u);
    const packed = deflateSync(rows);
    packed[packed.length - 1]! ^= 1;
    expect(refusal(withPixelData(packed))).toMatch(/pixel data are damaged/u);
  });

  test.each(kinds)("%s: one byte short, one too many", (_, whole) => {
    const [height, width] = [readPng(whole, FILE).height, readPng(whole, FILE).width];
    expect(refusal(withContents(whole, "IHDR", (header) => replaced(header, 7, height + 1)))).toMatch(/end early/u);
    expect(refusal(withContents(whole, "IHDR", (header) => replaced(header, 3, width + 8)))).toMatch(/end early/u);
    expect(refusal(withContents(whole, "IHDR", (header) => replaced(header, 7, height - 1)))).toMatch(
      /more pixel data/u,
    );
  });

  test("pixel data in several parts are one", () => {
    const packed = deflateSync(rows);
    const whole = KINDS["8-bit grey"]!;
    const parts = [...packed].map((byte) => chunk("IDAT", Uint8Array.of(byte)));
    const end = chunk("IEND", new Uint8Array(0));
    expect(outcome(Buffer.concat([whole.subarray(0, HEADER_LENGTH), ...parts, end]))).toBeUndefined();
  });
});

describe("parts beside the pixels", () => {
  const whole = KINDS["8-bit grey"]!;
  const beside = (type: string, contents: Uint8Array) =>
    Buffer.concat([whole.subarray(0, HEADER_LENGTH), chunk(type, contents), whole.subarray(HEADER_LENGTH)]);

  test.each(["iCCP", "tRNS", "tEXt", "zTXt", "pHYs", "acTL", "fcTL", "fdAT"])(
    "nonsense in %s does not matter",
    (type) => {
      expect(outcome(beside(type, Uint8Array.of(1, 2, 3)))).toBeUndefined();
    },
  );

  test("a second header, which the decoder would follow, is refused", () => {
    const header = replaced(whole.subarray(16, 29), 0, 0x7f);
    expect(refusal(beside("IHDR", header))).toMatch(/two parts IHDR/u);
  });

  test("a part that a reader must understand, and PNG does not have, is refused", () => {
    expect(refusal(beside("CgBI", Uint8Array.of(1, 2, 3, 4)))).toMatch(/part CgBI/u);
  });

  test("a palette of no colours, and one that is not of three bytes a colour", () => {
    for (const contents of [new Uint8Array(0), new Uint8Array(4)]) {
      outcome(withContents(KINDS["4-bit palette"]!, "PLTE", () => contents));
      expect(refusal(withContents(KINDS["4-bit palette"]!, "PLTE", () => contents))).toMatch(/palette|PLTE/u);
    }
  });
});

describe("memory", () => {
  /** Megabytes; what is asked for below is gigabytes. */
  const BOUND = 96;
  const GIGABYTES = 4;
  const rows = new Uint8Array(5 * 8);

  const sized = (width: number, height: number, depth = 8, colourType = 0) =>
    withContents(KINDS["8-bit grey"]!, "IHDR", (header) => {
      const view = new DataView(header.buffer);
      view.setUint32(0, width);
      view.setUint32(4, height);
      return replaced(replaced(header, 8, depth), 9, colourType);
    });

  test("gigabytes of zeros behind a small image are not unpacked", () => {
    const bomb = withPixelData(zlibBomb(rows, GIGABYTES));
    expect(memoryTaken(() => expect(refusal(bomb)).toMatch(/more pixel data than 7 x 5/u))).toBeLessThan(BOUND);
  });

  test("nor in a colour profile", () => {
    const profile = Buffer.concat([Buffer.from("icc\0\0", "latin1"), zlibBomb(new Uint8Array(0), GIGABYTES)]);
    const whole = KINDS["8-bit grey"]!;
    const bomb = Buffer.concat([whole.subarray(0, 33), chunk("iCCP", profile), whole.subarray(33)]);
    expect(memoryTaken(() => expect(outcome(bomb)).toBeUndefined())).toBeLessThan(BOUND);
  });

  test.each([
    [2 ** 31 - 1, 2 ** 31 - 1, 8, 0, /2147483647 x 2147483647 pixels; at most 268435456/u],
    [2 ** 32 - 1, 1, 8, 0, /4294967295 x 1 pixels; at most 268435456/u],
    [16384, 16384, 16, 6, /take 2147500032 bytes; at most 1073741824 are read/u],
    [16000, 16000, 8, 0, /end early: 16000 x 16000 pixels take 256016000 bytes, it has at most/u],
    [0, 5, 8, 0, /its size is 0 x 5/u],
  ] as const)("a small file that says %i x %i pixels", (width, height, depth, colourType, message) => {
    const bytes = sized(width, height, depth, colourType);
    expect(memoryTaken(() => expect(refusal(bytes)).toMatch(message))).toBeLessThan(BOUND);
  });
});
