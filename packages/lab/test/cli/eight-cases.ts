// Eight small cases for tests of `losskit evaluate`, and the command in the test's own process.

import { vi } from "vitest";
import { run } from "../../src/cli/main.js";
import { labelPng, writeFiles } from "../evaluation/label-files.js";
import { temporaryFolder } from "../experiment/fakes.js";

/** A row of 12 pixels: liver 1 in six of them, tumour 2 in two; `wrong` pixels of the liver are missed. */
const row = (wrong: number): readonly number[] => {
  const labels = [1, 1, 1, 1, 1, 1, 2, 2, 0, 0, 0, 0];
  return labels.map((label, i) => (i < wrong ? 0 : label));
};
export const square = (wrong: number) => labelPng(Array.from({ length: 4 }, () => row(wrong)));

/** Eight cases in truth/, of which predicted/ misses 0 to 3 pixels of each row, and worse/ one more. */
export async function eightCases(): Promise<string> {
  const folder = await temporaryFolder();
  const files: Record<string, string | Uint8Array> = {};
  for (let i = 0; i < 8; i++) {
    files[`truth/case${i}.png`] = square(0);
    files[`predicted/case${i}.png`] = square(i % 4);
    files[`worse/case${i}.png`] = square((i % 4) + 1);
  }
  await writeFiles(folder, files);
  return folder;
}

/** `losskit evaluate` in this process, which starts no threads with `--jobs 1`. */
export async function losskitHere(args: readonly string[]) {
  const stdout = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  const stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  try {
    const status = await run(["evaluate", ...args]);
    return { status, stdout: stdout.mock.calls.join(""), stderr: stderr.mock.calls.join("") };
  } finally {
    vi.restoreAllMocks();
  }
}
