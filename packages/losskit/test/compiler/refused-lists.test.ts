// The checker refuses sums, rows, checks and arrays that are not filled, filled twice, or not what the pass is for.

import { describe } from "vitest";
import {
  aLoad,
  type Break,
  changed,
  expectRefused,
  PLANS,
  slotOf,
  withArray,
  withEffect,
  withKernel,
  withPass,
  withStages,
} from "./plan-changes.js";

const { binary, unweighted, soft, softmax } = PLANS;

const SUMS: readonly Break[] = [
  [
    "a factor that varies over voxels",
    () => withEffect(unweighted(), 0, "product", (effect) => ({ factor: effect.value })),
    /\(product\): its factor is not the same for all voxels/,
  ],
  [
    "a product for a sum that there is not",
    () => withEffect(unweighted(), 0, "product", () => ({ sum: 99 })),
    /\(product\): it is for sum 99, and there are \d/,
  ],
  ["a sum that no stage fills", () => withEffect(binary(), 0, "sum", () => undefined), /pass 1: no stage fills sum 0/],
  [
    "a sum filled twice",
    () =>
      withStages(binary(), 0, (stages) =>
        stages.map((stage) => ({
          ...stage,
          effects: [...stage.effects, ...stage.effects.filter(({ kind }) => kind === "sum")],
        })),
      ),
    /\(sum\): sum \d is filled twice/,
  ],
  [
    "a reduction without a sum",
    () =>
      withPass(binary(), 0, ({ pass }) => ({ pass: { ...pass, reductions: [...pass.reductions, pass.voxels[0]] } })),
    /pass 1: no sum is kept for node/,
  ],
  [
    "a sum of another pass",
    () => withKernel(binary(), 0, ({ sums }) => ({ sums: changed(sums, 0, { node: 1 }) })),
    /sum 0 \(node 1\): it is no reduction of this pass/,
  ],
  [
    "a total taken as the largest",
    () => withKernel(binary(), 0, ({ sums }) => ({ sums: changed(sums, 0, { how: "largest" }) })),
    /it is a largest and must be a total/,
  ],
  [
    "a row that nothing fills",
    () => withKernel(softmax(), 0, ({ rows }) => ({ rows: [...rows, false] })),
    /no stage fills row \d/,
  ],
  ["a check that nothing makes", () => withEffect(binary(), 0, "check", () => undefined), /no stage fills check \d/],
];

const ARRAYS: readonly Break[] = [
  [
    "a write to the logits",
    () => withEffect(binary(), 0, "write", () => ({ array: slotOf(binary(), 0, "logits") })),
    /\(write\): logits is only read/,
  ],
  [
    "logits that may be written",
    () => withArray(binary(), 0, "logits", { access: "read and write" }),
    /\(logits\): it is written, and is not ours to write/,
  ],
  [
    "a target of another type",
    () => withArray(binary(), 0, "target", { type: "int32" }),
    /\(target\): its elements are int32 and must be uint8/,
  ],
  [
    "weights that the call has not",
    () => withArray(soft(), 0, "target", { name: "weights" }),
    /\(weights\): the call has no weights/,
  ],
  [
    "a name that nobody knows",
    () => withArray(binary(), 0, "logits", { name: "secret" }),
    /\(secret\): nothing of that name is known/,
  ],
  [
    "a field that the pass does not read",
    () => withArray(binary(), 0, "logits", { name: "field map" }),
    /this pass reads no such field/,
  ],
  [
    "a result that is not written",
    () => withEffect(binary(), 1, "write", () => undefined),
    /pass 2, stage 1: it does nothing/,
  ],
  [
    "the gradient read where no stash is",
    () => {
      const plan = binary();
      return withEffect(plan, 0, "write", () => ({ value: aLoad(plan, 0, "gradient") }));
    },
    /reads gradient, which is only written/,
  ],
  [
    "checks in a later kernel",
    () => withKernel(binary(), 1, () => ({ checks: [{ array: 0, withoutSign: true, limit: 1 }] })),
    /pass 2, check 0: only the first kernel/,
  ],
  [
    "a limit of no 32 bits",
    () => withKernel(binary(), 0, ({ checks }) => ({ checks: changed(checks, 0, { limit: 2 ** 32 }) })),
    /check 0: its limit is 4294967296/,
  ],
  [
    "a pass without its kernel",
    () => withPass(binary(), 0, () => ({ kernel: undefined })),
    /pass 1: it has work and no kernel/,
  ],
  ["no channels", () => ({ ...binary(), context: { ...binary().context, channels: 0 } }), /it is for 0 channels/],
  [
    "a result that no pass gives",
    () => ({ ...binary(), results: [binary().passes[0].pass.voxels[0]] }),
    /no pass gives the result, node \d+ \(\w+\)/,
  ],
  [
    "a stash that is not written",
    () => withEffect(binary(), 0, "write", () => undefined),
    /pass 1: no stage writes gradient \(array 3\)/,
  ],
];

describe("sums, rows and checks", () => {
  expectRefused(SUMS);
});
describe("arrays", () => {
  expectRefused(ARRAYS);
});
