// `losskit evaluate` with a DICOM segmentation: names from the file, and nothing on the streams but the result.

import { join } from "node:path";
import { expect, test } from "vitest";
import { labelNifti, writeFiles } from "../evaluation/label-files.js";
import { temporaryFolder } from "../experiment/fakes.js";
import { makeSeg } from "../volumes/dicom-file.js";
import { losskit } from "./program.js";

test("a segmentation with one of two slices is scored under the names of its segments", async () => {
  const folder = await temporaryFolder();
  const pixels = [1, 0, 0, 0];
  await writeFiles(folder, {
    "truth/a.nii": labelNifti([2, 2, 2], [0, 0, 0, 0, 1, 1, 0, 2], { steps: [-1, -1, 3] }),
    "predicted/a.dcm": makeSeg({
      rows: 2,
      columns: 2,
      frames: [
        { position: [0, 0, 3], segment: 2, pixels: [...pixels].reverse() },
        { position: [0, 0, 3], segment: 1, pixels },
      ],
      segments: { 1: "Liver", 2: "Tumour" },
      thickness: 3,
    }),
  });
  const args = ["evaluate", join(folder, "truth"), join(folder, "predicted"), "--metrics", "dice", "--json"];
  const { status, stdout, stderr } = await losskit(args, folder);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const { summary, cases } = JSON.parse(stdout);
  expect(
    summary.map((row: { structure: string; metrics: { mean: number }[] }) => [row.structure, row.metrics[0]?.mean]),
  ).toEqual([
    ["Liver", 2 / 3],
    ["Tumour", 1],
  ]);
  expect(cases[0]).toMatchObject({ shape: [2, 2, 2], notes: [] });
});
