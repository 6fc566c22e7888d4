// Refuses a plan that a backend must not run: every index is held to its list, every value to a place where it can be had.

import { LosskitError } from "../errors.js";
import { CLASS, VOXEL } from "../formula/axes.js";
import type { Node } from "../formula/node.js";
import { checkStages } from "./check-stages.js";
import type { Kernel, KernelArray } from "./kernel.js";
import type { Plan, PlanPass } from "./plan.js";
import { storesOf } from "./schedule.js";
import { writesOutClasses } from "./unroll-classes.js";

/** Reports what is wrong, and where. */
export type Fail = (place: string, problem: string) => never;

/** What is known of a plan when a pass starts. */
export interface Before {
  /** Nodes without voxels that the combine step has computed. */
  readonly groups: Set<Node>;
  /** Routines that have run. */
  readonly routines: Set<Node>;
  /** Whether the stash lies where the gradient will be. */
  stashed: boolean;
  /** Whether a kernel has run, which has checked the arrays. */
  checked: boolean;
}

/**
 * Holds a plan to what a backend relies on: slots, rows and classes within their lists, values that are known by then, numbers and
 * masks where they belong, one stretch per class only where there are rounds over them, every sum, row, store and
 * result filled exactly once. Takes far less time than making a kernel from it.
 *
 * @throws LosskitError INTERNAL, which names the place; a plan of the compiler never does
 */
export function checkPlan(plan: Plan): void {
  const fail: Fail = (place, problem) => {
    throw new LosskitError(
      "INTERNAL",
      `the plan of this loss is wrong: ${place ? `${place}: ` : ""}${problem}. This is a defect of losskit; please report it with the formula and the options of the call`,
    );
  };
  const { channels } = plan.context;
  if (!Number.isInteger(channels) || channels < 1) fail("", `it is for ${channels} channels`);
  if (plan.passes.length === 0) fail("", "it has no passes");
  const before: Before = { groups: new Set(), routines: new Set(), stashed: false, checked: false };
  plan.passes.forEach((planPass, i) => {
    checkPass(planPass, plan, `pass ${i + 1}`, before, fail);
  });
  for (const node of plan.results) {
    const given = plan.passes.some(({ pass }) => pass.outputs.includes(node));
    if (!given && !before.groups.has(node)) fail("", `no pass gives the result, node ${node.id} (${node.op})`);
  }
}

function checkPass(planPass: PlanPass, plan: Plan, place: string, before: Before, fail: Fail): void {
  const { pass, kernel, stash } = planPass;
  const needs = (node: Node, what: string) => {
    const missing = node.args.find((arg) => !(arg.axes & VOXEL) && !before.groups.has(arg));
    if (missing)
      fail(place, `${what} ${node.id} (${node.op}) needs node ${missing.id} (${missing.op}), which is not known yet`);
  };
  const needsNumbering = (node: Node, numbering: Node) => {
    if (!before.routines.has(numbering)) {
      fail(place, `node ${node.id} (${node.op}) needs the objects of routine ${numbering.id}, which has not run yet`);
    }
  };
  for (const node of pass.groups) {
    if (node.axes & VOXEL)
      fail(place, `node ${node.id} (${node.op}) varies over voxels and stands in the combine step`);
    needs(node, "node");
    if (node.op === "instanceNumber") needsNumbering(node, node.args[0]);
    before.groups.add(node);
  }
  for (const node of pass.voxels) {
    if (node.op !== "gather") continue;
    needs(node, "node");
    needsNumbering(node, node.args[1]);
  }
  for (const node of pass.reductions) if (node.op === "totalBy") needsNumbering(node, node.args[0]);
  const works = pass.reductions.length + pass.stores.length + pass.outputs.length > 0;
  if (works !== (kernel !== undefined))
    fail(place, works ? "it has work and no kernel" : "it has a kernel and no work");
  if (stash === "finds" && !before.stashed) fail(place, "it looks for the stash, which no pass before has left");
  if (kernel) {
    checkLists(kernel, planPass, plan, place, before, fail);
    checkStages(kernel, plan.context.channels, place, fail);
    before.checked = true;
    const writesGradient = pass.outputs.some(({ op }) => op === "activation");
    before.stashed = stash === "leaves" || (before.stashed && !writesGradient);
  }
  for (const node of pass.reductions) before.groups.add(node);
  for (const node of pass.routines) {
    needs(node, "routine");
    node.args.forEach((arg, argument) => {
      const stored = pass.stores.some((store) => store.routine === node && store.argument === argument);
      if (arg.axes & VOXEL && !stored) fail(place, `argument ${argument} of routine ${node.id} is not stored`);
    });
    before.routines.add(node);
  }
}

/** Arrays, constants, sums, checks: each entry of the kernel's lists against what the pass is for. */
function checkLists(
  kernel: Kernel,
  planPass: PlanPass,
  { context, graph }: Plan,
  place: string,
  before: Before,
  fail: Fail,
): void {
  const { arrays, constants, sums, checks } = kernel;
  const { channels } = context;
  const many = channels > 1;
  const writtenOut = writesOutClasses(context);
  /** Whether an entry has the classes that it must have: all in a round, or the one it is for. */
  function checkClasses(
    where: string,
    entry: { readonly perClass: boolean; readonly class?: number },
    differs: boolean,
  ): void {
    const own = entry.class;
    if (own !== undefined && !(Number.isInteger(own) && own >= 0 && own < channels)) {
      fail(where, `it is for class ${own}, and the classes are 0 to ${channels - 1}`);
    }
    if (entry.perClass && own !== undefined) fail(where, "it is for one class and for a round over all");
    if (entry.perClass && !many) fail(where, "it is one per class, and there is one channel");
    const has = entry.perClass || own !== undefined;
    if (has === (differs && many)) return;
    fail(
      where,
      has
        ? "it differs between classes, and what it is for does not"
        : "it is the same for all classes, and what it is for is not",
    );
  }
  const known = new Set<string>();
  const once = (where: string, key: string) => {
    if (known.has(key)) fail(where, "it is there twice");
    known.add(key);
  };

  arrays.forEach((array, slot) => {
    const where = `${place}, array ${slot} (${array.name})`;
    once(where, `array ${array.name} ${array.class}`);
    const meant = meaningOf(array, planPass, context, before, (problem) => fail(where, problem));
    if (array.type !== meant.type) fail(where, `its elements are ${array.type} and must be ${meant.type}`);
    const reads = array.access !== "write";
    const writes = array.access !== "read";
    if (reads && !meant.reads) fail(where, "it is read, and holds nothing to read");
    if (writes && !meant.writes) fail(where, "it is written, and is not ours to write");
    checkClasses(where, array, meant.differs);
  });

  constants.forEach((constant, slot) => {
    const { source, columns } = constant;
    const where = `${place}, constant ${slot} (${source === "ignore" ? source : `node ${source}`})`;
    once(where, `constant ${source} ${constant.class} ${columns}`);
    if (source === "ignore") {
      if (!context.ignores) fail(where, "no voxel is ignored");
      checkClasses(where, constant, false);
      return;
    }
    const node = graph.nodes[source];
    if (columns) {
      if (node?.op !== "matmul") fail(where, "it has columns, and its node has no matrix");
      const isColumn = (c: number) => Number.isInteger(c) && c >= 0 && c < channels;
      const isWhole = columns.length === channels && columns.every((column, i) => column === i);
      if (!isWhole && !(columns.length === 1 && isColumn(columns[0]))) {
        fail(where, `its columns are ${columns.join(", ")}: neither all of ${channels} nor one of them`);
      }
      checkClasses(where, constant, true);
      return;
    }
    if (!node || !before.groups.has(node)) fail(where, "it is not known when the pass starts");
    checkClasses(where, constant, (node.axes & CLASS) !== 0);
  });

  sums.forEach((sum, slot) => {
    const where = `${place}, sum ${slot} (node ${sum.node})`;
    const node = planPass.pass.reductions.find(({ id }) => id === sum.node);
    if (!node) fail(where, "it is no reduction of this pass");
    if (sum.how !== node.op) fail(where, `it is a ${sum.how} and must be a ${node.op}`);
    // A sum that joins the classes may be taken class by class, or of values that were joined before.
    checkClasses(where, sum, (node.axes & CLASS) !== 0 || sum.perClass || sum.class !== undefined);
  });
  for (const { name } of storesOf(planPass.pass)) {
    if (!arrays.some((array) => array.name === name)) fail(place, `nothing keeps ${name}`);
  }
  for (const node of planPass.pass.reductions) {
    if (node.op === "totalBy") continue;
    const own = sums.filter((sum) => sum.node === node.id);
    const what = `node ${node.id} (${node.op})`;
    if (own.length === 0) fail(place, `no sum is kept for ${what}`);
    const ofClass = Array.from({ length: channels }, (_, c) => own.filter((sum) => sum.class === c).length);
    const other = ofClass.findIndex((count) => count !== ofClass[0]);
    if (other >= 0) fail(place, `${what} has ${ofClass[0]} sums for class 0 and ${ofClass[other]} for class ${other}`);
    // Where they are written out, the values of the classes may have been added up before they were summed.
    const differs = many && !writtenOut && (node.args[0].axes & CLASS) !== 0;
    if (differs && !own.some(({ perClass }) => perClass)) {
      fail(place, `the sums of ${what} are the same for all classes, and what is summed is not`);
    }
  }

  checks.forEach(({ array, withoutSign, limit }, slot) => {
    const where = `${place}, check ${slot}`;
    if (before.checked) fail(where, "only the first kernel is asked what it found");
    if (!arrays[array]) fail(where, `it is of array ${array}, and the arrays are ${arrays.length}`);
    if (arrays[array].access === "write") fail(where, `it is of ${arrays[array].name}, which is not read`);
    if (withoutSign && arrays[array].type !== "float32") fail(where, "labels have no sign to leave out");
    const fine = limit === "classes" || (Number.isInteger(limit) && limit >= 0 && limit < 2 ** 32);
    if (!fine) fail(where, `its limit is ${limit}, which are no bits of 32`);
  });
}

/** What an array must be, by its name. */
function meaningOf(
  { name }: KernelArray,
  { pass, stash }: PlanPass,
  { targetForm, targetType, weighted }: Plan["context"],
  before: Before,
  refuse: (problem: string) => never,
) {
  const given = (differs: boolean, type: KernelArray["type"] = "float32") => ({
    type,
    reads: true,
    writes: false,
    differs,
  });
  if (name === "logits") return given(true);
  if (name === "target") return given(targetForm === "channels", targetType);
  if (name === "weights") return weighted ? given(false) : refuse("the call has no weights");
  if (name === "gradient") {
    const writes = stash === "leaves" || pass.outputs.some(({ op }) => op === "activation");
    return { type: "float32", reads: stash === "finds", writes, differs: true };
  }
  if (name === "values") {
    const output = pass.outputs.find(({ op }) => op !== "activation");
    if (!output) return refuse("no result of this pass goes there");
    return { type: "float32", reads: false, writes: true, differs: (output.axes & CLASS) !== 0 };
  }
  if (name.startsWith("field ")) {
    const field = pass.loads.find((node) => node.op === "field" && name === `field ${node.name}`);
    return field ? given((field.axes & CLASS) !== 0) : refuse("this pass reads no such field");
  }
  const store = storesOf(pass).find((own) => own.name === name);
  if (store) return { type: "float32", reads: false, writes: true, differs: store.perClass };
  const gathers = pass.voxels.filter(({ op }) => op === "gather");
  const stored = [...before.routines, ...gathers].find(({ id }) => name === `stored ${id}`);
  return stored ? given((stored.axes & CLASS) !== 0) : refuse("nothing of that name is known when the pass starts");
}
