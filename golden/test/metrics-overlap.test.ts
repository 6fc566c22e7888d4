import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { sharedPath } from "../../test-support/shared-folder.js";
import { compareOverlapMetrics } from "../src/metrics-overlap.js";

const metrics = sharedPath("golden/metrics.json");
const folder = mkdtempSync(join(tmpdir(), "metrics-overlap-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe.skipIf(!metrics)("golden counts and overlap scores", () => {
  it("agree within 1e-9, every one of them", () => {
    const { compared, failures } = compareOverlapMetrics(metrics as string);
    expect(failures).toEqual([]);
    // 22 cases of 19 plain and 17 + 5 + 5 + 1 other values, and three label maps.
    expect(compared).toBe(
      22 * 47 + 3 * 6 + [3, 4, 4].reduce((sum, classes) => sum + classes ** 2 + 1 + 4 * (classes + 1), 0),
    );
  });

  it("are named where they differ", () => {
    const changed = JSON.parse(readFileSync(metrics as string, "utf8"));
    changed.cases[0].confusion.mcc += 1e-6;
    changed.cases[0].confusion.g_mean = 0.5;
    changed.cases[1].monai.generalized_dice = "NaN";
    changed.multiclass[0].kappa += 1e-6;
    changed.multiclass[1].confusion_rows_gt[2] += 1;
    const path = join(folder, "changed.json");
    writeFileSync(path, JSON.stringify(changed));
    expect(compareOverlapMetrics(path).failures.map((line) => line.split(":")[0])).toEqual([
      "disk_shifted confusion.mcc",
      "disk_shifted confusion.g_mean",
      "disk_dilated_anisotropic monai.generalized_dice",
      "multiclass_1 kappa",
      "multiclass_2 confusion_rows_gt[2]",
    ]);
  });
});

it("refuses a file of another schema", () => {
  const path = join(folder, "other.json");
  writeFileSync(path, '{"schema":"other"}');
  expect(() => compareOverlapMetrics(path)).toThrow("is not a file of segloss-golden/1");
});
