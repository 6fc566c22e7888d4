// Pairs of which a file is damaged: the case fails with a code and the file's name, or its numbers are numbers; the others go on.

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { recordCase } from "../../src/evaluation/case-runner.js";
import type { CaseRecord, MeasureSettings } from "../../src/evaluation/results.js";
import { DEFAULT_SURFACE } from "../../src/evaluation/surface-scores.js";
import { temporaryFolder } from "../experiment/fakes.js";
import { gzipBomb } from "../volumes/hostile-files.js";
import { labelNifti, labelPng, writeFiles } from "./label-files.js";

const SETTINGS: MeasureSettings = {
  metrics: ["dice", "volumeDifference", "hd95", "assd", "nsd"],
  surface: DEFAULT_SURFACE,
  allow: {},
};
/** What can be wrong with a file, or with two that do not belong together. Neither "INTERNAL" nor "MEMORY". */
const CODES = ["UNREADABLE_FILE", "SIZE_MISMATCH", "GEOMETRY_MISMATCH", "UNDECLARED_LABEL"];

const place = { steps: [0.7, 1.5, 3] } as const;
const reference = labelNifti(
  [4, 3, 2],
  Array.from({ length: 24 }, (_, i) => i % 3),
  place,
);
const prediction = labelNifti(
  [4, 3, 2],
  Array.from({ length: 24 }, (_, i) => (i >> 1) % 3),
  place,
);

async function record(files: Readonly<Record<string, Uint8Array>>): Promise<CaseRecord> {
  const folder = await temporaryFolder();
  await writeFiles(folder, files);
  const [one, two] = Object.keys(files).map((name) => join(folder, name));
  return recordCase({ pair: { case: "a", reference: one!, prediction: two! }, settings: SETTINGS });
}

/** "measured", or the code; whichever it is, it must make sense. */
function outcome(found: CaseRecord): string {
  if (found.status === "failed") {
    expect(CODES, found.error.message).toContain(found.error.code);
    expect(found.error.message).toMatch(/[ab]\.(nii|nii\.gz|png)\b/u);
    return found.error.code;
  }
  for (const { structure, values } of found.scores) {
    for (const [metric, value] of Object.entries(values)) {
      expect(value === null || Number.isFinite(value), `${metric} of ${structure} is ${value}`).toBe(true);
    }
  }
  return "measured";
}

describe("a damaged file in a pair", () => {
  test("property: any bytes of its header overwritten", async () => {
    const folder = await temporaryFolder();
    const pair = { case: "a", reference: join(folder, "a.nii"), prediction: join(folder, "b.nii") };
    await writeFile(pair.reference, reference);
    const byte = fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255));
    // Sizes, type, edges, offset, scaling, units; then the two forms: the fields that are read.
    const at = fc.oneof(fc.integer({ min: 40, max: 123 }), fc.integer({ min: 252, max: 327 }));
    const found = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(at, byte), { minLength: 1, maxLength: 4 }), async (changes) => {
        const bytes = Uint8Array.from(prediction);
        for (const [where, value] of changes) bytes[where] = value;
        await writeFile(pair.prediction, bytes);
        found.add(outcome(await recordCase({ pair, settings: SETTINGS })));
      }),
      { numRuns: 200 },
    );
    for (const usual of ["measured", "UNREADABLE_FILE", "GEOMETRY_MISMATCH"]) expect(found).toContain(usual);
  });

  test.each([
    ["cut", { "b.nii.gz": gzipSync(prediction).subarray(0, 60) }, /it is cut/u],
    ["a bomb", { "b.nii.gz": gzipBomb(prediction, 2) }, /unpacks to more than the 376 bytes/u],
    ["empty", { "b.nii": new Uint8Array(0) }, /empty \(0 bytes\)/u],
    ["no image", { "b.png": Buffer.from("GIF89a, or so it says") }, /not a PNG image/u],
    ["of another kind", { "b.png": labelPng([[0, 1]]) }, /4/u],
  ] as const)("%s", async (_, files, message) => {
    const found = await record({ "a.nii": reference, ...files });
    expect(CODES).toContain(outcome(found));
    expect(found).toMatchObject({ status: "failed", error: { message: expect.stringMatching(message) } });
  });

  test("a folder, a name that no file can have, no file at all", async () => {
    const folder = await temporaryFolder();
    await writeFiles(folder, { "a.nii": reference });
    await mkdir(join(folder, "folder.nii.gz"));
    for (const [name, message] of [
      ["folder.nii.gz", /it is a folder/u],
      ["zero\0byte.nii", /no file can have that name/u],
      ["absent.nii", /there is no such file/u],
      ["a.nii/inside.nii", /names as a folder is a file/u],
      [`${"x".repeat(300)}.nii`, /its name is too long/u],
    ] as const) {
      const pair = { case: "a", reference: join(folder, "a.nii"), prediction: `${folder}/${name}` };
      const found = await recordCase({ pair, settings: SETTINGS });
      expect(found).toMatchObject({ error: { code: "UNREADABLE_FILE", message: expect.stringMatching(message) } });
    }
  });
});
