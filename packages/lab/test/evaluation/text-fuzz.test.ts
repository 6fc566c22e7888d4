// Pairs in a CSV and labels in a JSON file with anything in them: what they say, or a coded error that names the file.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LabError } from "../../src/errors.js";
import { csvRows } from "../../src/evaluation/csv-rows.js";
import { readPairList } from "../../src/evaluation/pair-list.js";
import type { Pair } from "../../src/evaluation/pairs.js";
import { structuresOfFile } from "../../src/evaluation/structures.js";
import { damaged, nearly } from "../datasets/any-json.js";
import { temporaryFolder } from "../experiment/fakes.js";
import { writeFiles } from "./label-files.js";

const RUNS = { numRuns: 200 };
const CODES = ["BAD_DATASET", "EMPTY_DATASET", "UNREADABLE_FILE"];

/** Reads every text as a file of this name; returns what came of it: "read", or codes. */
async function outcomes<T>(
  name: string,
  texts: fc.Arbitrary<string | Uint8Array>,
  read: (path: string) => Promise<T>,
  check: (result: T) => void,
): Promise<Set<string>> {
  const path = join(await temporaryFolder(), name);
  const found = new Set<string>();
  await fc.assert(
    fc.asyncProperty(texts, async (text) => {
      await writeFile(path, text);
      found.add(await outcome(path, read, check));
    }),
    RUNS,
  );
  return found;
}

async function outcome<T>(
  path: string,
  read: (path: string) => Promise<T>,
  check: (result: T) => void,
): Promise<string> {
  let result: T;
  try {
    result = await read(path);
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    expect(CODES).toContain(error.code);
    expect(error.message).toContain(path);
    expect(error.message.length).toBeLessThan(2000);
    return error.code;
  }
  check(result);
  return "read";
}

describe("CSV", () => {
  const quoted = (field: string) => `"${field.replaceAll('"', '""')}"`;
  const field = fc
    .string({ unit: fc.constantFrom("a", "é", '"', ",", ";", " ", "\n", "\r"), maxLength: 6 })
    .map((text) => text.trim());
  const rows = fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 5 });

  test.each(["\n", "\r\n", "\r"])("property: what is quoted comes back, lines ended by %j", (end) => {
    fc.assert(
      fc.property(rows, fc.constantFrom("", "\uFEFF"), fc.constantFrom("", end), (fields, mark, last) => {
        // The separator is told by the first line.
        const all = [["head", "more"], ...fields];
        const text = mark + all.map((row) => row.map(quoted).join(",")).join(end) + last;
        expect(csvRows(text)).toEqual(all);
      }),
      RUNS,
    );
  });

  test("property: any text gives rows of fields, or is told not to end", () => {
    const text = fc.string({
      unit: fc.oneof(
        fc.constantFrom('"', ",", ";", "\n", "\r", "\0", "\uFEFF"),
        fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
      ),
    });
    fc.assert(
      fc.property(text, (any) => {
        for (const row of csvRows(any) ?? []) for (const one of row) expect(typeof one).toBe("string");
      }),
      { numRuns: 2000 },
    );
  });

  test("a field, a row and a table of millions of characters", () => {
    expect(csvRows(`"${'""'.repeat(500_000)}"`)).toEqual([['"'.repeat(500_000)]]);
    expect(csvRows(",".repeat(1_000_000))?.[0]).toHaveLength(1_000_001);
    expect(csvRows("a,b\n".repeat(250_000))).toHaveLength(250_000);
    expect(csvRows('"'.repeat(1_000_001))).toBeUndefined();
  });
});

describe("a CSV of pairs", () => {
  const VALID =
    'case,reference,prediction\none,t/a.nii.gz,p/a.nii.gz\n"two, so",t/b.png,p/b.png\nthree,t/c.nii,p/c.nii\n';
  const check = (pairs: readonly Pair[]) => {
    expect(pairs.length).toBeGreaterThan(0);
    expect(new Set(pairs.map((pair) => pair.case)).size).toBe(pairs.length);
  };

  test("property: cut, stretched and overwritten", async () => {
    expect(await outcomes("pairs.csv", damaged(VALID), readPairList, check)).toEqual(new Set(["read", "BAD_DATASET"]));
  });

  test.each([
    ["a byte order mark, Windows' line ends", `\uFEFF${VALID.replaceAll("\n", "\r\n")}`, "read"],
    ["semicolons", VALID.replaceAll(",", ";"), "read"],
    ["UTF-16", Buffer.from(`\uFEFF${VALID}`, "utf16le"), "UNREADABLE_FILE"],
    ["an empty file", "", "UNREADABLE_FILE"],
    ["a head alone", "case,reference,prediction\n", "EMPTY_DATASET"],
    ["a column missing", VALID.replace("prediction", "predicted"), "BAD_DATASET"],
    ["an empty field", VALID.replace("p/b.png", ""), "BAD_DATASET"],
    ["a row too short", `${VALID}four\n`, "BAD_DATASET"],
    ["a quote that does not end", `${VALID}"four,t/d.png,p/d.png\n`, "BAD_DATASET"],
    ["one case twice", `${VALID}one,t/d.png,p/d.png\n`, "BAD_DATASET"],
    ["a line without end", "x".repeat(3_000_000), "BAD_DATASET"],
    ["a head of a million columns", "reference,".repeat(1_000_000), "BAD_DATASET"],
    ["no text at all", Uint8Array.from({ length: 5000 }, (_, i) => (i * 197) & 255), "BAD_DATASET"],
    ["a file name of a million characters", `reference,prediction\n${"x".repeat(1_000_000)},b.png\n`, "BAD_DATASET"],
  ] as const)("%s", async (_, text, expected) => {
    const path = join(await temporaryFolder(), "pairs.csv");
    await writeFile(path, text);
    expect(await outcome(path, readPairList, check)).toBe(expected);
  });
});

describe("labels in a file", () => {
  const FILES: Readonly<Record<string, unknown>> = {
    "dataset.json": { labels: { background: 0, whole: [1, 2], core: 2, ignore: 3 }, name: "tumours" },
    "split.json": { image: "{id}.png", classes: { "0": "background", "1": "vessel" } },
    "classes.json": ["vessel", "disc"],
  };

  test.each(Object.keys(FILES))(
    "property: %s with any values in place of the right ones, and damaged",
    async (name) => {
      const valid = FILES[name];
      const texts = fc.oneof(
        nearly(valid).map((json) => JSON.stringify(json) ?? "null"),
        damaged(JSON.stringify(valid)),
      );
      const found = await outcomes(name, texts, structuresOfFile, ({ structures, ignore }) => {
        expect(structures!.length).toBeGreaterThan(0);
        for (const one of structures!) {
          expect(one.name.trim()).not.toBe("");
          expect(one.labels.length).toBeGreaterThan(0);
          for (const label of one.labels) expect(label > 0 && label <= 65_535 && Number.isInteger(label)).toBe(true);
        }
        expect(ignore === undefined || Number.isInteger(ignore)).toBe(true);
      });
      expect(found).toContain("BAD_DATASET");
      expect(found).toContain("read");
    },
  );

  const read = async (content: unknown) => {
    const folder = await temporaryFolder();
    await writeFiles(folder, { "classes.json": JSON.stringify(content) });
    return structuresOfFile(join(folder, "classes.json"));
  };

  test("a list that starts with the background counts from 0", async () => {
    const expected = await read(["vessel", "disc"]);
    expect(await read(["background", "vessel", "disc"])).toEqual(expected);
  });

  test("all the labels there can be, each with a name", async () => {
    const names = Array.from({ length: 65_535 }, (_, i) => `structure ${i + 1}`);
    expect((await read(names)).structures).toHaveLength(65_535);
  });

  test("several labels that are ignored are refused, not passed over", async () => {
    await expect(read({ liver: 1, ignore: [2, 3] })).rejects.toThrow(
      /"ignore" has 2 labels; one value can be ignored/u,
    );
  });
});
