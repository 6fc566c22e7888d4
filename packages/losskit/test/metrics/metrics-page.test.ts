// Runs docs/metrics.md: its code compiles and prints what it says, and it names what losskit/metrics has.

import { describe, expect, it } from "vitest";
import { headingsOf, readPage, runPiece, typeProblems } from "../../../../test-support/code-in-pages.js";
import * as metrics from "../../src/metrics/index.js";

const page = readPage("metrics.md");

describe("the pieces of code", () => {
  it("are there, for every section but the one on what to choose", () => {
    const sections = headingsOf(page).filter((title) => title !== "Which to choose");
    expect(sections.length).toBeGreaterThanOrEqual(8);
    expect([...new Set(page.pieces.map(({ title }) => title))]).toEqual(sections);
  });

  it.each(page.pieces)("print what they say: $title", (piece) => {
    const { printed, stated } = runPiece(page, piece, { "losskit/metrics": metrics });
    expect(printed.length).toBeGreaterThan(0);
    expect(printed).toEqual(stated);
  });

  it("are well typed", () => {
    expect(typeProblems(page)).toEqual([]);
  });
});

it("names every function of losskit/metrics", () => {
  const functions = Object.entries(metrics).flatMap(([name, value]) => (typeof value === "function" ? [name] : []));
  expect(functions.length).toBeGreaterThan(40);
  expect(functions.filter((name) => !new RegExp(`\\b${name}\\b`, "u").test(page.text))).toEqual([]);
});
