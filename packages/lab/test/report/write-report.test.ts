import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { rank } from "../../src/experiment/ranking.js";
import { writeReport } from "../../src/report/write-report.js";
import { examplePictures, exampleResult } from "./example.js";

const result = exampleResult();
const ranking = rank(result);
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "losskit-report-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("writing the report", () => {
  it("leaves page, JSON and CSV, and no other file", async () => {
    const files = await writeReport(result, ranking, examplePictures(["dice"]), join(folder, "new", "folder"));
    expect((await readdir(join(folder, "new", "folder"))).sort()).toEqual([
      "report.html",
      "results.json",
      "scores.csv",
    ]);
    expect(await readFile(files.html, "utf8")).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(await readFile(files.csv, "utf8")).toMatch(/^loss,seed,case,class/);
  });

  it("writes the whole record as JSON, with the ranking beside it", async () => {
    const { json } = await writeReport(result, ranking, [], folder);
    const read = JSON.parse(await readFile(json, "utf8"));
    // JSON has no undefined: such fields are left out.
    expect(read).toEqual(JSON.parse(JSON.stringify({ ...result, ranking })));
    expect(read.trials).toEqual(result.trials);
    expect(read.ranking.verdict).toBe(ranking.verdict);
  });

  it("replaces an older report", async () => {
    await writeFile(join(folder, "report.html"), "old");
    const { html } = await writeReport(result, ranking, [], folder);
    expect(await readFile(html, "utf8")).toContain(result.dataset.name);
  });

  it("says so when it cannot write, and leaves nothing half-written", async () => {
    const file = join(folder, "file");
    await writeFile(file, "kept");
    await expect(writeReport(result, ranking, [], join(file, "inside"))).rejects.toMatchObject({
      name: "LabError",
      code: "WRITE_FAILED",
      message: expect.stringMatching(
        /results\.json: a part of the path is a file, not a folder; choose another folder with --out/,
      ),
    });
    expect(await readdir(folder)).toEqual(["file"]);
    expect(await readFile(file, "utf8")).toBe("kept");
  });
});
