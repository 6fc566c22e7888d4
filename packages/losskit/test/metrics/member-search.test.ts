import fc from "fast-check";
import { expect, it } from "vitest";
import { memberSearch } from "../../src/metrics/member-search.js";

const bytes = fc
  .uint8Array({ minLength: 0, maxLength: 60 })
  .map((values) => values.map((value) => (value < 200 ? 0 : value % 5)));

it("finds the first and the last voxel of a mask in any stretch, four by four as one by one", () => {
  fc.assert(
    fc.property(
      bytes,
      fc.nat(7),
      fc.constantFrom(undefined, 0, 1, 4, 255, 256, -1),
      fc.nat(60),
      fc.nat(60),
      (values, offset, label, one, other) => {
        // A part of a buffer that begins anywhere in a word.
        const map = new Uint8Array(values.length + offset).subarray(offset);
        map.set(values);
        const [start, end] = [one, other].map((at) => Math.min(at, map.length)).sort((a, b) => a - b);
        const members = Array.from(map.keys()).filter(
          (at) => at >= start && at < end && (label === undefined ? map[at] !== 0 : map[at] === label),
        );
        for (const array of [map, Array.from(map), new Uint8ClampedArray(map.buffer, map.byteOffset, map.length)]) {
          const search = memberSearch(array, label);
          expect(search.first(start, end)).toBe(members[0] ?? end);
          if (members.length > 0) expect(search.last(start, end)).toBe(members.at(-1));
        }
      },
    ),
    { numRuns: 500 },
  );
});

it("is not misled by neighbours of the label in a word, nor by bytes of 128 and more", () => {
  for (const byte of [0, 1, 127, 128, 129, 255]) {
    const map = Uint8Array.from({ length: 256 * 4 }, (_, at) => (at % 4 === 3 ? at >> 2 : (byte + 1) % 256));
    expect(memberSearch(map, byte).first(0, map.length)).toBe(4 * byte + 3);
  }
});
