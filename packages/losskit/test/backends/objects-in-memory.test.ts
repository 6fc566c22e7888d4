// Sums over objects in the library's memory, for numberings that the library's own routine does not give.

import { expect, test } from "vitest";
import { release, reserve, views } from "../../src/backends/wasm/memory.js";
import { countObjects, gatherFromObjects, sumByObject } from "../../src/backends/wasm/run-objects.js";
import { summandName } from "../../src/compiler/schedule.js";
import { CLASS, IMAGE, INSTANCE, VOXEL } from "../../src/formula/axes.js";
import { createGraph } from "../../src/formula/node.js";
import type { Call } from "../../src/formula/options.js";

const graph = createGraph();
const PER_CLASS = IMAGE | CLASS | VOXEL;
const call = { images: 2, classes: 2, voxels: 3 } as Call;

/** Maps in memory by their names, given back when done. */
function withMaps<T>(maps: Readonly<Record<string, readonly number[]>>, run: (stored: Map<string, number>) => T): T {
  const stored = new Map<string, number>();
  try {
    for (const [name, values] of Object.entries(maps)) {
      const address = reserve(4 * values.length);
      stored.set(name, address);
      views().f32.set(values, address / 4);
    }
    return run(stored);
  } finally {
    for (const address of stored.values()) release(address);
  }
}

const read = (stored: ReadonlyMap<string, number>, name: string, length: number) => {
  const start = (stored.get(name) as number) / 4;
  return [...views().f32.subarray(start, start + length)];
};

test("one numbering for all classes, a summand of each", () => {
  const numbering = graph.field("numbering", IMAGE | VOXEL);
  const sum = graph.sumBy("totalBy", numbering, graph.field("e", PER_CLASS));
  expect(sum.axes).toBe(IMAGE | CLASS | INSTANCE);
  const maps = {
    [`stored ${numbering.id}`]: [1, 0, 1, 3, 2, 3],
    [summandName(sum)]: [1, 10, 100, 2, 20, 200, 3, 30, 300, 4, 40, 400],
  };
  withMaps(maps, (stored) => {
    const count = countObjects(numbering, stored, call);
    expect(count).toBe(3);
    const sums = sumByObject(sum, stored, call, count);
    expect([...sums.data]).toEqual([101, 0, 0, 202, 0, 0, 0, 30, 303, 0, 40, 404]);
  });
});

test("a numbering of each class, and one summand for all", () => {
  const numbering = graph.field("numbering of each", PER_CLASS);
  const sum = graph.sumBy("totalBy", numbering, graph.field("w", IMAGE | VOXEL));
  const gather = graph.gather(sum, numbering);
  const maps = {
    [`stored ${numbering.id}`]: [1, 1, 0, 0, 2, 1, 0, 0, 0, 1, 2, 0],
    [summandName(sum)]: [1, 10, 100, 2, 20, 200],
    [`stored ${gather.id}`]: Array(12).fill(-1),
  };
  withMaps(maps, (stored) => {
    const sums = sumByObject(sum, stored, call, countObjects(numbering, stored, call));
    expect([...sums.data]).toEqual([11, 0, 100, 10, 0, 0, 2, 20]);
    gatherFromObjects(gather, sums, stored, call);
    expect(read(stored, `stored ${gather.id}`, 12)).toEqual([11, 11, 0, 0, 10, 100, 0, 0, 0, 2, 20, 0]);
  });
});

test("sums are taken in float64: a small number beside many large ones is not lost", () => {
  const numbering = graph.field("one object", IMAGE | VOXEL);
  const sum = graph.sumBy("totalBy", numbering, graph.field("large", IMAGE | VOXEL));
  const values = [2 ** 24, 1, 1];
  withMaps({ [`stored ${numbering.id}`]: [1, 1, 1], [summandName(sum)]: values }, (stored) => {
    expect([...sumByObject(sum, stored, { ...call, images: 1 }, 1).data]).toEqual([2 ** 24 + 2]);
  });
});

test("more objects than float32 can number are refused", () => {
  const numbering = graph.field("too many", IMAGE | VOXEL);
  withMaps({ [`stored ${numbering.id}`]: [1, 2 ** 24 - 1, 0, 0, 0, 0] }, (stored) => {
    expect(countObjects(numbering, stored, call)).toBe(2 ** 24 - 1);
  });
  withMaps({ [`stored ${numbering.id}`]: [1, 2 ** 24, 0, 0, 0, 0] }, (stored) => {
    expect(() => countObjects(numbering, stored, call)).toThrow(/kernels can number 16777216; use backend "reference"/);
  });
});
