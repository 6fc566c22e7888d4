// Which cases become pictures, and which slice of a volume is shown.

import { join } from "node:path";
import { expect, test } from "vitest";
import { loadWorstCases, rankingMetric, sliceOf, worstCases } from "../../src/cli/evaluation-pictures.js";
import { recordCase } from "../../src/evaluation/case-runner.js";
import { findPairs } from "../../src/evaluation/pairs.js";
import { evaluationResult } from "../../src/evaluation/result.js";
import type { MeasureSettings } from "../../src/evaluation/results.js";
import { DEFAULT_SURFACE } from "../../src/evaluation/surface-scores.js";
import { writePng } from "../../src/volumes/png.js";
import { labelPng, writeFiles } from "../evaluation/label-files.js";
import { temporaryFolder } from "../experiment/fakes.js";

const settings: MeasureSettings = { metrics: ["hd", "dice"], surface: DEFAULT_SURFACE, allow: {} };

async function evaluated() {
  const folder = await temporaryFolder();
  const row = (from: number) => labelPng([Array.from({ length: 12 }, (_, x) => (x >= from && x < from + 4 ? 1 : 0))]);
  for (let i = 0; i < 6; i++) await writeFiles(folder, { [`d/masks/c${i}.png`]: row(0), [`p/c${i}.png`]: row(i) });
  await writeFiles(folder, {
    "d/images/c5.png": writePng({ width: 12, height: 1, data: Uint8Array.from({ length: 12 }, (_, x) => 20 * x) }),
    // Images that losskit does not read are no reason for a report without pictures.
    "d/images/c4.dcm": new Uint8Array(1),
  });
  const pairs = await findPairs(join(folder, "d"), join(folder, "p"));
  const records = await Promise.all(pairs.pairs.map((pair) => recordCase({ pair, settings })));
  const result = evaluationResult(records, {
    versions: {},
    command: "",
    started: new Date(0),
    reference: "d",
    pairs,
    settings,
    emptyMasks: "nan",
  });
  return { result, pairs };
}

test("the worst cases are those farthest off, by the first metric that has a better side", async () => {
  const { result } = await evaluated();
  expect(worstCases(result, 2).map(({ one, value }) => [one.case, value])).toEqual([
    ["c5", 5],
    ["c4", 4],
  ]);
  expect(rankingMetric(["volumeDifference", "nsd"])).toBe("nsd");
  expect(rankingMetric(["volumeDifference"])).toBe("dice");
});

test("pictures have the image where the data set has it", async () => {
  const { result, pairs } = await evaluated();
  const [worst, second] = await loadWorstCases(result, pairs.imageFolders);
  expect(worst).toMatchObject({ case: "c5", structure: "1", value: 5 });
  expect([...worst!.slice.prediction]).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0]);
  expect(worst!.slice.image![11]).toBe(255);
  expect(second!.slice.image).toBeUndefined();
});

test("of a volume the slice with the most wrong voxels of the structure is shown, turned as radiologists see it", () => {
  const pair = {
    shape: [3, 1, 4],
    spacing: [5, 2, 1],
    unit: "mm" as const,
    reference: Uint8Array.from([1, 1, 1, 1, 1, 1, 0, 0, 2, 2, 2, 0]),
    prediction: Uint8Array.from([1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0]),
    notes: [],
  };
  const shown = sliceOf(pair, { name: "liver", labels: [1] }, undefined);
  expect(shown.place).toBe("slice 2 of 3");
  expect([...shown.slice.reference]).toEqual([0, 0, 1, 1]);
  expect([...shown.slice.prediction]).toEqual([0, 0, 0, 1]);
  expect(shown.slice.pixelAspect).toBe(2);
  expect(sliceOf(pair, { name: "tumour", labels: [2] }, undefined).place).toBe("slice 3 of 3");
  expect(sliceOf(pair, { name: "all", labels: [1, 2] }, undefined, 2).place).toBe("slice 2 of 3");
});
