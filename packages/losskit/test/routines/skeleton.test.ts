import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { skeleton } from "../../src/routines/skeleton.js";
import { coordinates, masks, product } from "./grids.js";
import { middleOf, topology } from "./topology.js";

const draw = (rows: readonly string[]) => Float64Array.from(rows.join(""), Number);
const total = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0);
const image = (space: readonly number[], inside: (point: number[]) => boolean) =>
  Float64Array.from(coordinates(space), (point) => Number(inside(point)));

/** The 3 × 3 × 3 block around a voxel, 0 beyond the edge. */
function blockAround(mask: ArrayLike<number>, space: readonly number[], point: readonly number[]): number[] {
  const axes = [...Array(3 - space.length).fill(1), ...space];
  const centre = [...Array(3 - space.length).fill(0), ...point];
  return coordinates([3, 3, 3]).map((step) => {
    const at = centre.map((x, axis) => x + step[axis] - 1);
    if (at.some((x, axis) => x < 0 || x >= axes[axis])) return 0;
    return mask[at.reduce((index, x, axis) => index * axes[axis] + x, 0)] > 0.5 ? 1 : 0;
  });
}

function removable(mask: ArrayLike<number>, space: readonly number[], point: readonly number[]): boolean {
  const { simple, neighbours } = middleOf(blockAround(mask, space, point));
  return simple && neighbours !== 1;
}

/** The same thinning, looking at every voxel every time. */
function byScanning(mask: Float64Array, space: readonly number[]): number[] {
  const result = [...mask];
  const points = coordinates(space);
  const sides = space.flatMap((extent, axis) => (extent > 1 ? [-1, 1].map((by) => ({ axis, by })) : []));
  for (let before = -1; total(result) !== before; ) {
    before = total(result);
    for (const { axis, by } of sides) {
      const listed = points.flatMap((point, i) => {
        const beside = point.map((x, other) => (other === axis ? x + by : x));
        const open =
          beside[axis] < 0 ||
          beside[axis] >= space[axis] ||
          !result[points.findIndex((p) => String(p) === String(beside))];
        return result[i] && open && removable(result, space, point) ? [i] : [];
      });
      for (const i of listed) if (middleOf(blockAround(result, space, points[i])).simple) result[i] = 0;
    }
  }
  return result;
}

describe("skeleton", () => {
  it("lies in the mask, keeps its topology, and leaves nothing that could go", () => {
    fc.assert(
      fc.property(masks, ({ values, space }) => {
        const result = skeleton(values, space);
        expect(result.every((value, i) => value === 0 || (value === 1 && values[i] === 1))).toBe(true);
        expect(topology(result, space)).toEqual(topology(values, space));
        coordinates(space).forEach((point, i) => {
          if (result[i]) expect(removable(result, space, point), `${point}`).toBe(false);
        });
      }),
      { numRuns: 200 },
    );
  });

  it("is what scanning the whole image in every step gives", () => {
    fc.assert(
      fc.property(masks, ({ values, space }) => {
        expect([...skeleton(values, space)]).toEqual(byScanning(values, space));
      }),
      { numRuns: 60 },
    );
  });

  it("keeps the objects and holes of larger blobs", () => {
    const noise = fc.array(fc.nat(99), { minLength: 256, maxLength: 256 });
    fc.assert(
      fc.property(noise, fc.integer({ min: 20, max: 80 }), (list, percent) => {
        // Every value four times, so that there is something to thin.
        const mask = image([32, 32], ([y, x]) => list[(y >> 1) * 16 + (x >> 1)] < percent);
        const result = skeleton(mask, [32, 32]);
        expect(topology(result, [32, 32])).toEqual(topology(mask, [32, 32]));
        expect(skeleton(result, [32, 32])).toEqual(result);
      }),
      { numRuns: 40 },
    );
  });

  it("leaves thin lines as they are", () => {
    const lines = draw(["1000000", "0100011", "0011100", "0000010", "0000010"]);
    expect(skeleton(lines, [5, 7])).toEqual(lines);
    const diagonal = image([5, 5, 5], ([z, y, x]) => z === y && y === x);
    expect(skeleton(diagonal, [5, 5, 5])).toEqual(diagonal);
    expect([...skeleton([0, 1, 1, 1, 0, 1], [6])]).toEqual([0, 1, 1, 1, 0, 1]);
  });

  it("thins a bar to its middle line", () => {
    const bar = draw(["000000000", "011111110", "011111110", "011111110", "000000000"]);
    expect([...skeleton(bar, [5, 9])]).toEqual([
      ...draw(["000000000", "000000000", "011111110", "000000000", "000000000"]),
    ]);
    const beam = image([5, 5, 15], ([z, y, x]) => Math.max(Math.abs(z - 2), Math.abs(y - 2)) <= 1 && x > 0 && x < 14);
    const line = skeleton(beam, [5, 5, 15]);
    expect(total(line)).toBeGreaterThanOrEqual(9);
    coordinates([5, 5, 15]).forEach(([z, y], i) => {
      if (line[i]) expect([z, y]).toEqual([2, 2]);
    });
  });

  it("makes a disc and a ball a few voxels in the middle", () => {
    const disc = skeleton(
      image([31, 31], ([y, x]) => (y - 15) ** 2 + (x - 15) ** 2 <= 144),
      [31, 31],
    );
    expect(total(disc)).toBeLessThanOrEqual(3);
    expect(disc[15 * 31 + 15]).toBe(1);
    const space = [17, 17, 17];
    const ball = skeleton(
      image(space, (point) => total(point.map((x) => (x - 8) ** 2)) <= 49),
      space,
    );
    expect(total(ball)).toBeLessThanOrEqual(5);
    expect(ball[(8 * 17 + 8) * 17 + 8]).toBe(1);
  });

  it("makes a ring a closed line, two joined rings two, a torus one, and a hollow ball a closed surface", () => {
    const ring = image([21, 21], ([y, x]) => Math.abs(Math.hypot(y - 10, x - 10) - 7) <= 2);
    const thinRing = skeleton(ring, [21, 21]);
    expect(topology(thinRing, [21, 21])).toEqual({ objects: 1, outside: 2, euler: 0 });
    const eight = image([13, 23], ([y, x]) => [6, 16].some((at) => Math.abs(Math.hypot(y - 6, x - at) - 4.5) <= 1.2));
    expect(topology(skeleton(eight, [13, 23]), [13, 23])).toEqual({ objects: 1, outside: 3, euler: -1 });
    const space = [9, 21, 21];
    const torus = image(space, ([z, y, x]) => Math.hypot(Math.hypot(y - 10, x - 10) - 6, z - 4) <= 2.5);
    const thinTorus = skeleton(torus, space);
    expect(topology(thinTorus, space)).toEqual({ objects: 1, outside: 1, euler: 0 });
    // Every voxel of a closed line has two neighbours.
    for (const [mask, own] of [
      [thinRing, [21, 21]],
      [thinTorus, space],
    ] as const) {
      coordinates(own).forEach((point, i) => {
        if (mask[i]) expect(middleOf(blockAround(mask, own, point)).neighbours).toBe(2);
      });
    }
    const cube = [11, 11, 11];
    const shell = image(cube, (point) => Math.abs(Math.hypot(...point.map((x) => x - 5)) - 4) <= 1);
    expect(topology(skeleton(shell, cube), cube)).toEqual({ objects: 1, outside: 2, euler: 2 });
  });

  it("gives a slice the same skeleton as an image or as a volume, whichever way it lies", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(0, 1, 1), { minLength: 48, maxLength: 48 }), (list) => {
        const flat = skeleton(list, [6, 8]);
        for (const space of [
          [1, 6, 8],
          [6, 1, 8],
          [6, 8, 1],
        ])
          expect(skeleton(list, space)).toEqual(flat);
      }),
    );
  });

  it("is nothing of an empty mask, and one voxel of one", () => {
    expect([...skeleton([0, 0.5, 0, 0], [2, 2])]).toEqual([0, 0, 0, 0]);
    expect([...skeleton([1], [1, 1, 1])]).toEqual([1]);
    expect(total(skeleton(new Uint8Array(product([3, 4, 5])).fill(1), [3, 4, 5]))).toBeGreaterThanOrEqual(1);
  });

  it("refuses a mask that does not fit the space", () => {
    expect(() => skeleton([0, 1], [3])).toThrow(expect.objectContaining({ code: "ARRAY" }));
  });
});
