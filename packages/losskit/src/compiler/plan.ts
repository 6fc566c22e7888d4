// The plan of a loss: its passes, each with the kernel that runs it. Plain data, which can be printed and checked.

import { VOXEL } from "../formula/axes.js";
import type { Graph, Node } from "../formula/node.js";
import { checkPlan } from "./check-plan.js";
import { combineUniform } from "./combine-uniform.js";
import type { Kernel } from "./kernel.js";
import { type KernelContext, lowerPass, type StashUse, stashUses } from "./lower.js";
import type { Pass, Schedule } from "./schedule.js";

export interface PlanPass {
  readonly pass: Pass;
  /** Nothing where the pass has only group values and routines. */
  readonly kernel: Kernel | undefined;
  readonly stash: StashUse;
}

export interface Plan {
  readonly graph: Graph;
  readonly context: KernelContext;
  readonly passes: readonly PlanPass[];
  /** The loss, and where it is wanted its gradient. */
  readonly results: readonly Node[];
}

/**
 * @param schedule one that `kernelRefusal` has nothing against
 * @throws LosskitError INTERNAL where the plan is illegal: a defect, found before anything runs
 */
export function createPlan(graph: Graph, schedule: Schedule, context: KernelContext): Plan {
  const uses = stashUses(schedule, context.activation);
  let checked = false;
  const passes = schedule.passes.map((pass, i) => {
    const planned = planPass(graph, pass, context, uses[i], !checked);
    checked ||= planned.kernel !== undefined;
    return planned;
  });
  const plan = { graph, context, passes, results: schedule.results };
  checkPlan(plan);
  return plan;
}

/** @param checks whether the kernel checks what it reads: that of the first pass that has one */
export function planPass(graph: Graph, pass: Pass, context: KernelContext, stash: StashUse, checks: boolean): PlanPass {
  const works = pass.reductions.length + pass.stores.length + pass.outputs.length > 0;
  if (!works) return { pass, kernel: undefined, stash };
  const { kernel, groups } = combineUniform(lowerPass(pass, context, stash, checks), graph);
  const known = new Set(pass.groups);
  const added = groups.filter((node) => !known.has(node));
  return { pass: { ...pass, groups: [...pass.groups, ...added] }, kernel, stash };
}

/** Exponents of powers of voxel values that are the same for all voxels: what they are decides which kernel is made. */
export function exponentsIn({ passes }: Schedule): readonly Node[] {
  const powers = passes.flatMap(({ voxels }) => voxels.filter(({ op }) => op === "pow" || op === "powSlope"));
  return [...new Set(powers.map(({ args }) => args[1]))].filter(({ axes }) => !(axes & VOXEL));
}
