import fc from "fast-check";
import { encode } from "fast-png";
import { describe, expect, test } from "vitest";
import { LabError } from "../../src/errors.js";
import { readPng, readPngHeader, writePng } from "../../src/volumes/png.js";
import { chunk, greyPng, makePng } from "./png-file.js";

const unreadable = (read: () => unknown): string => {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(LabError);
    expect((error as LabError).code).toBe("UNREADABLE_FILE");
    expect((error as LabError).message).toContain("a.png");
    return (error as LabError).message;
  }
  throw new Error("nothing was thrown");
};

describe("reading PNG", () => {
  test.each([
    [1, 3],
    [2, 3],
    [4, 3],
    [8, 2],
    [16, 2],
  ] as const)("%i-bit grey gives the stored numbers, also where rows do not fill their last byte", (depth, height) => {
    const width = 5;
    const top = 2 ** depth - 1;
    const samples = Array.from({ length: width * height }, (_, i) => (i * 12345) % (top + 1));
    const png = readPng(makePng({ width, height, depth, colourType: 0, samples }), "a.png");
    expect(png).toMatchObject({ width, height, channels: 1, depth });
    expect([...png.data]).toEqual(samples);
    expect(png.palette).toBeUndefined();
  });

  test.each([
    [2, 3],
    [4, 2],
    [6, 4],
  ] as const)("colour type %i has %i samples a pixel, in 8 and 16 bits", (colourType, channels) => {
    for (const depth of [8, 16] as const) {
      const samples = Array.from({ length: 6 * channels }, (_, i) => (i * 4711) % 2 ** depth);
      const png = readPng(makePng({ width: 3, height: 2, depth, colourType, samples }), "a.png");
      expect(png.channels).toBe(channels);
      expect([...png.data]).toEqual(samples);
    }
  });

  test.each([1, 2, 4, 8] as const)("a palette of %i bits gives indices and colours", (depth) => {
    const palette = [
      [9, 8, 7],
      [200, 0, 0],
    ] as const;
    const samples = [0, 1, 1, 0, 0, 1];
    const png = readPng(makePng({ width: 3, height: 2, depth, colourType: 3, samples, palette }), "a.png");
    expect([...png.data]).toEqual(samples);
    expect(png.palette).toEqual(palette);
  });

  test("an index beyond the palette is refused", () => {
    const parts = { width: 2, height: 1, depth: 8, colourType: 3, samples: [0, 2], palette: [[0, 0, 0]] } as const;
    expect(unreadable(() => readPng(makePng({ ...parts }), "a.png"))).toMatch(/palette index 2.* 1 colours/u);
  });

  test("interlaced 8- and 16-bit files give the same pixels", () => {
    for (const data of [
      Uint8Array.from({ length: 63 }, (_, i) => i * 4),
      Uint16Array.from({ length: 63 }, (_, i) => i * 999),
    ]) {
      const depth = data instanceof Uint16Array ? 16 : 8;
      const bytes = encode({ width: 9, height: 7, data, channels: 1, depth }, { interlace: "Adam7" });
      expect(readPngHeader(bytes, "a.png").interlaced).toBe(true);
      expect(readPng(bytes, "a.png").data).toEqual(data);
    }
  });

  test("interlacing below 8 bits, which the decoder gets wrong, is refused", () => {
    const bytes = makePng({
      width: 8,
      height: 1,
      depth: 1,
      colourType: 0,
      samples: Array(8).fill(1),
      interlaced: true,
    });
    expect(unreadable(() => readPng(bytes, "a.png"))).toMatch(/without interlacing/u);
  });
});

describe("damaged PNG", () => {
  const whole = greyPng(
    20,
    10,
    Array.from({ length: 200 }, (_, i) => (i * 37) % 256),
  );

  test("every cut is found, and says that the file is cut", () => {
    for (let length = 0; length < whole.length; length++) {
      expect(
        unreadable(() => readPng(whole.subarray(0, length), "a.png")),
        `${length} bytes`,
      ).toMatch(/it is cut/u);
    }
    expect(readPng(whole, "a.png").data).toHaveLength(200);
  });

  test("a changed byte never goes unnoticed and never crashes the reader", () => {
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const bytes = Uint8Array.from(whole);
        bytes[at] ^= flip;
        unreadable(() => readPng(bytes, "a.png"));
      }),
      { numRuns: 300 },
    );
  });

  test("something else than a PNG is named as such", () => {
    expect(unreadable(() => readPng(Uint8Array.from([0xff, 0xd8, 0xff, 0xe0, 0, 0]), "a.png"))).toMatch(/ff d8 ff e0/u);
  });

  test("a header that asks for more memory than any image is refused before decoding", () => {
    const bytes = Uint8Array.from(whole);
    new DataView(bytes.buffer).setUint32(16, 2 ** 31 - 1);
    expect(unreadable(() => readPng(bytes, "a.png"))).toMatch(/2147483647 x 10 pixels/u);
  });

  test("pixel data that end early are refused although all chunks are whole", () => {
    const short = greyPng(20, 5, Array(100).fill(7));
    const data = short.subarray(33, short.length - 12);
    const bytes = Buffer.concat([whole.subarray(0, 33), data, chunk("IEND", new Uint8Array(0))]);
    unreadable(() => readPng(bytes, "a.png"));
  });
});

describe("writing PNG", () => {
  test("reads back as written, 8 and 16 bits, grey and RGB", () => {
    const grey = Uint8Array.from({ length: 12 }, (_, i) => i);
    const deep = Uint16Array.from({ length: 36 }, (_, i) => i * 1777);
    expect(readPng(writePng({ width: 4, height: 3, data: grey }), "a.png").data).toEqual(grey);
    expect(readPng(writePng({ width: 4, height: 3, channels: 3, data: deep }), "a.png").data).toEqual(deep);
  });

  test("a wrong length is refused", () => {
    expect(() => writePng({ width: 4, height: 3, data: new Uint8Array(11) })).toThrow(RangeError);
  });
});
