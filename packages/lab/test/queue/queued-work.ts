// The work that tests send through a queue: a few small cases, and trials of three steps.

import type { EvaluationResult } from "../../src/evaluation/results.js";
import type { CompareResult } from "../../src/experiment/results.js";
import { labelPng, writeFiles } from "../evaluation/label-files.js";

export const CASES = 6;
const EDGE = 64;

/** Squares, in the predictions some pixels away: other scores for each case. As a data set, images and masks are the same. */
export async function writeCases(folder: string): Promise<void> {
  const square = (left: number, size: number) =>
    labelPng(
      Array.from({ length: EDGE }, (_, y) =>
        Array.from({ length: EDGE }, (_, x) => (y >= 9 && y < 9 + size && x >= left && x < left + size ? 255 : 0)),
      ),
    );
  const files = Array.from({ length: CASES }, (_, i) => [
    [`data/images/case-${i}.png`, square(20, 30)],
    [`data/masks/case-${i}.png`, square(20, 30)],
    [`predicted/case-${i}.png`, square(21 + i, 30 + i)],
  ]).flat();
  await writeFiles(folder, Object.fromEntries(files));
}

export const EVALUATE = ["evaluate", "data/masks", "predicted", "--json"];

/** @param steps so many that it does not end by itself, where a test stops it */
export const compareArguments = (steps: number, losses: string): string[] =>
  `compare data --steps ${steps} --batch 2 --crop 32 --seeds 1 --losses ${losses} --width 2 --json`.split(" ");

/** All of an evaluation but the time it took. */
export const scoresOf = (json: string) => {
  const { cases, failed, summary } = JSON.parse(json) as EvaluationResult;
  return { cases: cases.map(({ seconds: _, ...one }) => one), failed, summary };
};

/** All of the trials but the time they took. */
export const trialsOf = (json: string) =>
  (JSON.parse(json) as CompareResult).trials.map(({ seconds: _, ...trial }) => trial);
