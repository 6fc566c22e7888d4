// --probabilities and --threshold on the command line, and metrics that need them.

import { join } from "node:path";
import { expect, test } from "vitest";
import { labelNifti, writeFiles } from "../evaluation/label-files.js";
import { temporaryFolder } from "../experiment/fakes.js";
import { losskit } from "./program.js";

async function folderOfPair(): Promise<string> {
  const folder = await temporaryFolder();
  await writeFiles(folder, {
    "r.nii": labelNifti([4, 1, 1], [1, 1, 0, 0]),
    "p.nii": labelNifti([4, 1, 1], [0.9, 0.4, 0.6, 0.1], undefined, { datatype: 64 }),
  });
  return folder;
}
const evaluate = (folder: string, ...options: string[]) =>
  losskit(["evaluate", join(folder, "r.nii"), join(folder, "p.nii"), ...options], folder);

test("a map is scored with its own metrics besides", async () => {
  const { status, stdout } = await evaluate(await folderOfPair(), "--probabilities", "--threshold", "0.3");
  expect(status).toBe(0);
  expect(stdout).toMatch(/Dice +│ 0\.800/u);
  expect(stdout).toMatch(/Brier +│ 0\.185/u);
  expect(stdout).toMatch(/AP +│ 0\.833/u);
  expect(stdout).toContain("label 1 where a map of one channel is at\n  least 0.3");
});

test("is never read by accident", async () => {
  const { status, stderr } = await evaluate(await folderOfPair());
  expect(status).toBe(3);
  expect(stderr).toContain("or read it as PREDICTION with --probabilities");
});

test.each([
  [["--metrics", "dice,brier"], "brier is a metric of probabilities"],
  [["--fail-under", "ap=0.5"], "ap is a metric of probabilities"],
  [["--threshold", "0.4"], "--threshold is for probability maps"],
  [["--probabilities", "--threshold", "1.4"], '--threshold is "1.4"'],
])("%j is refused", async (options, message) => {
  const { status, stderr } = await evaluate(await folderOfPair(), ...options);
  expect(status).toBe(2);
  expect(stderr).toContain(message);
});
