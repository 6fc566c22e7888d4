// A worker that does not see the sender's files says so, and does not measure others.

import { mkdir, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { stampsOf } from "../../src/evaluation/evaluation-folder.js";
import type { MeasureSettings } from "../../src/evaluation/results.js";
import { startFolder } from "../../src/experiment/output-folder.js";
import { hiddenFromCase, hiddenFromTrial } from "../../src/queue/visible-files.js";
import { writeFiles } from "../evaluation/label-files.js";
import { plan, temporaryFolder } from "../experiment/fakes.js";

const RULE = "with --queue, the folders must be visible to all workers under the same path";

test("of a case, both files must be there, as large as for the sender", async () => {
  const folder = await temporaryFolder();
  await writeFiles(folder, { "a.png": "12345", "b.png": "123" });
  const pair = { case: "a", reference: join(folder, "a.png"), prediction: join(folder, "b.png") };
  const job = { request: { pair, settings: {} as MeasureSettings }, stamps: await stampsOf(pair) };
  expect(await hiddenFromCase(job)).toBeUndefined();
  await writeFiles(folder, { "b.png": "1234" });
  expect(await hiddenFromCase(job)).toBe(
    `${pair.prediction} has 4 bytes for the worker on ${hostname()} and 3 for losskit evaluate; ${RULE}`,
  );
  await rm(pair.prediction);
  expect(await hiddenFromCase(job)).toBe(`the worker on ${hostname()} does not see ${pair.prediction}; ${RULE}`);
  // What the sender does not see either is an unreadable file, and said when it is read.
  expect(await hiddenFromCase({ request: job.request })).toBeUndefined();
});

test("of a trial, the data must be there, and the output folder be that of the comparison", async () => {
  const folder = await temporaryFolder();
  const [data, out] = [join(folder, "data"), join(folder, "out")];
  const stored = plan({ data: { kind: "files", path: data } });
  const { seeds: _, ...settings } = stored.settings;
  const trial = { label: "dice", specification: "dice", seed: 1, name: "dice-seed1" };
  const job = { request: { trial, data: stored.data, settings, out }, plan: stored };
  expect(await hiddenFromTrial(job)).toBe(`the worker on ${hostname()} does not see ${data}; ${RULE}`);
  await mkdir(data);
  const hidden = `the worker on ${hostname()} does not see the output folder ${out} of this comparison; ${RULE}`;
  expect(await hiddenFromTrial(job)).toBe(hidden);
  await startFolder(out, { ...stored, losses: ["iou"] }, false);
  expect(await hiddenFromTrial(job)).toBe(hidden);
  await startFolder(out, stored, true);
  expect(await hiddenFromTrial(job)).toBeUndefined();
});
