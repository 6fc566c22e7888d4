// The committed page of agreements is what the golden files give.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { allLosses } from "losskit/losses";
import { describe, expect, it } from "vitest";
import { sharedPath } from "../../test-support/shared-folder.js";
import { agreementPage } from "../src/agreement-page.js";
import { goldenFilesIn, readGoldenFile } from "../src/cases.js";
import { type FileSummary, runGoldenFile } from "../src/run.js";

const folder = sharedPath("golden");
const page = fileURLToPath(new URL("../../docs/agreement.md", import.meta.url));

describe.skipIf(!folder)("docs/agreement.md", () => {
  const summaries = folder
    ? goldenFilesIn(folder).map((name) => runGoldenFile(readGoldenFile(`${folder}/${name}`)))
    : [];

  it("is up to date: `npm run golden -- --write-docs` writes it", () => {
    expect(readFileSync(page, "utf8")).toBe(agreementPage(summaries));
  });

  it("knows of every loss that golden cases compare with a library: it is in `elsewhere`", () => {
    const missing = summaries
      .flatMap(({ agreements }) => agreements)
      .filter(({ library }) => library !== "page")
      .filter(({ single, library }) => {
        const { elsewhere = {} } = allLosses.find(({ definition }) => definition.name === single)?.definition ?? {};
        return !(library in elsewhere);
      });
    expect(missing).toEqual([]);
  });
});

describe("the page of agreements", () => {
  const file: FileSummary = {
    file: "some.json",
    losses: [
      {
        loss: "smp.DiceLoss",
        library: "smp",
        ours: ["iou (smp)", "dice (smp)"],
        cases: 3,
        compared: 2,
        within: 2,
        byReference: 0,
        disagreements: 1,
        rules: {},
        worstValueError: 2.5e-16,
        worstGradientError: 1.01e-13,
      },
    ],
    libraries: [{ library: "smp", cases: 3, compared: 2, within: 2, disagreements: 1, rules: 0 }],
    disagreements: [
      {
        library: "smp",
        classes: ["DiceLoss"],
        when: "always | never",
        reason: "is wrong",
        source: "nowhere",
        cases: 4,
        agreeing: 1,
      },
    ],
    agreements: [
      { single: "dice", library: "smp", cases: 2, worstValueError: 1e-15, worstGradientError: 3e-12 },
      { single: "dice", library: "page", cases: 9, worstValueError: 1, worstGradientError: undefined },
    ],
    cases: 3,
    compared: 2,
    byReference: 0,
    byRule: 0,
    byDisagreement: 1,
    reasons: {},
    failures: [],
  };
  const lines = agreementPage([file]).split("\n");

  it("rounds differences up to powers of ten and sorts what is ours", () => {
    expect(lines).toContain("| `DiceLoss` | dice (smp); iou (smp) | 3 | 2 | 1e-15 | 1e-12 |");
  });

  it("counts documented disagreements, and keeps their words from ending a cell", () => {
    expect(lines).toContain(
      "| segmentation_models.pytorch | `DiceLoss` | always \\| never | is wrong | nowhere | 4, 1 equal all the same |",
    );
  });

  it("gives the larger of both differences in the column of that library, and no figure to others", () => {
    const row = lines.find((line) => line.startsWith("| dice |"))?.split(" | ");
    expect(row?.slice(1, 3)).toEqual(["✓", "≈ 1e-11"]);
  });
});
