import fc from "fast-check";
import { expect, it } from "vitest";
import type { CompareResult } from "../../src/experiment/results.js";
import { toCsv } from "../../src/report/csv.js";
import { resultOf, score } from "../experiment-statistics/simulated.js";
import { exampleResult } from "./example.js";

/** Reads RFC 4180: quotes doubled inside quotes, CRLF between records. */
function parse(text: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/g)) {
    rows[rows.length - 1].push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === "\r\n") rows.push([]);
    if (end === "") break;
  }
  return rows.slice(0, -1);
}

const withNames = (loss: string, id: string): CompareResult => {
  const base = resultOf({ [loss]: [[0.5]] });
  return { ...base, trials: [{ ...base.trials[0], cases: [score(id, "lesion", 0.5)] }] };
};

it("has one row for each loss, seed, case and class that was scored", () => {
  const rows = parse(toCsv(exampleResult(["a", "b"], 5)));
  expect(rows[0].slice(0, 5)).toEqual(["loss", "seed", "case", "class", "dice"]);
  // One of 24 trials diverged.
  expect(rows).toHaveLength(1 + 23 * 5 * 2);
  expect(new Set(rows.slice(1).map((row) => row.slice(0, 4).join("|"))).size).toBe(23 * 5 * 2);
  expect(new Set(rows.map((row) => row.length))).toEqual(new Set([11]));
});

it("keeps every digit, and leaves an undefined score empty", () => {
  const rows = parse(toCsv(resultOf({ a: [[0.1 + 0.2, null]] })));
  expect(Number(rows[1][4])).toBe(0.1 + 0.2);
  expect(rows[2][4]).toBe("");
});

it("brings back names with commas, quotes and line ends", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (loss, id) => {
      const rows = parse(toCsv(withNames(loss, id)));
      expect(rows).toHaveLength(2);
      const [name, , caseId] = rows[1];
      expect([loss, `'${loss}`]).toContain(name);
      expect([id, `'${id}`]).toContain(caseId);
    }),
  );
  expect(parse(toCsv(withNames('a,"b"\r\nc', "x")))[1][0]).toBe('a,"b"\r\nc');
});

it.each(["=1+1", "+1", "-1", "@x", "\tx"])("does not let a spreadsheet run %j", (name) => {
  expect(parse(toCsv(withNames(name, "x")))[1][0]).toBe(`'${name}`);
});
