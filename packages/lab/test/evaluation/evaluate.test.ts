// Running an evaluation: cases that cannot be read, interruption, and going on with what is done.

import { copyFile, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { LabError } from "../../src/errors.js";
import { type CaseRunner, inlineRunner } from "../../src/evaluation/case-runner.js";
import { runEvaluation } from "../../src/evaluation/evaluate.js";
import { type EvaluationPlan, noStore, openFolder } from "../../src/evaluation/evaluation-folder.js";
import type { Pair } from "../../src/evaluation/pairs.js";
import type { MeasureSettings } from "../../src/evaluation/results.js";
import { DEFAULT_SURFACE } from "../../src/evaluation/surface-scores.js";
import { temporaryFolder } from "../experiment/fakes.js";
import { labelPng, writeFiles } from "./label-files.js";

const settings: MeasureSettings = { metrics: ["dice"], surface: DEFAULT_SURFACE, allow: {} };
const neverStopped = new AbortController().signal;
const modes = { resume: false, force: false };

/** Four cases; the file of the third is cut. */
async function fourCases(): Promise<{ folder: string; pairs: Pair[]; plan: EvaluationPlan }> {
  const folder = await temporaryFolder();
  const ids = ["a", "b", "c", "d"];
  for (const id of ids) {
    const reference = labelPng([[0, 1, 1, 0]]);
    const prediction = labelPng([[0, 1, 0, 0]]);
    await writeFiles(folder, {
      [`t/${id}.png`]: reference,
      [`p/${id}.png`]: id === "c" ? prediction.subarray(0, 50) : prediction,
    });
  }
  const pairs = ids.map((id) => ({
    case: id,
    reference: join(folder, `t/${id}.png`),
    prediction: join(folder, `p/${id}.png`),
  }));
  const plan = {
    schema: "losskit-evaluation-plan/1",
    losskit: "0",
    reference: "t",
    prediction: "p",
    settings,
  } as const;
  return { folder, pairs, plan };
}

/** Counts what is measured; stops after some cases where asked. */
function watched(stop?: { after: number; controller: AbortController }): CaseRunner & { cases: string[] } {
  const inner = inlineRunner();
  const cases: string[] = [];
  return {
    cases,
    async run(request, signal) {
      const record = await inner.run(request, signal);
      cases.push(request.pair.case);
      if (cases.length === stop?.after) stop.controller.abort();
      return record;
    },
    close: inner.close,
  };
}

test("a case that cannot be read is recorded, and the others are measured", async () => {
  const { pairs } = await fourCases();
  const { records, interrupted } = await runEvaluation(pairs, settings, inlineRunner(), noStore, neverStopped);
  expect(interrupted).toBe(false);
  expect(records.map(({ case: id, status }) => [id, status])).toEqual([
    ["a", "measured"],
    ["b", "measured"],
    ["c", "failed"],
    ["d", "measured"],
  ]);
  expect(records[0]).toMatchObject({ scores: [{ structure: "1", truePositives: 1, falseNegatives: 1 }] });
  expect(records[2]).toMatchObject({ error: { code: "UNREADABLE_FILE", message: expect.stringContaining("c.png") } });
});

test("a fault of losskit's own costs one case", async () => {
  const { pairs } = await fourCases();
  const broken = { ...settings, metrics: null } as unknown as MeasureSettings;
  const [record] = (await runEvaluation(pairs.slice(0, 1), broken, inlineRunner(), noStore, neverStopped)).records;
  expect(record).toMatchObject({
    status: "failed",
    error: { code: "INTERNAL", message: expect.stringMatching(/fault of losskit/u) },
  });
});

test("a fault that is not about a case ends the evaluation with it", async () => {
  const { pairs } = await fourCases();
  const store = {
    done: new Map(),
    append: async () => {
      throw new LabError("WRITE_FAILED", "the disk is full");
    },
  };
  const runner = watched();
  await expect(runEvaluation(pairs, settings, runner, store, neverStopped)).rejects.toMatchObject({
    code: "WRITE_FAILED",
  });
  expect(runner.cases.length).toBeLessThan(pairs.length);
});

describe("a folder", () => {
  test("keeps what was done before a stop, and a later run measures the rest alone", async () => {
    const { folder, pairs, plan } = await fourCases();
    const out = join(folder, "out");
    const controller = new AbortController();
    const store = await openFolder(out, plan, pairs, modes);
    const first = await runEvaluation(pairs, settings, watched({ after: 2, controller }), store, controller.signal);
    expect(first).toMatchObject({ interrupted: true, records: [{ case: "a" }, { case: "b" }] });

    const again = await openFolder(out, plan, pairs, { ...modes, resume: true });
    const runner = watched();
    const seen: string[] = [];
    const second = await runEvaluation(pairs, settings, runner, again, neverStopped, (record) =>
      seen.push(record.case),
    );
    expect(runner.cases).toEqual(["c", "d"]);
    expect(seen).toEqual(["a", "b", "c", "d"]);
    expect(second.records.map((record) => record.case)).toEqual(["a", "b", "c", "d"]);
    const lines = (await readFile(join(out, "cases.ndjson"), "utf8")).trim().split("\n");
    expect(lines.map((line) => JSON.parse(line).case)).toEqual(["a", "b", "c", "d"]);
  });

  test("measures again what failed, what has changed, and a line that was half written", async () => {
    const { folder, pairs, plan } = await fourCases();
    const out = join(folder, "out");
    const store = await openFolder(out, plan, pairs, modes);
    await runEvaluation(pairs, settings, inlineRunner(), store, neverStopped);
    await utimes(pairs[1]!.prediction, new Date(0), new Date(0));
    const path = join(out, "cases.ndjson");
    const text = await readFile(path, "utf8");
    await writeFile(path, text.trim().slice(0, -20));
    const again = await openFolder(out, plan, pairs, { ...modes, resume: true });
    expect([...again.done.keys()]).toEqual(["a"]);
  });

  test("measures a case again whose file is another, however alike", async () => {
    const { folder, pairs, plan } = await fourCases();
    const out = join(folder, "out");
    const time = new Date(1e12);
    const copy = join(folder, "copy.png");
    await copyFile(pairs[0]!.prediction, copy);
    for (const path of [copy, pairs[0]!.prediction]) await utimes(path, time, time);
    const store = await openFolder(out, plan, pairs, modes);
    await runEvaluation(pairs, settings, inlineRunner(), store, neverStopped);
    const others = [{ ...pairs[0]!, prediction: copy }, ...pairs.slice(1)];
    const again = await openFolder(out, plan, others, { ...modes, resume: true });
    expect([...again.done.keys()]).toEqual(["b", "d"]);
  });

  test("is refused where it holds something else, other settings, or results without a word on them", async () => {
    const { folder, pairs, plan } = await fourCases();
    await expect(openFolder(folder, plan, pairs, modes)).rejects.toThrow(/not empty and holds no results/u);
    const out = join(folder, "out");
    await expect(openFolder(out, plan, pairs, { ...modes, resume: true })).rejects.toThrow(/no evaluation to go on/u);
    await openFolder(out, plan, pairs, modes);
    await expect(openFolder(out, plan, pairs, modes)).rejects.toThrow(/go on with them with --resume/u);
    const other = { ...plan, settings: { ...settings, ignore: 3 } };
    await expect(openFolder(out, other, pairs, { ...modes, resume: true })).rejects.toThrow(
      /other settings:\n {2}ignore: none there, 3 asked for/u,
    );
    await expect(openFolder(out, other, pairs, { ...modes, force: true })).resolves.toMatchObject({ done: new Map() });
  });

  test("--force removes what an evaluation wrote and nothing else", async () => {
    const { folder, pairs, plan } = await fourCases();
    const out = join(folder, "out");
    await openFolder(out, plan, pairs, modes);
    await writeFiles(out, { "notes.txt": "mine", "report.html": "old" });
    await openFolder(out, plan, pairs, { ...modes, force: true });
    expect(await readFile(join(out, "notes.txt"), "utf8")).toBe("mine");
    await expect(readFile(join(out, "report.html"))).rejects.toThrow();
  });
});
