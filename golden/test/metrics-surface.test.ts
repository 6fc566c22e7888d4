import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { sharedPath } from "../../test-support/shared-folder.js";
import { compareSurfaceMetrics } from "../src/metrics-surface.js";

const path = sharedPath("golden/metrics.json");

describe.skipIf(!path)("surface metrics of golden masks", () => {
  it("equal surface-distance's, MONAI's and scikit-image's, empty masks included", () => {
    const { compared, failures } = compareSurfaceMetrics(path as string);
    expect(failures).toEqual([]);
    expect(compared).toBe(4611);
  });

  it("are found to differ where a number is changed", () => {
    const folder = mkdtempSync(join(tmpdir(), "metrics-"));
    try {
      const file = JSON.parse(readFileSync(path as string, "utf8"));
      const [golden] = file.cases;
      golden.surface_distance.robust_hausdorff[95] += 1e-6;
      golden.surface_distance.surfel_areas_gt[3] += 1e-6;
      golden.monai.surface_dice[1] = "NaN";
      golden.skimage.hausdorff_points_unit_spacing = "Infinity";
      const changed = join(folder, "changed.json");
      writeFileSync(changed, JSON.stringify(file));
      expect(compareSurfaceMetrics(changed).failures.map((line) => line.split(":")[0])).toEqual([
        `${golden.case} surface_distance.robust_hausdorff.95`,
        `${golden.case} surface_distance.gt area 3`,
        `${golden.case} monai.surface_dice.1`,
        `${golden.case} skimage.hausdorff_points_unit_spacing`,
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
