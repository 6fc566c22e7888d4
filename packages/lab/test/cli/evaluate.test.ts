// `losskit evaluate` from end to end: what goes where, exit statuses, stopping and going on.

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { writeNifti } from "../../src/volumes/write-nifti.js";
import { labelNifti, labelPng, writeFiles } from "../evaluation/label-files.js";
import { temporaryFolder } from "../experiment/fakes.js";
import { eightCases, losskitHere, square } from "./eight-cases.js";
import { losskit as run, type Watched } from "./program.js";

const losskit = (args: readonly string[], cwd: string, watched?: Watched) => run(["evaluate", ...args], cwd, watched);

describe("an evaluation", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await eightCases();
  });
  const names = ["--labels", "1=liver,2=tumour", "--regions", "whole=1+2"];

  test("prints a table with its definitions, and nothing else", async () => {
    const { status, stdout, stderr } = await losskit(["truth", "predicted", ...names], folder);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    // Dice of a liver that misses w of 6: 2 (6 - w) / (12 - w).
    const mean = (1 + 10 / 11 + 8 / 10 + 6 / 9) / 4;
    expect(stdout).toMatch(new RegExp(`liver +│ Dice +│ ${mean.toFixed(3)} │`, "u"));
    expect(stdout).toMatch(/tumour +│ Dice +│ 1\.000 │/u);
    expect(stdout).toContain("│ HD95 (px)");
    expect(stdout).toContain("max-of-directed, as in MONAI");
    expect(stdout).toContain("within 1 px of the other");
    expect(stdout).toContain("8 cases.");
  });

  test("measures objects and parts by the definitions it is given, and says so", async () => {
    const metrics = ["--metrics", "detectionRecall,falsePositiveObjects,boundaryIou", "--labels", "1=liver"];
    // A liver that misses 3 of 6 has an IoU of 1/2, which is not above it.
    const table = await losskit(["truth", "predicted", ...metrics], folder);
    expect(table).toMatchObject({ status: 0, stderr: "" });
    expect(table.stdout).toMatch(/│ liver +│ detection recall +│ 0\.750 │/u);
    expect(table.stdout).toContain("liver, objects of all cases together: 6 of 8 objects found (recall 0.750)");
    expect(table.stdout).toContain("at most 2 % of the image's diagonal");
    const given = ["--matching", "any-overlap", "--connectivity", "faces", "--boundary-width", "1"];
    const json = await losskit(["truth", "predicted", ...metrics, ...given, "--json"], folder);
    const result = JSON.parse(json.stdout);
    expect(result.settings).toMatchObject({
      objects: { matching: "any-overlap", connectivity: "faces" },
      boundary: { distance: 1 },
    });
    expect(result.summary[0].objects).toMatchObject({ found: 8, falsePositives: 0 });
    expect(result.summary[0].metrics[0]).toMatchObject({ mean: 1, interval: null, noInterval: "alike" });
    expect(result.definitions.join(" ")).toContain("any-overlap");
  });

  test("writes nnU-Net's summary, results, CSV and a page", async () => {
    const { status } = await losskit(["truth", "predicted", ...names, "--out", "out"], folder);
    expect(status).toBe(0);
    const out = join(folder, "out");
    expect((await readdir(out)).sort()).toEqual([
      "cases.ndjson",
      "evaluation.json",
      "report.html",
      "results.json",
      "scores.csv",
      "summary.json",
    ]);
    const summary = JSON.parse(await readFile(join(out, "summary.json"), "utf8"));
    expect(Object.keys(summary.mean)).toEqual(["1", "2", "(1, 2)"]);
    expect(summary.metric_per_case[1].metrics["1"]).toEqual({
      Dice: 10 / 11,
      IoU: 5 / 6,
      TP: 20,
      FP: 0,
      FN: 4,
      TN: 24,
      n_pred: 20,
      n_ref: 24,
    });
    const rows = (await readFile(join(out, "scores.csv"), "utf8")).trim().split("\r\n");
    expect(rows).toHaveLength(1 + 8 * 3);
    expect(rows[0]).toMatch(/^case,structure,dice,iou,sensitivity,precision,hd95,assd,nsd,specificity,/u);
    const page = await readFile(join(out, "report.html"), "utf8");
    expect(page).toContain("Worst cases by Dice");
    expect(page).toContain("case3");
    expect(page).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/u);
  });

  test("--json, --ndjson and --csv go to stdout alone", async () => {
    const json = JSON.parse((await losskit(["truth", "predicted", "--json"], folder)).stdout);
    expect(json).toMatchObject({ schema: "losskit-evaluation/1", found: 8, emptyMasks: "nan" });
    expect(json.summary.map(({ structure }: { structure: string }) => structure)).toEqual(["1", "2"]);
    const lines = (await losskit(["truth", "predicted", "--ndjson"], folder)).stdout.trim().split("\n");
    expect(lines.map((line) => JSON.parse(line).case).sort()).toEqual(Array.from({ length: 8 }, (_, i) => `case${i}`));
    const csv = (await losskit(["truth", "predicted", "--csv", "--metrics", "dice"], folder)).stdout;
    expect(csv.split("\r\n")[1]).toMatch(/^case0,1,1,/u);
  });

  test("--fail-under names structure and value, and ends with status 5", async () => {
    const { status, stdout, stderr } = await losskit(
      ["truth", "predicted", ...names, "--fail-under", "dice=0.85,whole:iou=0.5"],
      folder,
    );
    expect(status).toBe(5);
    expect(stderr).toBe("failed: liver: mean Dice is 0.844, under 0.85\n");
    expect(stdout).toContain("liver");
    expect((await losskit(["truth", "predicted", "--fail-under", "dice=0.8"], folder)).status).toBe(0);
    expect((await losskit(["truth", "predicted", "--fail-over", "hd95=0.5"], folder)).status).toBe(5);
  });

  test("a label that is in no file is named", async () => {
    const { status, stderr } = await losskitHere([
      ...["truth", "predicted"].map((name) => join(folder, name)),
      "--labels",
      "1=liver,7=spleen",
      "--jobs",
      "1",
    ]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "spleen: label 7 is in no file of either side\n" });
  });

  test("a reader of the data that leaves changes neither files nor status", async () => {
    const { status } = await losskit(
      ["truth", "predicted", "--csv", "--out", "out", "--fail-under", "dice=1"],
      folder,
      {
        onStart: (child) => child.stdout!.destroy(),
      },
    );
    expect(status).toBe(5);
    expect(await readdir(join(folder, "out"))).toContain("results.json");
  });

  test("what nobody reads of the notes does not stop the data", async () => {
    const { status, stdout } = await losskit(["truth", "predicted", "--csv", "--fail-under", "dice=1"], folder, {
      onStart: (child) => child.stderr!.destroy(),
    });
    expect(status).toBe(5);
    expect(stdout.trim().split("\r\n")).toHaveLength(1 + 8 * 2);
  });
});

describe("a mistake is explained, with status 2", () => {
  test.each([
    [["truth"], /PREDICTION is missing/u],
    [["truth", "predicted", "worse"], /too many: ".*worse"; .*with --compare REFERENCE A B/u],
    [["truth", "--compare"], /--compare takes REFERENCE A B/u],
    [["truth", "worse", "--compare", "predicted", "--ndjson"], /--ndjson prints one evaluation/u],
    [["--compare", "truth", "worse"], /truth holds no results of losskit evaluate/u],
    [["truth", "predicted", "--json", "--csv"], /--json and --csv both print/u],
    [["truth", "predicted", "--resume"], /--resume needs --out/u],
    [["truth", "predicted", "--metrics", "hd59"], /did you mean hd95/u],
    [["truth", "predicted", "--metrics", "dice,f1"], /names dice twice/u],
    [["truth", "predicted", "--empty", "zero"], /one of nan, one, skip, penalty/u],
    [["truth", "predicted", "--tolerance", "-1"], /--tolerance needs a value/u],
    [["truth", "predicted", "--tolerance=-1"], /number from 0/u],
    [["truth", "predicted", "--spacing", "1,2,3"], /height and width/u],
    [["truth", "predicted", "--hausdorff", "max"], /max-of-directed, pooled, surface-area/u],
    [["truth", "predicted", "--labels", "1=liver", "--fail-under", "lung:dice=0.5"], /there are liver/u],
    [["truth", "predicted", "--out", "truth"], /holds no results of losskit evaluate/u],
  ] as const)("%j", async (args, message) => {
    const folder = await eightCases();
    const inFolder = (argument: string) =>
      /^(?:truth|predicted|worse)$/u.test(argument) ? join(folder, argument) : argument;
    const ended = await losskitHere(args.map(inFolder));
    expect(ended).toEqual({ status: 2, stdout: "", stderr: expect.stringMatching(message) });
  });
});

describe("what is wrong with a file", () => {
  test("one that is cut is reported, the others count, and the status is 3", async () => {
    const folder = await eightCases();
    await writeFiles(folder, { "predicted/case5.png": square(0).subarray(0, 40) });
    const { status, stdout, stderr } = await losskit(
      ["truth", "predicted", "--metrics", "dice", "--jobs", "2"],
      folder,
    );
    expect(status).toBe(3);
    expect(stdout).toContain("7 of 8 cases, 1 not measured.");
    expect(stderr).toMatch(/case5: cannot read .*case5.png: it is cut.*\n1 of 8 cases could not be measured: case5\n/u);
  });

  test("grids that differ are refused with both, unless that is allowed", async () => {
    const folder = await temporaryFolder();
    const file = (steps: readonly [number, number, number]) => labelNifti([2, 1, 1], [1, 0], { steps });
    await writeFiles(folder, { "t.nii": file([1, 1, 2]), "p.nii": file([1, 1, 3]) });
    const refused = await losskit(["t.nii", "p.nii"], folder);
    expect(refused).toMatchObject({ status: 3, stdout: "" });
    expect(refused.stderr).toMatch(/p.nii are 1 x 1 x 3 mm, its reference 1 x 1 x 2 mm/u);
    const allowed = await losskit(["t.nii", "p.nii", "--allow-spacing-mismatch"], folder);
    expect(allowed.status).toBe(0);
    expect(allowed.stdout.replaceAll(/\s+/gu, " ")).toContain("the reference's is used");
  });

  test("missing partners are named, or left out", async () => {
    const folder = await eightCases();
    await writeFiles(folder, { "predicted/other.png": square(0) });
    const refused = await losskit(["truth", "predicted"], folder);
    expect(refused.status).toBe(3);
    expect(refused.stderr).toMatch(/error \[MISSING_MASK\].*1 of 9 predictions have no reference: other/u);
    const allowed = await losskit(["truth", "predicted", "--allow-missing", "--metrics", "dice"], folder);
    expect(allowed).toMatchObject({ status: 0, stderr: "1 file without a partner left out\n" });
  });
});

test("empty masks count by the policy", async () => {
  const folder = await temporaryFolder();
  const [empty, full] = [labelPng([[0, 0, 0, 0]]), labelPng([[0, 1, 1, 0]])];
  const pairs = { both: [empty, empty], missed: [full, empty], alarm: [empty, full], found: [full, full] };
  for (const [id, [reference, prediction]] of Object.entries(pairs)) {
    await writeFiles(folder, { [`t/${id}.png`]: reference!, [`p/${id}.png`]: prediction! });
  }
  const means = async (policy: string) => {
    const { stdout } = await losskit(["t", "p", "--metrics", "dice,hd95,nsd", "--json", "--empty", policy], folder);
    const [{ metrics }] = JSON.parse(stdout).summary;
    return metrics.map((one: Record<string, unknown>) => [one.mean, one.cases, one.empty, one.leftOut]);
  };
  // The diagonal of 4 by 1 pixels.
  const far = Math.hypot(4, 1);
  expect(await means("nan")).toEqual([
    [1 / 3, 3, 3, 1],
    [0, 1, 3, 3],
    [1 / 3, 3, 3, 1],
  ]);
  expect(await means("one")).toEqual([
    [0.5, 4, 3, 0],
    [0, 2, 3, 2],
    [0.5, 4, 3, 0],
  ]);
  expect(await means("skip")).toEqual([
    [0.5, 2, 3, 2],
    [0, 1, 3, 3],
    [0.5, 2, 3, 2],
  ]);
  expect(await means("penalty")).toEqual([
    [0.5, 4, 3, 0],
    [(2 * far) / 4, 4, 3, 0],
    [0.5, 4, 3, 0],
  ]);
});

test("Ctrl-C keeps finished cases, and --resume gives the numbers of one run", async () => {
  const folder = await temporaryFolder();
  const shape = [40, 60, 60];
  const ball = (radius: number) =>
    Uint8Array.from({ length: 40 * 60 * 60 }, (_, i) => {
      const [z, y, x] = [Math.floor(i / 3600), Math.floor(i / 60) % 60, i % 60];
      return (z - 20) ** 2 + (y - 30) ** 2 + (x - 30) ** 2 < radius * radius ? 1 : 0;
    });
  for (let i = 0; i < 30; i++) {
    await writeFiles(folder, {
      [`t/${i}.nii`]: writeNifti({ shape, data: ball(15), gzip: false }),
      [`p/${i}.nii`]: writeNifti({ shape, data: ball(10 + (i % 5)), gzip: false }),
    });
  }
  const args = ["t", "p", "--out", "out", "--jobs", "2", "--ndjson"];
  // Once: a second Ctrl-C would quit without a word.
  const stopped = await losskit(args, folder, {
    onStdout(all, child) {
      if (!child.killed && all.includes("\n")) child.kill("SIGINT");
    },
  });
  expect(stopped.status).toBe(130);
  expect(stopped.stderr).toMatch(/Stopped after \d+ of 30 cases. Go on with:\n {2}losskit evaluate t p .*--resume/u);
  const kept = stopped.stdout.trim().split("\n").length;
  expect(kept).toBeLessThan(30);

  const resumed = await losskit(["t", "p", "--out", "out", "--jobs", "2", "--json", "--resume"], folder);
  expect(resumed.status).toBe(0);
  expect(resumed.stderr).toMatch(/\d+ of 30 cases were done before/u);
  const whole = await losskit(["t", "p", "--json", "--jobs", "1"], folder);
  const numbers = (json: string) => {
    const { summary, cases } = JSON.parse(json);
    return { summary, scores: cases.map(({ case: id, scores }: { case: string; scores: unknown }) => [id, scores]) };
  };
  expect(numbers(resumed.stdout)).toEqual(numbers(whole.stdout));
});
