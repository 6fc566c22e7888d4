// The folder an evaluation writes to: what was asked for, a line per finished case, and what of it a later run can keep.

import { appendFile, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { LabError } from "../errors.js";
import { writeAtomically, writeFailure } from "../experiment/atomic-write.js";
import { makeFolder } from "../make-folder.js";
import type { Pair } from "./pairs.js";
import { type CaseRecord, type FileStamp, isMeasured, type MeasureSettings } from "./results.js";

const PLAN_FILE = "evaluation.json";
const CASES_FILE = "cases.ndjson";
export const OUTPUT_FILES = {
  nnunet: "summary.json",
  results: "results.json",
  csv: "scores.csv",
  html: "report.html",
} as const;
/** What `--force` removes: nothing but what an evaluation wrote. */
const OWN_ENTRIES = [PLAN_FILE, CASES_FILE, ...Object.values(OUTPUT_FILES)];

/** What an evaluation was asked for, as far as the numbers depend on it. */
export interface EvaluationPlan {
  readonly schema: "losskit-evaluation-plan/1";
  readonly losskit: string;
  readonly reference: string;
  readonly prediction?: string;
  readonly settings: MeasureSettings;
}

/** Where finished cases are kept. */
export interface CaseStore {
  /** Cases that an earlier run measured and whose files have not changed since. */
  readonly done: ReadonlyMap<string, CaseRecord>;
  /** @throws LabError WRITE_FAILED */
  append(record: CaseRecord): Promise<void>;
}

/**
 * Makes a folder ready for an evaluation, new or gone on with.
 *
 * @throws LabError USAGE where it holds something else, or was made with other settings; WRITE_FAILED
 */
export async function openFolder(
  out: string,
  plan: EvaluationPlan,
  pairs: readonly Pair[],
  { resume, force }: { readonly resume: boolean; readonly force: boolean },
): Promise<CaseStore> {
  const done = resume ? await readDone(out, plan, pairs) : await start(out, plan, force);
  const path = join(out, CASES_FILE);
  // Without what is measured anew, and without a line that a killed process left half written.
  await writeAtomically(path, [...done.values()].map(toLine).join(""));
  return {
    done,
    async append(record) {
      await appendFile(path, toLine(record)).catch((error: unknown) => {
        throw writeFailure(path, error);
      });
    },
  };
}

/** Keeps nothing: for an evaluation without --out. */
export const noStore: CaseStore = { done: new Map(), append: async () => {} };

export const toLine = (record: CaseRecord): string => `${JSON.stringify(record)}\n`;

async function start(out: string, plan: EvaluationPlan, force: boolean): Promise<Map<string, CaseRecord>> {
  const entries = await readdir(out).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === "ENOENT") return [];
    throw writeFailure(out, error);
  });
  if (entries.length > 0 && !entries.includes(PLAN_FILE)) {
    throw new LabError(
      "USAGE",
      `${out} is not empty and holds no results of losskit evaluate; choose an empty or new folder with --out`,
    );
  }
  if (entries.length > 0 && !force) {
    throw new LabError(
      "USAGE",
      `${out} holds results already; go on with them with --resume, replace them with --force, or choose another folder with --out`,
    );
  }
  try {
    for (const entry of OWN_ENTRIES) await rm(join(out, entry), { force: true });
    await makeFolder(out);
  } catch (error) {
    throw writeFailure(out, error);
  }
  await writeAtomically(join(out, PLAN_FILE), `${JSON.stringify(plan, null, 2)}\n`);
  return new Map();
}

async function readDone(out: string, plan: EvaluationPlan, pairs: readonly Pair[]): Promise<Map<string, CaseRecord>> {
  const path = join(out, PLAN_FILE);
  const stored = parse(await readFile(path, "utf8").catch(() => "")) as EvaluationPlan | undefined;
  if (stored?.schema !== plan.schema) {
    throw new LabError("USAGE", `${out} holds no evaluation to go on with; leave --resume away to start there`);
  }
  const differences = planDifferences(stored, plan);
  if (differences.length > 0) {
    throw new LabError(
      "USAGE",
      `${out} was made with other settings:${differences.map((line) => `\n  ${line}`).join("")}\n` +
        "give the same settings, or leave --resume away and choose another folder with --out",
    );
  }
  const text = await readFile(join(out, CASES_FILE), "utf8").catch(() => "");
  const wanted = new Map(pairs.map((pair) => [pair.case, pair]));
  const done = new Map<string, CaseRecord>();
  for (const line of text.split("\n")) {
    const record = parse(line) as CaseRecord | undefined;
    if (record?.status === undefined || !isMeasured(record)) continue;
    const pair = wanted.get(record.case);
    const same = pair?.reference === record.reference && pair.prediction === record.prediction;
    if (same && JSON.stringify(await stampsOf(pair)) === JSON.stringify(record.stamps)) done.set(record.case, record);
  }
  return done;
}

/** In words: what differs between the plan of a folder and the one asked for. */
function planDifferences(stored: EvaluationPlan, asked: EvaluationPlan): string[] {
  const facts = ({ settings, losskit, reference, prediction }: EvaluationPlan): Record<string, unknown> => ({
    losskit,
    reference,
    prediction,
    ...settings,
  });
  const [before, now] = [facts(stored), facts(asked)];
  return [...new Set([...Object.keys(before), ...Object.keys(now)])].flatMap((name) => {
    const [a, b] = [JSON.stringify(before[name]), JSON.stringify(now[name])];
    return a === b ? [] : [`${name}: ${a ?? "none"} there, ${b ?? "none"} asked for`];
  });
}

/** Undefined for a file that cannot be looked at: reading it will say why. */
export async function stampsOf({
  reference,
  prediction,
}: Pick<Pair, "reference" | "prediction">): Promise<[FileStamp, FileStamp] | undefined> {
  try {
    const [first, second] = await Promise.all([stat(reference), stat(prediction)]);
    return [
      [first.mtimeMs, first.size],
      [second.mtimeMs, second.size],
    ];
  } catch {
    return undefined;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
