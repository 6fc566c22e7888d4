// Reading DICOM segmentations: bits, frames in any order, places, what is refused.

import { describe, expect, test } from "vitest";
import { LabError } from "../../src/errors.js";
import { readDicomSegmentation } from "../../src/volumes/dicom-seg.js";
import { segmentFractions, segmentNumbers } from "../../src/volumes/dicom-seg-voxels.js";
import { DEFLATED, EXPLICIT, type FrameParts, IMPLICIT, makeSeg, type SegParts } from "./dicom-file.js";

const read = async (parts: SegParts) => readDicomSegmentation(makeSeg(parts), "s.dcm");
const numbers = async (parts: SegParts, wanted?: readonly number[]) => [
  ...segmentNumbers(await read(parts), wanted && new Set(wanted)),
];

/** Fifteen pixels: a frame ends within a byte. */
const size = { rows: 3, columns: 5 };
const one = [1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 1, 1, 0, 0, 1];
const two = [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1];
const empty = Array(15).fill(0);
const at = (z: number, pixels: readonly number[], segment = 1): FrameParts => ({
  position: [0, 0, z],
  pixels,
  segment,
});

describe("bits", () => {
  test.each([EXPLICIT, IMPLICIT, DEFLATED])("run on over the ends of frames, stored as %s", async (syntax) => {
    const frames = [at(0, one), at(1, two), at(2, one)];
    expect(await numbers({ ...size, frames, syntax })).toEqual([...one, ...two, ...one]);
  });

  test.each([EXPLICIT, IMPLICIT])("are found behind sequences that end with a mark, stored as %s", async (syntax) => {
    const frames = [at(0, one), at(1, two)];
    expect(await numbers({ ...size, frames, syntax, marked: true })).toEqual([...one, ...two]);
  });

  test("of a segment get its number, above 255 in two bytes", async () => {
    const frames = [at(0, one, 3), at(1, two, 300)];
    const labels = segmentNumbers(await read({ ...size, frames, segments: { 3: "a", 300: "b" } }), undefined);
    expect(labels).toBeInstanceOf(Uint16Array);
    expect([...labels]).toEqual([...one.map((bit) => 3 * bit), ...two.map((bit) => 300 * bit)]);
  });
});

describe("frames", () => {
  test("may be in any order", async () => {
    const frames = [at(2, empty), at(1, two), at(0, one)];
    expect(await numbers({ ...size, frames })).toEqual([...one, ...two, ...empty]);
  });

  test("that are missing are empty, the distance of planes being the stated one", async () => {
    const seg = await read({ ...size, frames: [at(6, two), at(0, one)], between: 2 });
    expect(seg.size).toEqual([5, 3, 4]);
    expect([...segmentNumbers(seg, undefined)]).toEqual([...one, ...empty, ...empty, ...two]);
  });

  test("lie as far apart as the nearest two, where nothing else is stated", async () => {
    const seg = await read({ ...size, frames: [at(0, one), at(3, one), at(9, one)] });
    expect([seg.size, seg.affine?.[2][2]]).toEqual([[5, 3, 4], 3]);
  });

  test("have a stated distance that is rounded", async () => {
    const frames = Array.from({ length: 40 }, (_, z) => at(z / 3, one));
    const seg = await read({ ...size, frames, between: 0.33 });
    expect(seg.size[2]).toBe(40);
    expect(seg.affine?.[2][2]).toBeCloseTo(1 / 3, 6);
  });

  test("of several segments share a plane", async () => {
    const frames = [
      at(0, one, 1),
      at(
        0,
        one.map((bit) => 1 - bit),
        2,
      ),
    ];
    expect(await numbers({ ...size, frames, segments: { 1: "a", 2: "b" } })).toEqual(one.map((bit) => (bit ? 1 : 2)));
  });

  test("of one plane take its thickness", async () => {
    const seg = await read({ ...size, frames: [at(5, one)], thickness: 4 });
    expect([seg.affine?.[2], seg.planeSpacingStated]).toEqual([[0, 0, 4, 5], true]);
    expect((await read({ ...size, frames: [at(5, one)] })).planeSpacingStated).toBe(false);
  });

  test("without a place are an image", async () => {
    const seg = await read({ ...size, frames: [{ pixels: one }], spacing: [0.5, 0.25] });
    expect(seg).toMatchObject({ affine: undefined, pixelSpacing: [0.5, 0.25], size: [5, 3, 1] });
  });
});

test("places turn from left and back to right and front; rows are the second axis", async () => {
  const [c, s] = [0.8, 0.6];
  // Rows run towards head and back, columns towards left.
  const orientation = [0, c, s, 1, 0, 0];
  const normal = [0, s, -c];
  const frames = [0, 1].map((plane) => ({
    position: [10, 20, 30].map((value, axis) => value + plane * 2 * normal[axis]!),
    pixels: one,
  }));
  const { affine } = await read({ ...size, frames, orientation, spacing: [3, 4] });
  const expected = [
    [0, -3, 0, -10],
    [-4 * c, 0, -2 * s, -20],
    [4 * s, 0, -2 * c, 30],
  ];
  for (const [r, row] of expected.entries())
    for (const [i, value] of row.entries()) expect(affine![r]![i]).toBeCloseTo(value, 9);
});

describe("segments that overlap", () => {
  const overlapping = { ...size, frames: [at(0, one, 1), at(0, two, 2)], segments: { 1: "organ", 2: "lesion" } };

  test("are refused with their names and the number of voxels", async () => {
    await expect(numbers(overlapping)).rejects.toThrow(
      /segments organ \(1\) and lesion \(2\) overlap in 1 voxel; score one at a time, with --labels 1 and then --labels 2/u,
    );
  });

  test("give way to the one that is scored, whichever comes first", async () => {
    const others = (label: number) => one.map((bit, i) => (bit && two[i] ? label : bit ? 1 : two[i] ? 2 : 0));
    expect(await numbers(overlapping, [1])).toEqual(others(1));
    expect(await numbers(overlapping, [2])).toEqual(others(2));
    const reversed = { ...overlapping, frames: [...overlapping.frames].reverse() };
    expect(await numbers(reversed, [1])).toEqual(others(1));
    await expect(numbers(overlapping, [1, 2])).rejects.toThrow(/overlap/u);
  });
});

describe("names of segments", () => {
  const frames = [at(0, one)];

  test("that two have get their numbers, and none is its number", async () => {
    const { segments } = await read({ ...size, frames, segments: { 1: "lesion", 2: "lesion", 3: "" } });
    expect(segments.map(({ label }) => label)).toEqual(["lesion 1", "lesion 2", "3"]);
  });

  test("leave out the background", async () => {
    const { segments } = await read({ ...size, type: "LABELMAP", frames, segments: { 0: "Background", 4: "organ" } });
    expect(segments).toEqual([{ number: 4, label: "organ" }]);
  });
});

describe("label maps", () => {
  const values = [0, 1, 2, 0, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 7];

  test.each([8, 16])("have %i bits", async (bits) => {
    const high = values.map((value) => (bits === 16 ? 256 * value + value : value));
    const frames = [at(1, high, 0), at(0, empty, 0)];
    expect(await numbers({ ...size, type: "LABELMAP", bits, frames })).toEqual([...empty, ...high]);
  });

  test("may have another value for the background", async () => {
    const frames = [
      at(
        0,
        values.map((value) => value || 9),
        0,
      ),
    ];
    expect(await numbers({ ...size, type: "LABELMAP", padding: 9, frames })).toEqual(values);
  });
});

describe("fractions", () => {
  const half = Array(15).fill(50);
  const some = Array(15).fill(25);
  const fractional = { ...size, type: "FRACTIONAL", fractionalType: "PROBABILITY", maximum: 100 };

  test("of one segment are one channel", async () => {
    const { channels, data } = segmentFractions(await read({ ...fractional, frames: [at(0, half)] }));
    expect([channels, [...data]]).toEqual([1, Array(15).fill(0.5)]);
  });

  test("of several leave the rest to the background", async () => {
    const frames = [at(0, half, 1), at(0, some, 2)];
    const seg = await read({ ...fractional, frames, segments: { 1: "a", 2: "b" } });
    const { channels, data } = segmentFractions(seg);
    expect([channels, data[0], data[15], data[30]]).toEqual([3, 0.25, 0.5, 0.25]);
  });

  test("are no label map, and a label map has none", async () => {
    await expect(numbers({ ...fractional, frames: [at(0, half)] })).rejects.toThrow(
      /fractions \(PROBABILITY\), no labels/u,
    );
    const binary = await read({ ...size, frames: [at(0, one)] });
    expect(() => segmentFractions(binary)).toThrow(/BINARY, a label map; leave --probabilities away/u);
  });
});

describe("refused, with the reason", () => {
  const frames = [at(0, one), at(1, two)];
  test.each<[string, Partial<SegParts>, RegExp]>([
    [
      "RLE",
      { syntax: "1.2.840.10008.1.2.5" },
      /stored as RLE lossless \(1.2.840.10008.1.2.5\); store it uncompressed/u,
    ],
    ["a syntax nobody knows", { syntax: "1.2.3.4" }, /stored as 1.2.3.4/u],
    [
      "an image",
      { sopClass: "1.2.840.10008.5.1.4.1.1.2", modality: "CT" },
      /no DICOM segmentation, but of the kind CT/u,
    ],
    ["another type", { type: "SURFACE" }, /segmentation type is SURFACE/u],
    ["bits that do not fit", { bits: 8 }, /pixels have 8 bits; those of BINARY have 1/u],
    ["frames that are not described", { numberOfFrames: 3 }, /3 frames and says of 2/u],
    ["tiles", { organisation: "TILED_FULL" }, /tiles of a slide/u],
    [
      "a segment that is not described",
      { segments: { 2: "x" } },
      /frame 1 is of the segment 1, which is not described/u,
    ],
    ["two frames at one place", { frames: [at(0, one), at(0, two)] }, /frames 1 and 2 of organ lie at one place/u],
    [
      "frames without a place",
      { frames: [{ pixels: one }, { pixels: two }] },
      /frames 1 and 2 of organ do not say where/u,
    ],
    ["one frame without a place", { frames: [at(0, one), { pixels: two }] }, /frame 2 does not say where it lies/u],
    [
      "frames beside each other",
      { frames: [at(0, one), { position: [2, 0, 1], pixels: two }] },
      /frame 2 lies 2.00 mm beside/u,
    ],
    ["uneven distances", { frames: [at(0, one), at(1, one), at(2.4, two)] }, /lie 1.000 to 1.400 mm apart/u],
    ["rows that are no directions", { orientation: [1, 0, 0, 1, 0, 0] }, /which are no directions/u],
    [
      "a frame that is turned",
      { frames: [at(0, one), { ...at(1, two), orientation: [0, 1, 0, 1, 0, 0] }] },
      /frame 2 is turned/u,
    ],
    ["planes too far apart", { frames: [at(0, one), at(1e9, two)], between: 1 }, /too large a volume/u],
  ])("%s", async (_, parts, message) => {
    await expect(read({ ...size, frames, ...parts })).rejects.toThrow(message);
    await expect(read({ ...size, frames, ...parts })).rejects.toBeInstanceOf(LabError);
  });

  test("what is no DICOM file", async () => {
    await expect(readDicomSegmentation(new Uint8Array(200), "s.dcm")).rejects.toThrow(/mark DICM is missing/u);
  });
});

describe("damage", () => {
  const parts = { ...size, frames: [at(0, one), at(1, two)], between: 1 };
  test.each([EXPLICIT, IMPLICIT, DEFLATED])("a file that is cut anywhere is refused: %s", async (syntax) => {
    const whole = makeSeg({ ...parts, syntax });
    for (let length = 0; length < whole.length; length++) {
      await expect(readDicomSegmentation(whole.subarray(0, length), "s.dcm"), `${length} bytes`).rejects.toBeInstanceOf(
        LabError,
      );
    }
  });

  test("a file with a byte changed is refused, or read as a volume of the size it says", async () => {
    const whole = makeSeg(parts);
    for (let place = 132; place < whole.length; place++) {
      const damaged = Uint8Array.from(whole);
      damaged[place]! ^= [0x01, 0x80, 0xff][place % 3]!;
      try {
        const seg = await readDicomSegmentation(damaged, "s.dcm");
        expect(segmentNumbers(seg, undefined)).toHaveLength(seg.size[0] * seg.size[1] * seg.size[2]);
      } catch (error) {
        expect(error, `byte ${place}`).toBeInstanceOf(LabError);
      }
    }
  });
});
