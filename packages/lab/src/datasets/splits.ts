// Which cases train, validate and test: as a data set gives them, else drawn by case from a fixed seed.

import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { LabError } from "../errors.js";
import { listed } from "./case-files.js";
import type { Split } from "./dataset.js";

export type Splits = Readonly<Record<Split, readonly string[]>>;

/** Part of the cases in the validation and in the test split, each; the rest trains. */
const HELD_OUT = 0.2;
/** One case in each split. */
const FEWEST_CASES = 3;
const SEED = 20_250_101;

/**
 * Draws 60 % of the cases for training, 20 % for validation and 20 % for the test, at least one in each. The same names give
 * the same splits, in whatever order they come.
 *
 * @throws LabError EMPTY_DATASET for fewer than 3 cases
 */
export function drawSplits(ids: readonly string[], where: string): { splits: Splits; splitNote: string } {
  if (ids.length < FEWEST_CASES) {
    throw new LabError(
      "EMPTY_DATASET",
      `${where} has ${ids.length} case${ids.length === 1 ? "" : "s"}; at least ${FEWEST_CASES} are needed, one each to train, validate and test`,
    );
  }
  const shuffled = shuffle(ids);
  const heldOut = Math.max(1, Math.round(HELD_OUT * ids.length));
  const splits = {
    test: shuffled.slice(0, heldOut),
    validation: shuffled.slice(heldOut, 2 * heldOut),
    train: shuffled.slice(2 * heldOut),
  };
  const splitNote = `${counted(splits)}, drawn at random by case (fixed seed ${SEED}), because the data set gives no splits; whether cases belong to one patient is not known.`;
  return { splits: inOrder(splits), splitNote };
}

/**
 * Takes a validation split out of the training cases, where a data set holds out test cases only: 20 %, none when there are
 * fewer than 3 to take from.
 */
export function drawValidation(train: readonly string[]): { train: string[]; validation: string[] } {
  const count = train.length < FEWEST_CASES ? 0 : Math.max(1, Math.round(HELD_OUT * train.length));
  const shuffled = shuffle(train);
  return { validation: shuffled.slice(0, count).sort(), train: shuffled.slice(count).sort() };
}

/**
 * Checks splits that a file gives.
 *
 * @throws LabError BAD_DATASET for a case in two splits, EMPTY_DATASET for no case to train or test on
 */
export function checkSplits(splits: Splits, where: string): void {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const id of [...splits.train, ...splits.validation, ...splits.test]) (seen.has(id) ? twice : seen).add(id);
  if (twice.size > 0) {
    throw new LabError(
      "BAD_DATASET",
      `${where} lists cases more than once: ${listed([...twice])}; a case must be in one split only, or its test score means nothing`,
    );
  }
  for (const split of ["train", "test"] as const) {
    if (splits[split].length > 0) continue;
    throw new LabError("EMPTY_DATASET", `${where} has no case in the ${split} split; give it at least one`);
  }
}

/** "16 training, 4 validation and 4 test cases". */
export function counted({ train, validation, test }: Splits): string {
  return `${train.length} training, ${validation.length} validation and ${test.length} test cases`;
}

/** In the order of the alphabet within each split, so that listings do not look random. */
function inOrder({ train, validation, test }: Splits): Splits {
  return { train: [...train].sort(), validation: [...validation].sort(), test: [...test].sort() };
}

/** Fisher and Yates' shuffle of the sorted names. */
function shuffle(ids: readonly string[]): string[] {
  const out = [...ids].sort();
  const random = xoroshiro128plus(SEED);
  for (let i = out.length - 1; i > 0; i--) {
    const j = uniformInt(random, 0, i);
    [out[i], out[j]] = [out[j]!, out[i]!];
  }
  return out;
}
