// The checker refuses values that are not what they are said to be, and indices out of their lists.

import { describe } from "vitest";
import type { KernelValue } from "../../src/compiler/kernel.js";
import {
  type Break,
  changed,
  expectRefused,
  last,
  maskIn,
  PLANS,
  slotOf,
  withEffect,
  withKernel,
  withValue,
} from "./plan-changes.js";

const { binary, softmax, few } = PLANS;

const INDICES: readonly Break[] = [
  [
    "an array slot of a value",
    () => withValue(binary(), 0, "load", () => ({ data: 99 })),
    /value \d+ \(load\): it reads slot 99, and the arrays are 4/,
  ],
  [
    "a constant slot of a value",
    () => withValue(softmax(), last(softmax()), "constant", () => ({ data: -1 })),
    /\(constant\): it reads slot -1, and the constants are/,
  ],
  [
    "an array slot of a write",
    () => withEffect(binary(), 1, "write", () => ({ array: 17 })),
    /pass 2, stage 1, effect \d+ \(write\): it is for array 17, and there are \d/,
  ],
  ["a sum", () => withEffect(binary(), 0, "sum", () => ({ sum: 1.5 })), /\(sum\): it is for sum 1.5, and there are/],
  [
    "a row",
    () => withEffect(softmax(), 0, "overClasses", () => ({ row: 40 })),
    /row \d: stage \d does not fill it with value \d+/,
  ],
  ["a check", () => withEffect(binary(), 0, "check", () => ({ check: 9 })), /\(check\): it is for check 9/],
  [
    "the array of a check",
    () => withKernel(binary(), 0, ({ checks }) => ({ checks: changed(checks, 0, { array: 8 }) })),
    /check 0: it is of array 8/,
  ],
  [
    "a row that is kept",
    () =>
      withKernel(softmax(), 0, ({ kept }) => ({
        kept: new Map([...kept].map(([id, held]) => [id, { ...held, row: 30 }])),
      })),
    /row 30: it is kept for value \d+, and the rows are/,
  ],
  [
    "a stage that fills a row",
    () =>
      withKernel(softmax(), 0, ({ kept }) => ({
        kept: new Map([...kept].map(([id, held]) => [id, { ...held, afterStage: 12 }])),
      })),
    /it is kept after stage 13/,
  ],
  [
    "the class of an array",
    () => withKernel(few(), 0, ({ arrays }) => ({ arrays: changed(arrays, slotOf(few(), 0, "logits"), { class: 3 }) })),
    /it is for class 3, and the classes are 0 to 2/,
  ],
];

const KINDS: readonly Break[] = [
  [
    "a mask where a number is wanted",
    () => withValue(binary(), 0, "keep", ({ args: [mask] }) => ({ op: "neg", args: [mask] })),
    /\(neg\): it takes a number as argument 1, and gets a mask/,
  ],
  [
    "a number where a mask is wanted",
    () => withValue(binary(), 0, "mul", ({ args }) => ({ op: "keep", args })),
    /\(keep\): it takes a mask as argument 1, and gets a number/,
  ],
  [
    "a mask that is summed",
    () => withEffect(binary(), 0, "sum", ({ value }) => ({ value: maskIn(value) })),
    /stage \d, effect \d+ \(sum\): it takes numbers, and gets a mask/,
  ],
  [
    "a value said to be a mask",
    () => withValue(binary(), 0, "add", () => ({ mask: true })),
    /\(add\): it is said to be a mask and is a number/,
  ],
  [
    "an argument too many",
    () => withValue(binary(), 0, "abs", ({ args }) => ({ args: [...args, ...args] })),
    /\(abs\): it has 2 arguments and takes 1/,
  ],
  [
    "an operation that there is not",
    () => withValue(binary(), 0, "abs", () => ({ op: "sin" as KernelValue["op"] })),
    /\(sin\): it is no operation of a kernel/,
  ],
  [
    "labels read as numbers",
    () => withValue(binary(), 0, "load", () => ({ data: slotOf(binary(), 0, "target") })),
    /\(load\): it reads target, whose labels are no numbers/,
  ],
  [
    "numbers read as labels",
    () => withValue(binary(), 0, "isLabel", () => ({ data: slotOf(binary(), 0, "logits") })),
    /\(isLabel\): it compares logits, which holds no labels/,
  ],
  [
    "ignored voxels without their label",
    () =>
      withKernel(binary(), 0, ({ constants }) => ({
        constants: changed(
          constants,
          constants.findIndex(({ source }) => source === "ignore"),
          { source: 0 },
        ),
      })),
    /\(isIgnored\): it looks for ignored voxels, and no constant says which they are/,
  ],
  [
    "a voxel value said to be uniform",
    () => withValue(binary(), 0, "expNegative", () => ({ uniform: true })),
    /\(expNegative\): it is said to be the same for all voxels and is not/,
  ],
  ["a value of itself", () => withValue(binary(), 0, "abs", () => ({ id: -1 })), /comes before an argument of its own/],
];

describe("an index out of its list", () => {
  expectRefused(INDICES);
});
describe("the wrong kind of value", () => {
  expectRefused(KINDS);
});
