// split.json, classes.json, dataset.json and splits_final.json with anything in them: a data set or a coded error that names the file.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseClassNames } from "../../src/datasets/class-names.js";
import { describeImageFolder } from "../../src/datasets/image-folder.js";
import { describeNnunet } from "../../src/datasets/nnunet.js";
import { describeSplitFile } from "../../src/datasets/split-file.js";
import { LabError } from "../../src/errors.js";
import { writeFiles } from "../evaluation/label-files.js";
import { temporaryFolder } from "../experiment/fakes.js";
import { damaged, nearly } from "./any-json.js";

const RUNS = { numRuns: 120 };

const SPLIT = {
  name: "vessels",
  image: "images/{id}.png",
  mask: "masks/{id}.png",
  roi: "fov/{id}.png",
  classes: { "0": "background", "1": "vessel", "2": "disc" },
  splits: { train: ["a", "b"], val: ["c"], test: ["d"] },
  grouping: "by patient.",
};
const NNUNET = {
  name: "Hippocampus",
  channel_names: { "0": "MRI" },
  labels: { background: 0, anterior: 1, posterior: 2, ignore: 3 },
  file_ending: ".nii.gz",
  numTraining: 3,
};
const FOLDS = [{ train: ["a", "b"], val: ["c"] }];
const CLASSES = ["vessel", "disc"];

const NNUNET_FILES = ["a", "b", "c"].flatMap((id) => [`imagesTr/${id}_0000.nii.gz`, `labelsTr/${id}.nii.gz`]);
const PLAIN_FILES = ["a", "b", "c"].flatMap((id) => [`images/${id}.png`, `masks/${id}.png`]);

interface Form {
  readonly file: string;
  readonly valid: unknown;
  /** Files beside it, of which nothing is read yet. */
  readonly others: Readonly<Record<string, string>>;
  describe(folder: string): Promise<{ readonly cases: readonly { readonly id: string }[] }>;
}

const empty = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, ""]));
const FORMS: readonly Form[] = [
  { file: "split.json", valid: SPLIT, others: {}, describe: describeSplitFile },
  { file: "dataset.json", valid: NNUNET, others: empty(NNUNET_FILES), describe: describeNnunet },
  {
    file: "splits_final.json",
    valid: FOLDS,
    others: { ...empty(NNUNET_FILES), "dataset.json": JSON.stringify(NNUNET) },
    describe: describeNnunet,
  },
  { file: "classes.json", valid: CLASSES, others: empty(PLAIN_FILES), describe: describeImageFolder },
];

const CODES = ["BAD_DATASET", "EMPTY_DATASET", "UNREADABLE_FILE"];

describe.each(FORMS)("$file", ({ file, valid, others, describe: read }) => {
  /** Reads the text in place of the file; what is read must have cases. */
  const outcome = async (folder: string, text: string | Uint8Array): Promise<string> => {
    await writeFile(join(folder, file), text);
    let cases: readonly { readonly id: string }[];
    try {
      ({ cases } = await read(folder));
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
      expect(CODES).toContain(error.code);
      expect(error.message).toContain(folder);
      return error.code;
    }
    expect(cases.length).toBeGreaterThan(0);
    for (const { id } of cases) expect(id).toEqual(expect.any(String));
    return "read";
  };

  const outcomes = async (texts: fc.Arbitrary<string> | readonly (string | Uint8Array)[]): Promise<Set<string>> => {
    const folder = await temporaryFolder();
    await writeFiles(folder, others);
    const found = new Set<string>();
    if (texts instanceof fc.Arbitrary) {
      const property = fc.asyncProperty(texts, async (text) => void found.add(await outcome(folder, text)));
      await fc.assert(property, RUNS);
    } else {
      for (const text of texts) found.add(await outcome(folder, text));
    }
    return found;
  };

  test("property: any values in place of the right ones", async () => {
    const texts = nearly(valid).map((json) => JSON.stringify(json) ?? "null");
    expect(await outcomes(texts)).toContain("BAD_DATASET");
  });

  test("property: text that is cut, stretched and overwritten", async () => {
    expect(await outcomes(damaged(JSON.stringify(valid)))).toContain("BAD_DATASET");
  });

  test("bytes that are no text, and brackets without end", async () => {
    const json = JSON.stringify(valid);
    const utf16 = Buffer.from(`\uFEFF${json}`, "utf16le");
    const binary = Uint8Array.from({ length: 4000 }, (_, i) => (i * 197) & 255);
    const texts = [utf16, binary, "[".repeat(200_000), '{"a":'.repeat(200_000), "\0".repeat(100)];
    expect(await outcomes(texts)).not.toContain("read");
  });

  test("a byte order mark is no harm", async () => {
    expect(await outcomes([`\uFEFF${JSON.stringify(valid)}`])).toEqual(new Set(["read"]));
  });
});

describe("many names", () => {
  test("all the labels there can be", () => {
    const names = Array.from({ length: 65_535 }, (_, i) => `structure ${i + 1}`);
    expect(parseClassNames(names, "classes.json").names.size).toBe(65_535);
    expect(() => parseClassNames([...names, "one more"], "classes.json")).toThrow(/is 65536; it must be 0 to 65535/u);
  });

  test("lists within lists are no region", () => {
    const deep = JSON.parse(`${"[".repeat(100_000)}${"]".repeat(100_000)}`) as unknown;
    for (const value of [deep, [{ toString: 1 }]]) {
      expect(() => parseClassNames({ liver: value }, join("a", "classes.json"))).toThrow(LabError);
    }
  });
});
