import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { components } from "../../src/routines/components.js";
import { nearestComponent } from "../../src/routines/nearest-component.js";
import { coordinates, images, masks } from "./grids.js";

/** Distance of every voxel to every component, by looking at all pairs of voxels. */
function distances(numbers: ArrayLike<number>, space: readonly number[], spacing: readonly number[]): number[][] {
  const points = coordinates(space);
  const count = Math.max(...Array.from(numbers));
  return points.map((a) =>
    Array.from({ length: count }, (_, k) =>
      Math.min(
        ...points.flatMap((b, j) =>
          numbers[j] === k + 1 ? [Math.hypot(...a.map((x, axis) => (x - b[axis]) * spacing[axis]))] : [],
        ),
      ),
    ),
  );
}

/** Few voxels, so that regions are large and ties frequent. */
const sparse = images(fc.constantFrom(0, 0, 0, 0, 0, 0, 1));

describe("nearestComponent", () => {
  it("is a component at the smallest distance, with any spacing", () => {
    fc.assert(
      fc.property(fc.oneof(sparse, masks), ({ values, space, spacing }) => {
        const result = nearestComponent(values, space, spacing);
        const numbers = components(values, space);
        distances(numbers, space, spacing).forEach((toEach, i) => {
          if (toEach.length === 0) expect(result[i]).toBe(0);
          else expect(toEach[result[i] - 1]).toBeLessThanOrEqual(Math.min(...toEach) * (1 + 1e-14));
          if (values[i]) expect(result[i]).toBe(numbers[i]);
        });
      }),
      { numRuns: 300 },
    );
  });

  it("is the smallest number of those at the smallest distance, with spacings that round nothing", () => {
    const exact = fc.array(fc.constantFrom(0.25, 1, 1.5, 3), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(sparse, exact, ({ values, space }, three) => {
        const spacing = three.slice(0, space.length);
        const expected = distances(components(values, space), space, spacing).map(
          (toEach) => 1 + toEach.indexOf(Math.min(...toEach)),
        );
        expect([...nearestComponent(values, space, spacing)]).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it("takes the smallest number where three are equally near, the one between them the smallest", () => {
    // From (5, 5) each of (1, 2), (5, 0), (9, 2) is 5 away; the middle parabola touches the envelope at that one point. It belongs to a
    // line that starts first, in (0, 0).
    const mask = new Uint8Array(100);
    for (const at of [0, 10, 20, 30, 40, 50, 12, 92]) mask[at] = 1;
    const numbers = components(mask, [10, 10]);
    expect([numbers[12], numbers[50], numbers[92]]).toEqual([2, 1, 3]);
    expect(nearestComponent(mask, [10, 10], [1, 1])[55]).toBe(1);
  });

  it("parts the plane by distance, not by steps", () => {
    // Voxels (0, 3) and (1, 1); with rows 3 apart the one in the same row is nearer.
    const mask = [0, 0, 0, 1, 0, 0, 1, 0, 0, 0];
    expect([...nearestComponent(mask, [2, 5], [3, 1])]).toEqual([1, 1, 1, 1, 1, 2, 2, 2, 2, 2]);
    expect([...nearestComponent(mask, [2, 5], [1, 1])]).toEqual([2, 2, 1, 1, 1, 2, 2, 2, 1, 1]);
  });

  it("is 0 everywhere for an empty mask, and 1 for one object", () => {
    expect([...nearestComponent([0, 0.5, 0, 0], [2, 2], [1, 1])]).toEqual([0, 0, 0, 0]);
    expect([...nearestComponent([0, 0, 0.51, 0], [2, 2], [1e-200, 1e-200])]).toEqual([1, 1, 1, 1]);
  });

  it("refuses a mask or a spacing that does not fit the space", () => {
    expect(() => nearestComponent([0, 1], [3], [1])).toThrow(expect.objectContaining({ code: "ARRAY" }));
    expect(() => nearestComponent([0, 1, 0], [3], [0])).toThrow(expect.objectContaining({ code: "OPTION" }));
  });
});
