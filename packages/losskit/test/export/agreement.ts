// Every loss, with every head, with what the training code may hand over and with the options of a term: exported, run, and held against ours.

import fc from "fast-check";
import { expect, it } from "vitest";
import { LosskitError } from "../../src/errors.js";
import type { ExportOptions } from "../../src/export/options.js";
import { add, bce, dice, focal } from "../../src/index.js";
import { allLosses } from "../../src/losses/all.js";
import type { Loss } from "../../src/losses/loss.js";
import { formula, lossOf } from "../formula/random-formula.js";
import { largestDifferences, statedProblems } from "./agreement-figures.js";
import { type CaseShape, exportCase, exportHeads, IGNORED, optionVariants } from "./export-cases.js";
import { compared, disagreement, disagreements, type Framework, type Run } from "./run-modules.js";

export interface Exporter {
  readonly framework: Framework;
  readonly python: string;
  toText(loss: Loss, options: ExportOptions): string;
}

/** Code of the error that something throws, or "none". */
function errorCode(attempt: () => unknown): string {
  try {
    attempt();
  } catch (error) {
    if (error instanceof LosskitError) return error.code;
    throw error;
  }
  return "none";
}

/** Runs of a loss for every head, plain, with ignored voxels and with weights; `refuse` gets what cannot be exported. */
function everyHead({ toText }: Exporter, loss: Loss, refuse: (what: string, reason: string) => void): Run[] {
  const runs: Run[] = [];
  exportHeads(loss).forEach((head, i) => {
    for (const extra of [{}, { ignore: IGNORED }, { weights: true }]) {
      const options = { ...head, ...extra };
      const run = (dtype: Run["dtype"], shape: CaseShape = {}) =>
        runs.push({ ...exportCase(loss, 7 + i, options, shape), loss, text: toText(loss, options), dtype });
      try {
        run("float64");
        if (Object.keys(extra).length > 0) continue;
        run("float32");
        run("float64", { space: [3, 4, 3], spacing: [2, 1, 0.5] });
      } catch (error) {
        if (!(error instanceof LosskitError)) throw error;
        refuse(["", ...Object.keys(extra)].join(" with "), error.message);
      }
    }
  });
  return runs;
}

/**
 * Defines the tests, inside of a `describe`.
 *
 * @returns why losses are refused, by loss and option
 */
export function testAgreement(exporter: Exporter): ReadonlyMap<string, string> {
  const { framework, python, toText } = exporter;
  const refused = new Map<string, string>();
  const byLoss = allLosses.map((factory) => {
    const { name } = factory.definition;
    return { name, runs: everyHead(exporter, factory(), (what, reason) => refused.set(`${name}${what}`, reason)) };
  });
  const all = byLoss.flatMap(({ runs }) => runs);
  const comparisons = compared(framework, python, all);
  const problems = all.map((run, i) => disagreement(run, comparisons[i]));

  it.each(byLoss.filter(({ runs }) => runs.length > 0))("$name", ({ runs }) => {
    expect(runs.map((run) => problems[all.indexOf(run)]).filter(Boolean)).toEqual([]);
  });

  it("differs by no more than the pages of docs/losses say", () => {
    expect(
      statedProblems(
        framework,
        largestDifferences(byLoss, (run) => comparisons[all.indexOf(run)]),
      ),
    ).toEqual([]);
  });

  it("takes the options of a term as the loss does, or refuses them as it does", () => {
    const runs: Run[] = [];
    const wrong: string[] = [];
    for (const { loss, name, title, head, seed } of optionVariants()) {
      if (refused.has(name)) continue;
      const example = exportCase(loss, seed, head);
      let text = "";
      const exported = errorCode(() => {
        text = toText(loss, head);
      });
      const ours = errorCode(() => loss.value(example.logits, example.target, example.call));
      if (exported !== ours) wrong.push(`${title}: exported ${exported}, ours ${ours}`);
      else if (exported === "none")
        runs.push({ ...example, title: `${title}, ${example.title}`, loss, text, dtype: "float64" });
    }
    expect(wrong).toEqual([]);
    expect(runs.length).toBeGreaterThan(200);
    expect(disagreements(framework, python, runs).filter(Boolean)).toEqual([]);
  });

  it("prints sums of losses and formulas of one's own", () => {
    const losses = [
      add(dice(), [0.5, bce()]),
      add(focal({ focus: 1 }), [0.3, focal({ focus: 3 })]),
      add(dice({ classes: "foreground" }), dice({ classes: "present", images: "each" })),
      ...fc.sample(formula, { numRuns: 60, seed: 11 }).flatMap((text) => {
        try {
          return [lossOf(text, text.includes("sum_by") ? { images: "each" } : {}, 3)];
        } catch {
          // Voxels that cancel leave no loss.
          return [];
        }
      }),
    ];
    const runs = losses.flatMap((loss, i): Run[] => {
      const heads = exportHeads(loss).filter(({ head }) => head !== "binary");
      const head = { ...heads[i % heads.length], channels: 3 };
      const title = loss.terms.map(({ definition }) => definition.formula).join();
      try {
        return [{ ...exportCase(loss, i, head), title, loss, text: toText(loss, head), dtype: "float64" }];
      } catch (error) {
        if (error instanceof LosskitError && title.includes("sum_by")) return [];
        throw error;
      }
    });
    expect(runs.length).toBeGreaterThan(25);
    expect(disagreements(framework, python, runs).filter(Boolean)).toEqual([]);
  });
  return refused;
}
