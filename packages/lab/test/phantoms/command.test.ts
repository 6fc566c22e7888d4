// `losskit phantoms` from its arguments to the files.

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "citty";
import { afterEach, describe, expect, it, vi } from "vitest";
import { phantomsCommand } from "../../src/cli/phantoms.js";
import { generatePhantom } from "../../src/datasets/phantoms/generate.js";
import { readPng } from "../../src/volumes/png.js";
import { failure, folderWith } from "../datasets/dataset-folder.js";

afterEach(() => {
  vi.restoreAllMocks();
});

/** Runs the command; returns what it printed. */
async function phantoms(...rawArgs: string[]): Promise<{ stdout: string; stderr: string }> {
  const printed = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    vi.spyOn(process[stream], "write").mockImplementation((text) => {
      printed[stream] += text;
      return true;
    });
  }
  try {
    await runCommand(phantomsCommand, { rawArgs });
  } finally {
    vi.restoreAllMocks();
  }
  return printed;
}

it("writes the set that its options describe, and prints where", async () => {
  const out = join(await folderWith({}), "set");
  const counts = ["--train", "1", "--validation", "0", "--test", "1"];
  const dials = [
    "--contrast",
    "0.5",
    "--noise=2",
    "--foreground",
    "2",
    "--size",
    "1.5",
    "--border-shift",
    "1",
    "--missed",
    "0.25",
  ];
  const { stdout, stderr } = await phantoms("--preset", "nuclei", "--out", out, "--seed", "9", ...counts, ...dials);
  expect(stdout).toBe(`${out}\n`);
  expect(stderr).toBe(`Train on it with: losskit compare ${out}\n`);
  const path = join(out, "images", "nuclei-001.png");
  const turned = { contrast: 0.5, noise: 2, foregroundScale: 2, sizeScale: 1.5, borderShift: 1, missedFraction: 0.25 };
  const expected = generatePhantom("nuclei", { seed: 9, index: 1, dials: turned });
  expect(Uint8Array.from(readPng(await readFile(path), path).data)).toEqual(expected.image);
});

describe("refuses, and writes nothing", () => {
  it.each([
    [["--preset", "nucleus"], /no phantom preset "nucleus"\. Choose one of: nuclei, vessels, lesions, organ/u],
    [["--preset", "nuclei", "--train", "0"], /--train is "0"; it is a whole number from 1 to 1000/u],
    [["--preset", "nuclei", "--test", "0"], /--test is "0"; it is a whole number from 1 to 1000/u],
    [["--preset", "nuclei", "--validation", "many"], /--validation is "many"; .*from 0 to 1000/u],
    [["--preset", "nuclei", "--seed", "1.5"], /--seed is "1.5"/u],
    [["--preset", "nuclei", "--missed", "2"], /--missed is "2"; it is a number from 0 to 0\.9 \(default 0\)/u],
    [["--preset", "nuclei", "--noise", "loud"], /--noise is "loud"; it is a number from 0 to 20 \(default 1\)/u],
    [["--preset", "nuclei", "--contrast", " "], /--contrast is " "/u],
    [["--preset", "organ", "--missed", "0.1"], /an organ phantom holds one object/u],
  ])("%j", async (args, message) => {
    const parent = await folderWith({});
    expect(await failure("USAGE", () => phantoms(...args, "--out", join(parent, "set")))).toMatch(message);
    expect(await readdir(parent)).toEqual([]);
  });
});
