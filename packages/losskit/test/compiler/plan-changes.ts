// Sound plans and the ways in which tests break them.

import { expect, test } from "vitest";
import { valuesIn } from "../../src/compiler/check-kernel-values.js";
import { checkPlan } from "../../src/compiler/check-plan.js";
import type { Effect, Kernel, KernelValue, Stage } from "../../src/compiler/kernel.js";
import type { Plan, PlanPass } from "../../src/compiler/plan.js";
import { LosskitError } from "../../src/errors.js";
import { bceDice, ce, dice, lovaszHinge } from "../../src/losses/catalogue.js";
import { add, lossFromFormula } from "../../src/losses/define.js";
import { planOf } from "./plans.js";

const matrixLoss = lossFromFormula("S = mean(classes_sum(y * matmul(M, p)))\n loss = S * S", {
  parameters: { M: Array.from({ length: 5 }, () => [1, 2, 3, 4, 5]) },
});
const objectLoss = lossFromFormula("instances_mean(1 / (1 + sum_by(components(y), p)))", { images: "each" });

export const PLANS = {
  binary: () => planOf(bceDice(), { ignore: 255, weighted: true }),
  unweighted: () => planOf(bceDice()),
  softmax: () => planOf(add(ce(), dice()), { channels: 5, ignore: 255 }),
  few: () => planOf(add(ce(), dice()), { channels: 3 }),
  soft: () => planOf(dice(), { channels: 5, target: "soft", activation: "sigmoid" }),
  routine: () => planOf(lovaszHinge()),
  matrix: () => planOf(matrixLoss, { channels: 5, activation: "sigmoid" }),
  objects: () => planOf(objectLoss, { channels: 3 }),
};

/** The plan with one pass changed. */
export const withPass = (plan: Plan, at: number, change: (pass: PlanPass) => Partial<PlanPass>): Plan => ({
  ...plan,
  passes: plan.passes.map((pass, i) => (i === at ? { ...pass, ...change(pass) } : pass)),
});
export const withKernel = (plan: Plan, at: number, change: (kernel: Kernel) => Partial<Kernel>): Plan =>
  withPass(plan, at, ({ kernel }) => ({ kernel: { ...(kernel as Kernel), ...change(kernel as Kernel) } }));
export const changed = <T>(list: readonly T[], at: number, change: Partial<T>): T[] =>
  list.map((entry, i) => (i === at ? { ...entry, ...change } : entry));
export const withStages = (plan: Plan, at: number, change: (stages: readonly Stage[]) => readonly Stage[]) =>
  withKernel(plan, at, ({ stages }) => ({ stages: change(stages) }));

/** Changes the first effect of a kind. */
export function withEffect<K extends Effect["kind"]>(
  plan: Plan,
  at: number,
  kind: K,
  change: (effect: Extract<Effect, { kind: K }>) => Partial<Extract<Effect, { kind: K }>> | undefined,
): Plan {
  let done = false;
  const result = withStages(plan, at, (stages) =>
    stages.map((stage) => ({
      ...stage,
      effects: stage.effects.flatMap((effect) => {
        if (done || effect.kind !== kind) return [effect];
        done = true;
        const parts = change(effect as Extract<Effect, { kind: K }>);
        return parts ? [{ ...effect, ...parts } as Effect] : [];
      }),
    })),
  );
  if (!done) throw new Error(`the plan has no effect ${kind}`);
  return result;
}

/** Changes the first value of an operation, wherever it is used. */
export function withValue(
  plan: Plan,
  at: number,
  op: KernelValue["op"],
  change: (value: KernelValue) => Partial<KernelValue>,
) {
  const made = new Map<KernelValue, KernelValue>();
  let done: KernelValue | undefined;
  function copy(value: KernelValue): KernelValue {
    const known = made.get(value);
    if (known) return known;
    if (value.op === op) done ??= value;
    const own = { ...value, args: value.args.map(copy) };
    const result = value === done ? { ...own, ...change(own) } : own;
    made.set(value, result);
    return result;
  }
  const result = withStages(plan, at, (stages) =>
    stages.map((stage) => ({
      ...stage,
      effects: stage.effects.map((effect) =>
        effect.kind === "check"
          ? effect
          : effect.kind === "product"
            ? { ...effect, value: copy(effect.value), factor: copy(effect.factor) }
            : { ...effect, value: copy(effect.value) },
      ),
    })),
  );
  if (!done) throw new Error(`the plan has no value ${op}`);
  return result;
}

export const kernelOf = (plan: Plan, at = 0) => plan.passes[at].kernel as Kernel;
export const slotOf = (plan: Plan, at: number, name: string) =>
  kernelOf(plan, at).arrays.findIndex((array) => array.name === name);
export const withArray = (plan: Plan, at: number, name: string, change: Partial<Kernel["arrays"][number]>) =>
  withKernel(plan, at, ({ arrays }) => ({ arrays: changed(arrays, slotOf(plan, at, name), change) }));
export const last = (plan: Plan) => plan.passes.length - 1;
export const aLoad = (plan: Plan, at: number, name: string): KernelValue => ({
  id: 1e6,
  op: "load",
  args: [],
  data: slotOf(plan, at, name),
  perClass: kernelOf(plan, at).arrays[slotOf(plan, at, name)].perClass,
  uniform: false,
  mask: false,
  level: 0,
});

/** A mask that a value is made of. */
export const maskIn = (value: KernelValue): KernelValue => valuesIn([value]).find(({ mask }) => mask) as KernelValue;

/** What is broken, the broken plan, and what the checker says of it. */
export type Break = readonly [kind: string, make: () => Plan, message: RegExp];

/** A test for each of some broken plans. */
export function expectRefused(breaks: readonly Break[]): void {
  test.each(breaks)("%s", (_kind, make, message) => {
    let error: unknown;
    try {
      checkPlan(make());
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(LosskitError);
    expect((error as LosskitError).code).toBe("INTERNAL");
    expect((error as LosskitError).message).toMatch(message);
  });
}
