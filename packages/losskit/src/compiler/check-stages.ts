// Holds the stages of a kernel to what they may do: read what is there by then, and fill every row, sum, check and array once.

import { problemOfValue, readsArray, valuesIn, valuesOf } from "./check-kernel-values.js";
import type { Fail } from "./check-plan.js";
import { type Effect, isReadFromRow, type Kernel, type KernelValue, type Stage } from "./kernel.js";

/** @param place the pass, for messages */
export function checkStages(kernel: Kernel, channels: number, place: string, fail: Fail): void {
  const { stages, arrays, sums, checks, rows, kept } = kernel;
  const byId = checkValues(kernel, place, fail);
  checkKept(kernel, byId, place, fail);
  rows.forEach((perClass, row) => {
    if (perClass && channels === 1) fail(place, `row ${row} is one per class, and there is one channel`);
  });

  /** What effects have filled, and in which stage. */
  const filled = new Map<string, number>();
  let rounds = 0;
  stages.forEach((stage, index) => {
    const where = `${place}, stage ${index + 1}`;
    if (stage.perClass && channels === 1) fail(where, "it goes round the classes, and there is one channel");
    if (stage.effects.length === 0) fail(where, "it does nothing");
    stage.effects.forEach((effect, i) => {
      const at = `${where}, effect ${i + 1} (${effect.kind})`;
      const target = checkEffect(effect, stage, kernel, (problem) => fail(at, problem));
      if (filled.has(target)) fail(at, `${target} is filled twice`);
      filled.set(target, index);
      for (const value of usedIn([effect], index, kernel)) {
        checkUse(value, stage, index, rounds, kernel, filled, (problem) =>
          fail(at, `value ${value.id} (${value.op}) ${problem}`),
        );
      }
    });
    if (stage.perClass) rounds++;
  });

  const expect = (list: readonly unknown[], name: string) =>
    list.forEach((_, i) => {
      if (!filled.has(`${name} ${i}`)) fail(place, `no stage fills ${name} ${i}`);
    });
  expect(rows, "row");
  expect(sums, "sum");
  expect(checks, "check");
  arrays.forEach(({ name, access }, slot) => {
    if ((access !== "read") !== filled.has(`array ${slot}`)) {
      fail(
        place,
        access === "read" ? `${name} is written and said to be read` : `no stage writes ${name} (array ${slot})`,
      );
    }
  });
  if (kept.size !== rows.length) fail(place, `${kept.size} values are kept in ${rows.length} rows`);
}

/** Values of the kernel by their ids, each right in itself. */
function checkValues(kernel: Kernel, place: string, fail: Fail): ReadonlyMap<number, KernelValue> {
  const roots = kernel.stages.flatMap(({ effects }) => effects.flatMap(valuesOf));
  const byId = new Map<number, KernelValue>();
  // Arguments first: what is wrong is named where it starts.
  for (const value of valuesIn(roots).sort((a, b) => a.id - b.id)) {
    const where = `${place}, value ${value.id} (${value.op})`;
    if (byId.has(value.id)) fail(where, "it has the id of another value");
    byId.set(value.id, value);
    const problem = problemOfValue(value, kernel);
    if (problem) fail(where, `it ${problem}`);
  }
  return byId;
}

/** Every value that is kept: in a row that is there, of its kind, and that the stage it names fills with it. */
function checkKept(kernel: Kernel, byId: ReadonlyMap<number, KernelValue>, place: string, fail: Fail): void {
  const { kept, rows, stages } = kernel;
  for (const [id, { row, afterStage }] of kept) {
    const where = `${place}, row ${row}`;
    const value = byId.get(id);
    if (!value) fail(where, `it is kept for value ${id}, which there is not`);
    if (!(row in rows)) fail(where, `it is kept for value ${id}, and the rows are ${rows.length}`);
    if (!stages[afterStage])
      fail(where, `it is kept after stage ${afterStage + 1}, and the stages are ${stages.length}`);
    if (rows[row] !== value.perClass) {
      fail(
        where,
        value.perClass
          ? "it is one for all classes, and its value is not"
          : "it is one per class, and its value is not",
      );
    }
    const fills = stages[afterStage].effects.some((effect) => {
      if (effect.kind === "row") return effect.row === row && effect.value === value;
      if (effect.kind !== "overClasses" || effect.row !== row || value.op !== "overClasses") return false;
      return effect.value === value.args[0] && (effect.how === "max") === (value.data === 1);
    });
    if (!fills) fail(where, `stage ${afterStage + 1} does not fill it with value ${id}`);
  }
}

/** What effects of a stage compute or read there: what lies in a row of an earlier one is read, and its arguments are not. */
function usedIn(effects: readonly Effect[], index: number, kernel: Kernel): KernelValue[] {
  return valuesIn(effects.flatMap(valuesOf), (value) => isReadFromRow(kernel, value, index));
}

/** Whether a value can be had where it is used. */
function checkUse(
  value: KernelValue,
  stage: Stage,
  index: number,
  rounds: number,
  kernel: Kernel,
  filled: ReadonlyMap<string, number>,
  refuse: (problem: string) => never,
): void {
  if (value.perClass && !stage.perClass) refuse("differs between classes, and this stage does not go round them");
  if (value.op === "isClass" && !stage.perClass) refuse("needs the class of a round, and this stage is none");
  const { kept, arrays } = kernel;
  if (value.level > rounds) refuse(`needs ${value.level} rounds over the classes, and ${rounds} are over`);
  if (isReadFromRow(kernel, value, index)) return;
  if (value.op === "matmul") {
    const vector = kept.get(value.args[0].id);
    if (!vector || vector.afterStage >= index) refuse("takes its vector from a row, and no earlier stage fills one");
  }
  if (value.op === "overClasses") refuse("is joined over the classes, and no earlier stage keeps it in a row");
  if (!readsArray(value)) return;
  const { name, access } = arrays[value.data];
  if (access === "write") refuse(`reads ${name}, which is only written`);
  const written = filled.get(`array ${value.data}`);
  // Within a stage reads come before writes.
  if (written !== undefined && written < index) refuse(`reads ${name}, which stage ${written + 1} has written over`);
}

/** Holds an effect to its stage. Returns what it fills. */
function checkEffect(effect: Effect, stage: Stage, kernel: Kernel, refuse: (problem: string) => never): string {
  const within = (list: readonly unknown[], i: number, name: string) => {
    if (!(Number.isInteger(i) && i >= 0 && i < list.length))
      refuse(`it is for ${name} ${i}, and there are ${list.length}`);
  };
  if (valuesOf(effect).some(({ mask }) => mask)) refuse("it takes numbers, and gets a mask");
  switch (effect.kind) {
    case "row":
      within(kernel.rows, effect.row, "row");
      if (kernel.kept.get(effect.value.id)?.row !== effect.row)
        refuse(`nothing says that value ${effect.value.id} is in row ${effect.row}`);
      if (kernel.rows[effect.row] !== stage.perClass) refuse(mismatch("row", stage));
      return `row ${effect.row}`;
    case "overClasses": {
      within(kernel.rows, effect.row, "row");
      if (!stage.perClass) refuse("it joins the classes, and its stage does not go round them");
      if (kernel.rows[effect.row]) refuse("what joins the classes is kept once for all, and its row is one per class");
      return `row ${effect.row}`;
    }
    case "sum": {
      within(kernel.sums, effect.sum, "sum");
      if (kernel.sums[effect.sum].perClass !== stage.perClass) refuse(mismatch("sum", stage));
      return `sum ${effect.sum}`;
    }
    case "product": {
      within(kernel.sums, effect.sum, "sum");
      const { perClass, how } = kernel.sums[effect.sum];
      if (perClass !== stage.perClass) refuse(mismatch("sum", stage));
      if (how !== "total") refuse(`only a total takes the logarithm of a product, and this is the ${how}`);
      if (!effect.factor.uniform) refuse("its factor is not the same for all voxels");
      return `product of sum ${effect.sum}`;
    }
    case "write":
      within(kernel.arrays, effect.array, "array");
      if (kernel.arrays[effect.array].access === "read") refuse(`${kernel.arrays[effect.array].name} is only read`);
      if (kernel.arrays[effect.array].perClass !== stage.perClass)
        refuse(mismatch(kernel.arrays[effect.array].name, stage));
      return `array ${effect.array}`;
    case "check":
      within(kernel.checks, effect.check, "check");
      within(kernel.arrays, effect.array, "array");
      if (kernel.checks[effect.check].array !== effect.array) refuse("it reads another array than its check is of");
      if (kernel.arrays[effect.array].perClass && !stage.perClass)
        refuse(mismatch(kernel.arrays[effect.array].name, stage));
      return `check ${effect.check}`;
    default:
      return refuse("there is no such effect");
  }
}

const mismatch = (name: string, stage: Stage) =>
  stage.perClass
    ? `the ${name} is one for all classes, and this stage goes round them`
    : `the ${name} is one per class, and this stage does not go round them`;
