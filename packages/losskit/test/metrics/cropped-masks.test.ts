import fc from "fast-check";
import { expect, it } from "vitest";
import { croppedMasks } from "../../src/metrics/cropped-masks.js";

/** A small volume of few labels, some of them at the ends of a byte. */
const volume = fc
  .record({
    shape: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 3 }),
    values: fc.array(fc.constantFrom(0, 0, 0, 1, 2, 128, 255), { minLength: 432, maxLength: 432 }),
    label: fc.constantFrom(undefined, 0, 1, 128, 255, 256, -1),
  })
  .map(({ shape, values, label }) => {
    const voxels = shape.reduce((product, extent) => product * extent, 1);
    return { shape, label, maps: [values.slice(0, voxels), values.slice(voxels, 2 * voxels)] as const };
  });

it("gives the masks in their common box with outside around them, of bytes as of other arrays", () => {
  fc.assert(
    fc.property(volume, ({ shape, label, maps: [reference, prediction] }) => {
      const isInside = (value: number) => (label === undefined ? value !== 0 : value === label);
      const masks = croppedMasks(reference, prediction, { shape, label });
      expect(croppedMasks(Uint8Array.from(reference), Uint8Array.from(prediction), { shape, label })).toEqual(masks);

      const places = [...reference.keys()].filter((at) => isInside(reference[at]) || isInside(prediction[at]));
      if (places.length === 0) {
        expect(masks.empty).toBe("both");
        return;
      }
      const indices = (at: number) => {
        const [, height, width] = [1, 1, ...shape].slice(-3);
        return [Math.floor(at / (height * width)), Math.floor(at / width) % height, at % width];
      };
      const [depth, height, width] = masks.extents;
      const low = [0, 1, 2].map((axis) => Math.min(...places.map((at) => indices(at)[axis])));
      const high = [0, 1, 2].map((axis) => Math.max(...places.map((at) => indices(at)[axis])));
      const pads = [0, 1, 2].map((axis) => (axis < 3 - shape.length ? 0 : 1));
      const inBox = [0, 1, 2].map((axis) => high[axis] - low[axis] + 1 + 2 * pads[axis]);
      expect([depth, height, width]).toEqual([inBox[0], inBox[1], 4 * Math.ceil(inBox[2] / 4)]);
      for (const [mask, map] of [[masks.reference, reference] as const, [masks.prediction, prediction] as const]) {
        const expected = new Uint8Array(depth * height * width);
        for (const at of places) {
          const [z, y, x] = indices(at).map((index, axis) => index - low[axis] + pads[axis]);
          expected[(z * height + y) * width + x] = isInside(map[at]) ? 1 : 0;
        }
        expect(mask).toEqual(expected);
      }
    }),
    { numRuns: 300 },
  );
});
