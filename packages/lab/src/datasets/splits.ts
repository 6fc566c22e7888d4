// How cases are divided into training, validation and test.

import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { LabError } from "../errors.js";
import type { Split } from "./dataset.js";

export type Splits = Readonly<Record<Split, readonly string[]>>;

/** A test, a validation and a training case. */
const FEWEST_CASES = 3;

/** Of all cases, in the validation split and again in the test split. */
const HELD_OUT_FRACTION = 0.2;

/** Seed of the division: a constant, so that two runs on the same files are about the same cases. */
const SPLIT_SEED = 1;

/**
 * Divides cases at random, 60 % to train, 20 % to validate, 20 % to test, at least one in each. The result depends on
 * the set of names only, not on their order.
 *
 * @throws LabError EMPTY_DATASET for fewer than three cases
 */
export function divideCases(ids: readonly string[], name: string): { splits: Splits; splitNote: string } {
  if (ids.length < FEWEST_CASES) {
    const found = ids.length === 1 ? "1 case" : `${ids.length} cases`;
    throw new LabError(
      "EMPTY_DATASET",
      `${name} has ${found}; at least ${FEWEST_CASES} are needed, one each to train, validate and test`,
    );
  }
  const shuffled = shuffle(ids);
  const heldOut = heldOutCount(ids.length);
  const splits = {
    test: shuffled.slice(0, heldOut).sort(),
    validation: shuffled.slice(heldOut, 2 * heldOut).sort(),
    train: shuffled.slice(2 * heldOut).sort(),
  };
  const splitNote =
    `Cases divided at random (seed ${SPLIT_SEED}): ${countSplits(splits)}. ` +
    "Several images of one patient may lie in different splits; a split.json avoids that.";
  return { splits, splitNote };
}

/**
 * Takes a fifth of the cases, at least one where there are two, out of a training split, to validate.
 */
export function takeValidation(ids: readonly string[]): Pick<Splits, "train" | "validation"> {
  const shuffled = shuffle(ids);
  const heldOut = ids.length < 2 ? 0 : heldOutCount(ids.length);
  return { validation: shuffled.slice(0, heldOut).sort(), train: shuffled.slice(heldOut).sort() };
}

const heldOutCount = (cases: number): number => Math.max(1, Math.round(HELD_OUT_FRACTION * cases));

/** "16 train, 4 validation, 4 test". */
export const countSplits = ({ train, validation, test }: Splits): string =>
  `${train.length} train, ${validation.length} validation, ${test.length} test`;

/**
 * Checks splits that came with the data.
 *
 * @param file where they are written, for errors
 * @throws LabError BAD_DATASET where a case is in two splits, or EMPTY_DATASET where there is none
 */
export function checkSplits(splits: Splits, file: string): void {
  const splitOf = new Map<string, Split>();
  for (const split of ["train", "validation", "test"] as const) {
    for (const id of splits[split]) {
      const other = splitOf.get(id);
      if (other !== undefined) {
        const where = other === split ? `twice in ${split}` : `in both ${other} and ${split}`;
        throw new LabError("BAD_DATASET", `${file} has the case ${id} ${where}; each case belongs once in one split`);
      }
      splitOf.set(id, split);
    }
  }
  if (splitOf.size === 0) throw new LabError("EMPTY_DATASET", `${file} has no case in any split`);
}

/** Fisher-Yates on the sorted names. */
function shuffle(ids: readonly string[]): string[] {
  const items = [...ids].sort();
  const generator = xoroshiro128plus(SPLIT_SEED);
  for (let i = items.length - 1; i > 0; i--) {
    const j = uniformInt(generator, 0, i);
    [items[i], items[j]] = [items[j], items[i]];
  }
  return items;
}
