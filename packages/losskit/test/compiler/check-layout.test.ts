// Where a kernel's numbers lie: within their buffers for any number of classes, and what lies elsewhere is refused.

import { describe, expect, test } from "vitest";
import { checkLayout } from "../../src/backends/wasm/check-layout.js";
import { type KernelLayout, layOut } from "../../src/backends/wasm/layout.js";
import type { Kernel } from "../../src/compiler/kernel.js";
import { PLANS } from "./plan-changes.js";

const kernels = Object.values(PLANS).flatMap((make) => {
  const { passes, context } = make();
  return passes.flatMap(({ kernel }) => (kernel ? [{ kernel, classes: context.channels }] : []));
});

test("the layouts of kernels are sound", () => {
  expect(kernels.length).toBeGreaterThan(8);
  for (const { kernel, classes } of kernels) {
    for (const count of classes === 1 ? [1] : [classes, 64]) checkLayout(kernel, layOut(kernel), count);
  }
});

describe("refuses", () => {
  const kernel = PLANS.softmax().passes[0].kernel as Kernel;
  const sound = layOut(kernel);
  const moved = (region: keyof Omit<KernelLayout, "checks">, entry: number, offset: number): KernelLayout => ({
    ...sound,
    [region]: { ...sound[region], offsets: sound[region].offsets.map((own, i) => (i === entry ? offset : own)) },
  });

  test.each<[string, () => KernelLayout, RegExp]>([
    [
      "a row beyond the last",
      () => moved("rows", 0, 1 << 20),
      /row 0 takes bytes 1048576 to 1049599 of the \d+ of the rows/,
    ],
    ["a row before the first", () => moved("rows", 0, -1024), /row 0 takes bytes -1024/],
    [
      "two rows in one place",
      () => {
        const [first, second] = kernel.rows.flatMap((perClass, row) => (perClass ? [] : [row]));
        return moved("rows", second, sound.rows.offsets[first]);
      },
      /row \d.* lies on top of row \d/,
    ],
    [
      "a sum on top of a check",
      () =>
        moved(
          "sums",
          kernel.sums.findIndex(({ perClass }) => !perClass),
          0,
        ),
      /(sum|check) \d.* lies on top of (sum|check) \d/,
    ],
    [
      "a sum between two",
      () => moved("sums", 0, sound.sums.offsets[0] + 4),
      /sum 0.* starts at byte \d+, which is not aligned/,
    ],
    [
      "records too short for their class",
      () => ({ ...sound, sums: { ...sound.sums, perClassBytes: sound.sums.perClassBytes - 8 } }),
      /sum \d of class \d (takes bytes|lies on top)/,
    ],
    ["no place for a check", () => ({ ...sound, checks: [] }), /check 0 takes bytes undefined/],
  ])("%s", (_, make, message) => {
    expect(() => checkLayout(kernel, make(), 5)).toThrow(message);
  });

  test("a row of a matrix that reaches into the next number", () => {
    const { constants, ...rest } = PLANS.matrix().passes[0].kernel as Kernel;
    const matrix = constants.findIndex(({ columns }) => columns);
    const one = { source: 0, perClass: true };
    const kernel = { ...rest, constants: [constants[matrix], one] };
    const layout = layOut(kernel);
    expect(layout.constants.offsets).toEqual([0, 20]);
    checkLayout(kernel, layout, 5);
    const near = { ...layout, constants: { ...layout.constants, offsets: [0, 16] } };
    expect(() => checkLayout(kernel, near, 5)).toThrow(/constant 1 of class 0 lies on top of constant 0 of class 0/);
  });
});
