// The reports of an evaluation and of a paired comparison: they stand alone, say what is missing, and hold the numbers.

import { parseHTML } from "linkedom";
import { describe, expect, test } from "vitest";
import { comparePaired } from "../../src/evaluation/paired.js";
import { evaluationResult } from "../../src/evaluation/result.js";
import type { CaseRecord, MeasureSettings } from "../../src/evaluation/results.js";
import { DEFAULT_SURFACE } from "../../src/evaluation/surface-scores.js";
import { evaluationCsv } from "../../src/report/evaluation-csv.js";
import { renderEvaluation, type WorstCase } from "../../src/report/evaluation-page.js";
import { evaluationTable, metricHead } from "../../src/report/evaluation-table.js";
import { pairedCsv } from "../../src/report/paired-output.js";
import { renderPaired } from "../../src/report/paired-page.js";
import { measured } from "../evaluation/measured.js";

const settings: MeasureSettings = {
  structures: [{ name: "liver", labels: [1] }],
  metrics: ["dice", "hd95"],
  surface: DEFAULT_SURFACE,
  allow: {},
};
const values = [0.9, 0.5, 0.7, 0.8, 0.6, 0.95, 0.85];
const cases = values.map((dice, i) => measured(`case${i}`, { dice, hd95: 10 * (1 - dice) }));
const failure: CaseRecord = {
  case: "<b>odd</b>",
  reference: "/r.nii",
  prediction: "/p.nii",
  status: "failed",
  error: { code: "UNREADABLE_FILE", message: "cannot read /p.nii: <script>alert(1)</script>" },
};

function resultOf(records: readonly CaseRecord[], found = records.length, asked = settings) {
  const pairs = {
    pairs: new Array(found).fill(failure),
    withoutPrediction: ["lost"],
    withoutReference: [],
    imageFolders: [],
  };
  return evaluationResult(
    records,
    {
      versions: { losskit: "1" },
      command: "losskit evaluate r p",
      started: new Date(0),
      reference: "/r",
      prediction: "/models/best",
      pairs,
      settings: asked,
      emptyMasks: "nan",
    },
    new Date(75_000),
  );
}

const picture: WorstCase = {
  case: "case1",
  structure: "liver",
  value: 0.5,
  place: "slice 2 of 3",
  slice: { width: 2, height: 1, reference: Uint8Array.of(1, 0), prediction: Uint8Array.of(0, 1), pixelAspect: 1 },
};

describe("the page of an evaluation", () => {
  const html = renderEvaluation({ result: resultOf([...cases, failure], 9), pictures: [picture], rankedBy: "Dice" });
  const { document } = parseHTML(html);
  const text = document.body.textContent ?? "";

  test("stands alone, and runs nothing that a file's name or an error holds", () => {
    expect(document.querySelectorAll("script, link, iframe, form, b")).toHaveLength(0);
    const addresses = [...document.querySelectorAll("[src], [href]")].map(
      (element) => element.getAttribute("src") ?? element.getAttribute("href"),
    );
    expect(addresses).toHaveLength(1);
    expect(addresses[0]).toMatch(/^data:image\/png;base64,/u);
    expect(text).toContain("<script>alert(1)</script>");
  });

  test("begins with the mean and its interval", () => {
    expect(document.querySelector("h1")?.textContent).toBe("How good are the masks of best?");
    expect(document.querySelector(".verdict")?.textContent).toMatch(
      /^Mean Dice over 7 cases: liver 0\.757 \(0\.\d{3} to 0\.\d{3}\)\.$/u,
    );
  });

  test("says what failed, what was stopped and what has no partner", () => {
    expect(text).toContain("Stopped before the end: 1 of 9 cases not measured.");
    expect(text).toContain("1 case could not be measured");
    expect(text).toContain("<b>odd</b>");
    expect(text).toMatch(/1 file without a prediction left out\s*lost/u);
  });

  test("has the sums, a chart of each metric, the worst case, and all cases from the worst", () => {
    const rows = [...document.querySelectorAll("section table")].map((table) =>
      [...table.querySelectorAll("tbody tr")].map((tr) => [...tr.children].map((cell) => cell.textContent)),
    );
    expect(rows[0]!.map((row) => row.slice(-6))).toEqual([
      ["0.757", expect.any(String), "0.800", "0.650 to 0.875", "7", "0"],
      ["2.429", expect.any(String), "2.000", "1.250 to 3.500", "7", "0"],
    ]);
    expect(document.querySelectorAll(".chart svg")).toHaveLength(2);
    expect(document.querySelector("img")?.getAttribute("alt")).toContain("case1, liver, Dice 0.500");
    expect(text).toContain("case1, slice 2 of 3");
    expect(rows[1]!.map(([name]) => name)).toEqual(["case1", "case4", "case2", "case3", "case6", "case0", "case5"]);
  });

  test("says how metrics are defined", () => {
    expect(text).toContain("max-of-directed, as in MONAI");
    expect(text).toContain("left out (nan, as in nnU-Net)");
    expect(text).toContain("took 1 min 15 s");
  });
});

describe("the table in a terminal", () => {
  const result = resultOf(cases);
  test("names units, and gives up columns where it is narrow", () => {
    const wide = evaluationTable(result, { color: false, width: Number.POSITIVE_INFINITY });
    expect(wide).toMatch(/│ liver +│ Dice +│ 0\.757 │ +0\.800 │ 7 │ +0 │ 0\.650 to 0\.875 │/u);
    expect(wide).toContain("HD95 (mm)");
    const narrow = evaluationTable(result, { color: false, width: 50 });
    expect(Math.max(...narrow.split("\n").map((line) => line.length))).toBeLessThanOrEqual(50);
    expect(narrow).toContain("median");
    expect(narrow).not.toContain("IQR");
  });

  test("areas are squares", () => {
    expect(metricHead("volumeDifference", "px", 2)).toBe("volume difference (px²)");
    expect(metricHead("volumeDifference", "mm")).toBe("volume difference (mm³)");
  });

  test("a name cannot steer the terminal", () => {
    const structures = [{ name: "li\u001b[31mver\u0007", labels: [1] }];
    const odd = { ...result, summary: result.summary.map((row) => ({ ...row, structure: structures[0]!.name })) };
    const text = evaluationTable(odd, { color: false, width: 200 });
    expect(text).not.toContain("\u001b");
    expect(text).not.toContain("\u0007");
  });
});

describe("metrics of objects", () => {
  const objects = { referenceObjects: 4, predictedObjects: 5, found: 3, falsePositives: 2 };
  const records = values.map((_, i) => {
    const one = measured(`case${i}`, { falsePositiveObjects: 2, detectionF1: 2 / 3 });
    return { ...one, scores: [{ ...one.scores[0]!, objects }] };
  });
  const result = resultOf(records, records.length, { ...settings, metrics: ["falsePositiveObjects", "detectionF1"] });

  test("stand in page and table with the objects of all cases together, whole numbers, and why there is no interval", () => {
    const { document } = parseHTML(renderEvaluation({ result, pictures: [], rankedBy: "false positive objects" }));
    const text = document.body.textContent ?? "";
    expect(text).toContain(
      "liver: 21 of 28 objects found (recall 0.750), 21 of 35 predicted match (precision 0.600), F1 0.667, 2.000 false positives per case.",
    );
    const [sums, each] = [...document.querySelectorAll("section table")].map((table) =>
      [...table.querySelectorAll("tbody tr")].map((tr) => [...tr.children].map((cell) => cell.textContent)),
    );
    expect(sums![0]!.slice(-7, -4)).toEqual(["false positive objects", "2.000", "– (alike)"]);
    expect(each![0]).toEqual(["case0", "2", "0.667", ""]);
    expect(text).toContain("They match with an IoU above 0.5 (iou-above");
    expect(evaluationTable(result, { color: false, width: 200 })).toContain("– (alike)");
  });

  test("say nothing of objects where they are not asked for", () => {
    expect(renderEvaluation({ result: resultOf(cases), pictures: [], rankedBy: "Dice" })).not.toContain("objects");
  });
});

test("CSV: one row per case and structure, the metrics asked for first", () => {
  const lines = evaluationCsv(resultOf([measured("=1+1", { dice: null }, "both")])).split("\r\n");
  expect(lines[0]).toMatch(/^case,structure,dice,hd95,iou,/u);
  expect(lines[0]).not.toContain("assd");
  expect(lines[1]).toMatch(/^'=1\+1,liver,,,.*,1,2,3,4,both,mm,/u);
});

describe("a paired comparison", () => {
  const other = values.map((dice, i) => measured(`case${i}`, { dice: dice - 0.1 - 0.01 * i, hd95: 10 * (1 - dice) }));
  const rows = comparePaired(cases, other, settings.structures!, settings.metrics, "nan", {
    a: "old",
    b: "<i>new</i>",
  });

  test("has a page that stands alone, with the verdict, the numbers and a chart of each metric", () => {
    const content = { rows, names: { a: "old", b: "<i>new</i>" }, unit: "mm", facts: ["How."], command: "losskit" };
    const { document } = parseHTML(renderPaired(content));
    expect(document.querySelectorAll("script, link, i, [src]")).toHaveLength(0);
    expect(document.querySelector(".verdict")?.textContent).toBe(
      "Of 2 comparisons old is better in 1; in 1 no difference can be claimed.",
    );
    const cells = [...document.querySelectorAll("tbody tr")].map((tr) =>
      [...tr.children].map((cell) => cell.textContent),
    );
    expect(cells[0]!.slice(0, 5)).toEqual(["liver", "Dice", "0.757", "0.627", "−0.130"]);
    expect(cells[0]!.slice(-3)).toEqual(["0.031", "7", "0"]);
    expect(document.querySelectorAll(".chart svg")).toHaveLength(2);
  });

  test("as CSV has every case's difference", () => {
    const lines = pairedCsv(rows).trim().split("\r\n");
    expect(lines).toHaveLength(1 + 2 * 7);
    expect(lines[1]).toBe(`case0,liver,dice,0.9,0.8,${0.8 - 0.9}`);
  });
});
