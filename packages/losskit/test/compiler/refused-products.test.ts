// The checker refuses products with matrices and sums over objects that could not be computed.

import { describe } from "vitest";
import type { Kernel, KernelValue, Stage } from "../../src/compiler/kernel.js";
import type { Plan } from "../../src/compiler/plan.js";
import {
  type Break,
  changed,
  expectRefused,
  kernelOf,
  last,
  PLANS,
  withArray,
  withKernel,
  withPass,
  withValue,
} from "./plan-changes.js";

const { matrix, objects } = PLANS;

const matrixSlot = (plan: Plan, at: number) => kernelOf(plan, at).constants.findIndex(({ columns }) => columns);
const withMatrix = (change: Partial<Kernel["constants"][number]>) => () => {
  const plan = matrix();
  return withKernel(plan, 0, ({ constants }) => ({ constants: changed(constants, matrixSlot(plan, 0), change) }));
};
const withProduct = (change: Partial<KernelValue>) => () => withValue(matrix(), 0, "matmul", () => change);

/** The vector's row is filled where the product is taken: a round too late. */
function vectorInTheSameStage(): Plan {
  return withKernel(matrix(), 0, ({ stages, kept }) => {
    const isProduct = (value: KernelValue): boolean => value.op === "matmul" || value.args.some(isProduct);
    const product = stages.findIndex(({ effects }) =>
      effects.some((effect) => effect.kind !== "check" && isProduct(effect.value)),
    );
    const find = (value: KernelValue): KernelValue | undefined =>
      value.op === "matmul" ? value.args[0] : value.args.map(find).find((found) => found !== undefined);
    const vector = stages[product].effects
      .map((effect) => (effect.kind === "check" ? undefined : find(effect.value)))
      .find((found) => found !== undefined) as KernelValue;
    const isRow = (effect: Stage["effects"][number]) => effect.kind === "row" && effect.value === vector;
    const row = stages.flatMap(({ effects }) => effects).filter(isRow);
    const own = kept.get(vector.id) as { readonly row: number };
    return {
      kept: new Map([...kept, [vector.id, { row: own.row, afterStage: product }]]),
      stages: stages.map((stage, i) => {
        const rest = stage.effects.filter((effect) => !isRow(effect));
        return { ...stage, effects: i === product ? [...rest, ...row] : rest };
      }),
    };
  });
}

const PRODUCTS: readonly Break[] = [
  [
    "no such constant",
    withProduct({ data: 99 }),
    /\(matmul\): it takes the matrix from slot 99, and the constants are/,
  ],
  [
    "a number for a matrix",
    () => {
      const plan = matrix();
      const { constants } = kernelOf(plan, last(plan));
      const number = constants.findIndex(({ columns }) => !columns);
      return withValue(plan, last(plan), "matmul", () => ({ data: number }));
    },
    /\(matmul\): it takes slot \d for a matrix, and it is none/,
  ],
  [
    "a matrix for a number",
    () => {
      const plan = matrix();
      const slot = matrixSlot(plan, last(plan));
      return withValue(plan, last(plan), "constant", () => ({ data: slot, perClass: true }));
    },
    /\(constant\): it reads slot \d as a number, which holds 5/,
  ],
  ["one product for all classes", withProduct({ perClass: false }), /\(matmul\): it differs between classes unsaid/],
  [
    "one product for all voxels",
    withProduct({ uniform: true }),
    /\(matmul\): it is said to be the same for all voxels/,
  ],
  ["too early", withProduct({ level: 0 }), /\(matmul\): it is said to need 0 rounds and needs \d/],
  ["a part of a row", withMatrix({ columns: [0, 1] }), /its columns are 0, 1: neither all of 5 nor one of them/],
  ["a column that there is not", withMatrix({ columns: [5] }), /its columns are 5: neither all of 5 nor one of them/],
  ["columns in another order", withMatrix({ columns: [1, 0, 2, 3, 4] }), /neither all of 5 nor one of them/],
  ["no matrix behind it", withMatrix({ source: 0 }), /\(node 0\): it has columns, and its node has no matrix/],
  ["one row for all classes", withMatrix({ perClass: false }), /it is the same for all classes/],
  [
    "a vector that is not whole yet",
    vectorInTheSameStage,
    /value \d+ \(matmul\) takes its vector from a row, and no earlier stage fills one/,
  ],
];

const summand = (plan: Plan) =>
  kernelOf(plan, 1).arrays.find(({ name }) => name.endsWith("argument 1"))?.name as string;

const OBJECTS: readonly Break[] = [
  [
    "objects that are not numbered yet",
    () => withPass(objects(), 0, ({ pass }) => ({ pass: { ...pass, routines: [] } })),
    /node \d+ \(totalBy\) needs the objects of routine \d+, which has not run yet/,
  ],
  [
    "nothing to sum",
    () => {
      const plan = objects();
      const name = summand(plan);
      return withKernel(plan, 1, ({ arrays }) => ({ arrays: arrays.filter((array) => array.name !== name) }));
    },
    /pass 2: nothing keeps stored \d+ argument 1/,
  ],
  [
    "something else to sum",
    () => {
      const plan = objects();
      return withArray(plan, 1, summand(plan), { name: "stored 999 argument 1" });
    },
    /nothing of that name is known when the pass starts/,
  ],
  [
    "numbers of objects that are not known",
    () => withPass(objects(), 2, ({ pass }) => ({ pass: { ...pass, groups: [] } })),
    /node \d+ \(gather\) needs node \d+ \(\w+\), which is not known yet/,
  ],
  [
    "a map of objects that is not written",
    () =>
      withPass(objects(), 2, ({ pass }) => ({
        pass: { ...pass, voxels: pass.voxels.filter(({ op }) => op !== "gather") },
      })),
    /\(stored \d+\): nothing of that name is known when the pass starts/,
  ],
];

describe("a product", () => {
  expectRefused(PRODUCTS);
});

describe("a sum over objects", () => {
  expectRefused(OBJECTS);
});
