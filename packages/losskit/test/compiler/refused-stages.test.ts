// The checker refuses stages that do what cannot be done there, and what is had too early.

import { describe } from "vitest";
import type { Effect } from "../../src/compiler/kernel.js";
import {
  aLoad,
  type Break,
  changed,
  expectRefused,
  kernelOf,
  PLANS,
  slotOf,
  withArray,
  withKernel,
  withPass,
  withStages,
  withValue,
} from "./plan-changes.js";

const { binary, softmax, few, soft, routine } = PLANS;

const CLASSES: readonly Break[] = [
  [
    "a value per class in a stage per voxel",
    () => withStages(softmax(), 0, (stages) => stages.map((stage) => ({ ...stage, perClass: false }))),
    /stage \d, effect \d+ \(\w+\): it joins the classes, and its stage does not go round them/,
  ],
  [
    "an array per class read as one for all",
    () => withValue(softmax(), 0, "load", () => ({ perClass: false })),
    /\(load\): it is read as if slot \d were the same for all classes/,
  ],
  [
    "one array for all classes where there is one per class",
    () => withArray(softmax(), 0, "logits", { perClass: false }),
    /array \d \(logits\): it is the same for all classes, and what it is for is not/,
  ],
  [
    "a stretch per class of what has none",
    () => withArray(softmax(), 0, "target", { perClass: true }),
    /\(target\): it differs between classes, and what it is for does not/,
  ],
  [
    "a sum for all classes of what differs",
    () => withKernel(soft(), 0, ({ sums }) => ({ sums: changed(sums, 0, { perClass: false }) })),
    /sum 0 \(node \d+\): it is the same for all classes/,
  ],
  [
    "a sum per class filled per voxel",
    () => withStages(soft(), 0, (stages) => stages.map((stage) => ({ ...stage, perClass: false }))),
    /stage 1, effect \d+ \(\w+\): the .+ is one per class, and this stage does not go round them/,
  ],
  [
    "one channel with an array per class",
    () => withArray(binary(), 0, "logits", { perClass: true }),
    /\(logits\): it is one per class, and there is one channel/,
  ],
  [
    "one channel with a round over the classes",
    () => withStages(binary(), 0, (stages) => stages.map((stage) => ({ ...stage, perClass: true }))),
    /stage 1: it goes round the classes, and there is one channel/,
  ],
  [
    "one channel with a row per class",
    () => withKernel(binary(), 1, () => ({ rows: [true] })),
    /row 0 is one per class, and there is one channel/,
  ],
  [
    "a row per class of what is one for all",
    () => withKernel(softmax(), 0, ({ rows }) => ({ rows: rows.map((own) => !own) })),
    /row \d: it is one per class, and its value is not/,
  ],
  [
    "classes written out and gone round",
    () =>
      withKernel(few(), 0, ({ arrays }) => ({
        arrays: changed(arrays, slotOf(few(), 0, "logits"), { perClass: true }),
      })),
    /it is for one class and for a round over all/,
  ],
  [
    "a class missing",
    () =>
      withKernel(few(), 0, ({ sums }) => ({
        sums: changed(
          sums,
          sums.findIndex((sum) => sum.class === 2),
          { class: 1 },
        ),
      })),
    /node \d+ \(total\) has 1 sums for class 0 and 2 for class 1/,
  ],
];

const ORDER: readonly Break[] = [
  [
    "a value of a later level",
    () =>
      withStages(softmax(), 0, (stages) => {
        const first = stages.findIndex(({ perClass }) => perClass);
        const late = stages[stages.length - 1].effects.find(({ kind }) => kind === "sum") as Effect;
        return stages.map((stage, i) => (i === first ? { ...stage, effects: [late, ...stage.effects] } : stage));
      }),
    /effect 1 \(sum\): value \d+ \(\w+\) needs \d rounds over the classes, and 0 are over/,
  ],
  [
    "a level that is not that of the arguments",
    () => withValue(softmax(), 0, "overClasses", () => ({ level: 0 })),
    /it is said to need 0 rounds and needs 1/,
  ],
  [
    "a join over the classes that no row keeps",
    () => withKernel(softmax(), 0, ({ kept }) => ({ kept: new Map([...kept].slice(1)) })),
    /\(overClasses\) is joined over the classes, and no earlier stage keeps it in a row/,
  ],
  [
    "an array read after it is written over",
    () =>
      withKernel(soft(), 1, ({ stages, rows, kept }) => {
        const value = aLoad(soft(), 1, "gradient");
        return {
          stages: [...stages, { perClass: true, effects: [{ kind: "row", row: rows.length, value }] }],
          rows: [...rows, true],
          kept: new Map([...kept, [value.id, { row: rows.length, afterStage: stages.length }]]),
        };
      }),
    /stage 2, effect 1 \(row\): value \d+ \(load\) reads gradient, which stage 1 has written over/,
  ],
  [
    "a constant that is not known by then",
    () =>
      withKernel(binary(), 0, ({ constants }) => ({
        constants: [
          ...constants,
          ...kernelOf(binary(), 1).constants.filter(({ source }) => typeof source === "number"),
        ],
      })),
    /pass 1, constant \d \(node \d+\): it is not known when the pass starts/,
  ],
  [
    "a combine step out of order",
    () => withPass(binary(), 1, ({ pass }) => ({ pass: { ...pass, groups: [...pass.groups].reverse() } })),
    /pass 2: node \d+ \(\w+\) needs node \d+ \(\w+\), which is not known yet/,
  ],
  [
    "a stash that no pass left",
    () => withPass(binary(), 0, () => ({ stash: "none" })),
    /pass 1, array \d \(gradient\): it is written/,
  ],
  [
    "a stash before the pass that leaves it",
    () => withPass(binary(), 0, () => ({ stash: "finds" })),
    /pass 1: it looks for the stash/,
  ],
  [
    "what a routine gives before it runs",
    () => withPass(routine(), 0, ({ pass }) => ({ pass: { ...pass, routines: [] } })),
    /nothing of that name is known when the pass starts/,
  ],
  [
    "an argument of a routine that is not stored",
    () =>
      withPass(routine(), 0, ({ pass }) => ({
        pass: { ...pass, routines: [...pass.routines, { ...pass.routines[0] }] },
      })),
    /pass 1: argument 0 of routine \d+ is not stored/,
  ],
];

describe("classes where there are none, and the reverse", () => {
  expectRefused(CLASSES);
});
describe("too early", () => {
  expectRefused(ORDER);
});
