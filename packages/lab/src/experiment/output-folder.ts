// The folder a comparison writes to: which files it holds, when it may be used, and what of it can be continued.

import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { LabError } from "../errors.js";
import { makeFolder } from "../make-folder.js";
import { writeAtomically, writeFailure } from "./atomic-write.js";
import { type ExperimentPlan, planDifferences } from "./plan.js";
import type { TrialResult } from "./results.js";

const PLAN_FILE = "experiment.json";
const TRIALS = "trials";
const MODELS = "models";
const PREDICTIONS = "predictions";
/** What `--force` removes from a folder of results: nothing but what a comparison wrote. */
const OWN_ENTRIES = [TRIALS, MODELS, PREDICTIONS, "report.html", "results.json", "scores.csv", PLAN_FILE];

/** One loss with one seed, and the name of its files. */
export interface Trial {
  readonly label: string;
  readonly specification: string;
  readonly seed: number;
  /** `<loss>-seed<N>`, unique within a comparison and safe as a file name. */
  readonly name: string;
}

export const trialFile = (out: string, name: string): string => join(out, TRIALS, `${name}.json`);
export const modelFile = (out: string, name: string): string => join(out, MODELS, `${name}.onnx`);
export const predictionFolder = (out: string, name: string): string => join(out, PREDICTIONS, name);

/** Longest part of a label in a file name; the rest of a path has room below the 255 bytes of common file systems. */
const LONGEST_SLUG = 60;

/** File names for labels: lower case, letters, digits and hyphens, made unique by a number where two would be the same. */
export function slugs(labels: readonly string[]): string[] {
  const taken = new Set<string>();
  return labels.map((label) => {
    const base =
      label
        .toLowerCase()
        .replace(/\+/gu, "-and-")
        .replace(/[^a-z0-9.]+/gu, "-")
        .replace(/^[-.]+|[-.]+$/gu, "")
        .slice(0, LONGEST_SLUG) || "loss";
    let slug = base;
    for (let n = 2; taken.has(slug); n++) slug = `${base}-${n}`;
    taken.add(slug);
    return slug;
  });
}

/**
 * Every trial, all losses of one seed before the next: a comparison that is stopped has the same seeds for every loss.
 */
export function listTrials(
  losses: readonly { readonly label: string; readonly specification: string }[],
  seeds: readonly number[],
): Trial[] {
  const names = slugs(losses.map(({ label }) => label));
  return seeds.flatMap((seed) =>
    losses.map(({ label, specification }, index) => ({
      label,
      specification,
      seed,
      name: `${names[index]}-seed${seed}`,
    })),
  );
}

/** The plan stored in a folder; undefined where there is none. */
export async function readPlan(out: string): Promise<ExperimentPlan | undefined> {
  const path = join(out, PLAN_FILE);
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw new LabError("UNREADABLE_FILE", `cannot read ${path}: ${error.message}`, { cause: error });
  });
  if (text === undefined) return undefined;
  const plan = parseJson(text) as Partial<ExperimentPlan> | undefined;
  if (plan?.schema !== "losskit-experiment/1" || !plan.settings || !plan.losses || !plan.data) {
    throw new LabError(
      "UNREADABLE_FILE",
      `${path} is not the plan of a comparison that this version can read; choose another folder with --out`,
    );
  }
  return plan as ExperimentPlan;
}

/**
 * Makes the folder ready for a new comparison: it must be absent or empty, or hold results of losskit and `force` be given.
 *
 * @throws LabError USAGE where it holds something else, WRITE_FAILED where it cannot be written.
 */
export async function startFolder(out: string, plan: ExperimentPlan, force: boolean): Promise<void> {
  const entries = await readdir(out).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === "ENOENT") return [];
    throw writeFailure(out, error);
  });
  if (entries.length > 0) {
    const ours = entries.includes(PLAN_FILE);
    if (!ours) {
      const advice = "choose an empty or new folder with --out";
      throw new LabError("USAGE", `${out} is not empty and holds no results of losskit compare; ${advice}`);
    }
    if (!force) {
      throw new LabError(
        "USAGE",
        `${out} holds results already; go on with them with --resume, replace them with --force, or choose another folder with --out`,
      );
    }
    try {
      for (const entry of OWN_ENTRIES) await rm(join(out, entry), { recursive: true, force: true });
    } catch (error) {
      throw writeFailure(out, error);
    }
  }
  await makeFolder(out).catch((error) => {
    throw writeFailure(out, error);
  });
  await writeAtomically(join(out, PLAN_FILE), `${JSON.stringify(plan, null, 2)}\n`);
}

/**
 * Makes the folder ready to go on: the plan there must equal the one asked for.
 *
 * @returns trials that need not run again. A diverged trial is one of them: one seed gives the same numbers twice. A failed
 *   trial (a crash, no memory) is not.
 * @throws LabError USAGE that lists what differs.
 */
export async function resumeFolder(
  out: string,
  plan: ExperimentPlan,
  trials: readonly Trial[],
): Promise<Map<string, TrialResult>> {
  const stored = await readPlan(out);
  if (stored === undefined) {
    throw new LabError("USAGE", `${out} holds no results to go on with; leave --resume away to start there`);
  }
  const differences = planDifferences(stored, plan);
  if (differences.length > 0) {
    const list = differences.map((line) => `\n  ${line}`).join("");
    const advice = "give the same settings, or leave --resume away and choose another folder with --out";
    throw new LabError("USAGE", `${out} was made with other settings:${list}\n${advice}`);
  }
  const done = new Map<string, TrialResult>();
  for (const trial of trials) {
    const result = await readTrial(trialFile(out, trial.name));
    if (result && result.loss === trial.label && result.seed === trial.seed && result.status !== "failed") {
      done.set(trial.name, result);
    }
  }
  return done;
}

/** Removes what trials that did not come to their end left behind. */
export async function removeUnfinished(out: string): Promise<void> {
  const list = (folder: string) => readdir(join(out, folder)).catch(() => [] as string[]);
  const ended = new Set((await list(TRIALS)).filter((file) => file.endsWith(".json")).map((file) => file.slice(0, -5)));
  const leftovers = [
    ...(await list(TRIALS)).filter((file) => !file.endsWith(".json")).map((file) => join(out, TRIALS, file)),
    ...(await list(MODELS))
      .filter((file) => !ended.has(file.replace(/\.onnx$/u, "")))
      .map((file) => join(out, MODELS, file)),
    ...(await list(PREDICTIONS)).filter((name) => !ended.has(name)).map((name) => join(out, PREDICTIONS, name)),
  ];
  for (const path of leftovers) await rm(path, { recursive: true, force: true }).catch(() => {});
}

async function readTrial(path: string): Promise<TrialResult | undefined> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  const trial = text === undefined ? undefined : (parseJson(text) as Partial<TrialResult> | undefined);
  const whole = trial && typeof trial.loss === "string" && Array.isArray(trial.cases) && Array.isArray(trial.curve);
  return whole ? (trial as TrialResult) : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
