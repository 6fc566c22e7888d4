import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rank } from "../../src/experiment/ranking.js";
import { terminalTable } from "../../src/report/terminal-table.js";
import { resultOf } from "../experiment-statistics/simulated.js";
import { exampleResult } from "./example.js";

const ranking = rank(exampleResult());
const wide = { color: false, width: Number.POSITIVE_INFINITY };

describe("the ranking in a terminal", () => {
  it("has every loss in its place, with its numbers", () => {
    const lines = terminalTable(ranking, wide).split("\n");
    const [best] = ranking.rows;
    const cells = lines[3].split("│").map((cell) => cell.trim());
    expect(cells.slice(1, 5)).toEqual([
      "1",
      best.label,
      best.dice?.toFixed(3),
      `${best.interval?.[0].toFixed(3)} to ${best.interval?.[1].toFixed(3)}`,
    ]);
    expect(lines.slice(3, 11).map((line) => line.split("│")[2].trim())).toEqual(ranking.rows.map(({ label }) => label));
  });

  it("says below the table which trials did not finish and why", () => {
    expect(terminalTable(ranking, wide).split("\n").at(-1)).toBe(
      "focal: seed 3 diverged: the loss is NaN at step 41; lower the rate",
    );
  });

  it("gives up columns from the end, never place, loss and Dice", () => {
    const head = (width: number) =>
      terminalTable(ranking, { color: false, width })
        .split("\n")[1]
        .split("│")
        .map((cell) => cell.trim())
        .filter((cell) => cell !== "");
    expect(head(Number.POSITIVE_INFINITY)).toContain("precision");
    expect(head(80)).toEqual(["loss", "Dice", "95 % over seeds", "sd of cases", "cases", "seeds"]);
    expect(head(35)).toEqual(["loss", "Dice"]);
  });

  it("fits every width from 26 on, with names of any script and length", () => {
    const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 }).filter((text) => text !== "b");
    fc.assert(
      fc.property(name, fc.integer({ min: 26, max: 200 }), (label, width) => {
        const text = terminalTable(rank(resultOf({ [label]: [[0.5], [0.6]], b: [[0.4], [0.4]] })), {
          color: false,
          width,
        });
        const border = text.split("\n")[0];
        expect([...border].length).toBeLessThanOrEqual(width);
        expect(text.split("\n")).toHaveLength(6);
      }),
    );
  });

  it("shortens a long name rather than run over", () => {
    const text = terminalTable(rank(resultOf({ ["x".repeat(50)]: [[0.5]] })), { color: false, width: 40 });
    expect(text).toMatch(/x+…/);
    expect(Math.max(...text.split("\n").map((line) => [...line].length))).toBe(40);
  });

  it("has escapes only where colours are wanted", () => {
    const plain = terminalTable(ranking, wide);
    const coloured = terminalTable(ranking, { ...wide, color: true });
    expect(stripVTControlCharacters(plain)).toBe(plain);
    expect(coloured).not.toBe(plain);
    expect(stripVTControlCharacters(coloured)).toBe(plain);
  });

  it("does not let a name steer the terminal", () => {
    const text = terminalTable(rank(resultOf({ "a\u001b[2Jb\r\n\u0007c": [[0.5]] })), wide);
    expect(text.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
    expect(text).toContain("ab c");
  });

  it("shows a loss without a finished trial", () => {
    const text = terminalTable(rank(resultOf({ a: [[0.5]], b: [] })), wide);
    expect(
      text
        .split("\n")[4]
        .split("│")
        .map((cell) => cell.trim())
        .slice(1, 4),
    ).toEqual(["", "b", "–"]);
  });
});
