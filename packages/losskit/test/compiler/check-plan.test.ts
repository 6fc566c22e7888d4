// The checker passes every plan that the compiler makes; what it refuses is tested beside this file.

import { describe, expect, test } from "vitest";
import { checkPlan } from "../../src/compiler/check-plan.js";
import type { Plan } from "../../src/compiler/plan.js";
import type { LosskitError } from "../../src/errors.js";
import type { Activation } from "../../src/formula/options.js";
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

/** Every pair of head and call, and nearly every one of options and call: all three in every combination would be three times as many plans. */
function callsWith(options: number, head: number): readonly PlanCall[] {
  return [options + head, options + 5 * head + 3].map((at) => CALLS[at % CALLS.length]);
}

function plansOf(factory: LossFactory): number {
  let count = 0;
  for (const [o, options] of OPTIONS.entries()) {
    const loss = lossWith(factory, options);
    if (!loss) continue;
    for (const [h, head] of HEADS.entries()) {
      if (loss.refusal(head) || (head.channels === 1 && head.activation === "softmax")) continue;
      for (const call of callsWith(o, h)) {
        let plan: Plan;
        try {
          plan = planOf(loss, { ...call, ...head, fields: fieldsOf(factory, head.channels) });
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

/** The loss, unless its own options contradict these. */
function lossWith(factory: LossFactory, options: (typeof OPTIONS)[number]) {
  try {
    return factory(options);
  } catch (error) {
    expect((error as LosskitError).message).toMatch(/give one of the two/);
    return undefined;
  }
}

function fieldsOf({ definition: { fields = {} } }: LossFactory, channels: number) {
  const length = (kind: string) => (kind === "voxel" ? 4 : 4 * channels);
  return Object.fromEntries(Object.entries(fields).map(([name, kind]) => [name, new Float32Array(length(kind))]));
}

describe("every plan of the compiler passes", () => {
  test.each(allLosses.map((factory) => [factory.definition.name, factory] as const))("%s", (_, factory) => {
    expect(plansOf(factory)).toBeGreaterThanOrEqual(10);
  });

  test.each([3, 5])("sums of losses, %i channels", (channels) => {
    checkPlan(planOf(add(ce(), [0.5, dice()], tversky({ classes: "foreground" })), { channels }));
  });
});

// What does not differ between classes once it is simplified still counts for each of them, and what the classes of a voxel share
// cannot be split off a sum that is wanted by class. The checker found both.
describe("sums over classes are those of the reference", () => {
  test.each<[formula: string, activation: Activation]>([
    ["sum(p + (w - p)) / 100", "sigmoid"],
    ["max(p + (w - p))", "sigmoid"],
    ["sum(w * classes_sum(p + (w - p))) / 100", "softmax"],
    ["sum(softplus(x) - max(x, 0)) + 0 * sum(w)", "sigmoid"],
    ["S = sum(p + (w - p))\n loss = S * S", "sigmoid"],
    ["S = sum(y * log(p))\n loss = S * S + 0 * sum(w)", "softmax"],
    ["sum(w - y * log(p))", "softmax"],
    ["-mean(classes_sum(w * y * log(p)))", "softmax"],
  ])("%s", (text, activation) => {
    for (const channels of activation === "softmax" ? [3, 5] : [1, 3, 5]) {
      for (const joinClasses of ["mean", "pooled"] as const) {
        const loss = lossFromFormula(text, { joinClasses, fields: { w: "voxel" } });
        const uniform = uniformSequence(channels);
        const logits = Float32Array.from({ length: channels * 20 }, () => 4 * uniform() - 2);
        const labels = Uint8Array.from({ length: 20 }, () => Math.floor(uniform() * Math.max(2, channels)));
        const fields = { w: Float32Array.from({ length: 20 }, uniform) };
        const options = { shape: [1, channels, 20], activation, fields };
        checkPlan(loss.plan(logits, labels, options));
        const [kernels, reference] = (["wasm", "reference"] as const).map((backend) =>
          loss.value(logits, labels, { ...options, backend }),
        );
        expect(Math.abs(kernels - reference)).toBeLessThan(1e-6 * Math.abs(reference));
      }
    }
  });
});

test("the plans that other tests break are sound", () => {
  for (const make of Object.values(PLANS)) checkPlan(make());
});
