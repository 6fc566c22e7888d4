// The checker passes every plan that the compiler makes; what it refuses is tested beside this file.

import { describe, expect, test } from "vitest";
import { checkPlan } from "../../src/compiler/check-plan.js";
import type { Plan } from "../../src/compiler/plan.js";
import type { LosskitError } from "../../src/errors.js";
import { allLosses } from "../../src/losses/all.js";
import { ce, dice, tversky } from "../../src/losses/catalogue.js";
import { add, lossFromFormula } from "../../src/losses/define.js";
import type { LossFactory } from "../../src/losses/loss.js";
import { uniformSequence } from "../losses/calls.js";
import { PLANS } from "./plan-changes.js";
import { type PlanCall, planOf } from "./plans.js";

const CALLS: readonly PlanCall[] = [
  {},
  { target: "integers", ignore: -100 },
  { target: "soft", ignore: 255, weighted: true },
  { target: "bytes per channel", ignore: 255 },
  { target: "bytes", ignore: 255, weighted: true },
  { target: "soft" },
];
const OPTIONS = [
  {},
  { images: "each" },
  { joinClasses: "pooled" },
  { joinClasses: "sum", classes: "present" },
  { reduction: "none" },
  { reduction: "voxels" },
] as const;
const HEADS = [1, 3, 5].flatMap((channels) =>
  (["sigmoid", "softmax", "none"] as const).map((activation) => ({ channels, activation })),
);

function plansOf(factory: LossFactory): number {
  let count = 0;
  for (const options of OPTIONS) {
    const loss = factory(options);
    for (const head of HEADS) {
      if (loss.refusal(head) || (head.channels === 1 && head.activation === "softmax")) continue;
      for (const call of CALLS) {
        let plan: Plan;
        try {
          plan = planOf(loss, { ...call, ...head });
        } catch (error) {
          // Maps of losses that have none, and what only the reference backend does.
          expect((error as LosskitError).code).toBe("UNSUPPORTED");
          continue;
        }
        checkPlan(plan);
        count++;
      }
    }
  }
  return count;
}

describe("every plan of the compiler passes", () => {
  test.each(allLosses.map((factory) => [factory.definition.name, factory] as const))("%s", (_, factory) => {
    expect(plansOf(factory)).toBeGreaterThanOrEqual(30);
  });

  test.each([3, 5])("sums of losses, %i channels", (channels) => {
    checkPlan(planOf(add(ce(), [0.5, dice()], tversky({ classes: "foreground" })), { channels }));
  });
});

// What does not differ between classes once it is simplified still counts for each of them: found by the checker.
describe("a value that is the same for all classes is summed for each", () => {
  test.each([
    "sum(p + (w - p)) / 100",
    "max(p + (w - p))",
    "sum(w * classes_sum(p + (w - p))) / 100",
    "sum(softplus(x) - max(x, 0)) + 0 * sum(w)",
    "S = sum(p + (w - p))\n loss = S * S",
  ])("%s", (text) => {
    for (const channels of [1, 3, 5]) {
      for (const joinClasses of ["mean", "pooled"] as const) {
        const loss = lossFromFormula(text, { joinClasses, fields: { w: "voxel" } });
        const uniform = uniformSequence(channels);
        const logits = Float32Array.from({ length: channels * 20 }, () => 4 * uniform() - 2);
        const options = {
          shape: [1, channels, 20],
          activation: "sigmoid",
          fields: { w: Float32Array.from({ length: 20 }, uniform) },
        } as const;
        checkPlan(loss.plan(logits, new Uint8Array(20), options));
        const [kernels, reference] = (["wasm", "reference"] as const).map((backend) =>
          loss.value(logits, new Uint8Array(20), { ...options, backend }),
        );
        expect(Math.abs(kernels - reference)).toBeLessThan(1e-6 * Math.abs(reference));
      }
    }
  });
});

test("the plans that other tests break are sound", () => {
  for (const make of Object.values(PLANS)) checkPlan(make());
});
