// Exported PyTorch modules, run by PyTorch, against our own value and gradient: every loss, every head, with what the training code may hand over.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pythonWith } from "../../../../test-support/programs.js";
import { LosskitError } from "../../src/errors.js";
import { exportPyTorch } from "../../src/export/pytorch.js";
import { add, bce, dice, focal } from "../../src/index.js";
import { allLosses } from "../../src/losses/all.js";
import type { Loss } from "../../src/losses/loss.js";
import { formula, lossOf } from "../formula/random-formula.js";
import { type CaseShape, exportCase, exportHeads, IGNORED, optionVariants } from "./export-cases.js";
import { disagreements, type Run } from "./run-modules.js";

const python = pythonWith("torch");

/** Runs of a loss for every head, plain, with ignored voxels and with weights; `refuse` gets what cannot be exported. */
function everyHead(loss: Loss, refuse: (what: string, reason: string) => void): Run[] {
  const runs: Run[] = [];
  exportHeads(loss).forEach((head, i) => {
    for (const extra of [{}, { ignore: IGNORED }, { weights: true }]) {
      const options = { ...head, ...extra };
      const run = (dtype: Run["dtype"], shape: CaseShape = {}) =>
        runs.push({
          ...exportCase(loss, 7 + i, options, shape),
          loss,
          text: exportPyTorch(loss, options),
          framework: "pytorch",
          dtype,
        });
      try {
        run("float64");
        if (Object.keys(extra).length > 0) continue;
        run("float32");
        run("float64", { space: [3, 4, 3], spacing: [2, 1, 0.5] });
      } catch (error) {
        if (!(error instanceof LosskitError)) throw error;
        refuse(Object.keys(extra).join(), error.message);
      }
    }
  });
  return runs;
}

describe.skipIf(!python)("a module of PyTorch agrees with losskit", { timeout: 120_000 }, () => {
  const refused = new Map<string, string>();
  const byLoss = allLosses.map((factory) => {
    const { name } = factory.definition;
    return { name, runs: everyHead(factory(), (what, reason) => refused.set(`${name}, ${what}`, reason)) };
  });
  const all = byLoss.flatMap(({ runs }) => runs);
  const problems = python ? disagreements(python, all) : [];

  it.each(byLoss.filter(({ runs }) => runs.length > 0))("$name", ({ runs }) => {
    expect(runs.map((run) => problems[all.indexOf(run)]).filter(Boolean)).toEqual([]);
  });

  it("refuses what PyTorch cannot say", () => {
    expect(Object.fromEntries(refused)).toMatchInlineSnapshot(`
      {
        "dice-topk, weights": "TopK cross entropy cannot take voxel weights: top_mean: it selects voxels by rank, and a rank has no weight",
        "lovasz-hinge, weights": "Lovász hinge loss cannot take voxel weights: lovasz: it ranks the voxels by error, and a rank has no weight",
        "lovasz-softmax, weights": "Lovász-Softmax loss cannot take voxel weights: lovasz: it ranks the voxels by error, and a rank has no weight",
        "ohem, weights": "OHEM cross entropy cannot take voxel weights: hard_mean: it selects voxels by rank, and a rank has no weight",
        "skeleton-recall, ": "Skeleton recall loss cannot be exported to PyTorch: thinning a mask to its skeleton goes voxel by voxel, for which it has no operation",
        "skeleton-recall, ignore": "Skeleton recall loss cannot be exported to PyTorch: thinning a mask to its skeleton goes voxel by voxel, for which it has no operation",
        "skeleton-recall, weights": "Skeleton recall loss cannot be exported to PyTorch: thinning a mask to its skeleton goes voxel by voxel, for which it has no operation",
        "topk, weights": "TopK cross entropy cannot take voxel weights: top_mean: it selects voxels by rank, and a rank has no weight",
        "topk-bce, weights": "TopK binary cross entropy cannot take voxel weights: top_mean: it selects voxels by rank, and a rank has no weight",
      }
    `);
  });

  it("takes the options of a term as the loss does, or refuses them as it does", () => {
    const runs: Run[] = [];
    const wrong: string[] = [];
    for (const { loss, title, head, seed } of optionVariants()) {
      if (title.startsWith("skeleton-recall")) continue;
      const example = exportCase(loss, seed, head);
      const reason = (attempt: () => unknown) => {
        try {
          attempt();
        } catch (error) {
          if (error instanceof LosskitError) return error.code;
          throw error;
        }
        return "none";
      };
      let text = "";
      const exported = reason(() => {
        text = exportPyTorch(loss, head);
      });
      const ours = reason(() => loss.value(example.logits, example.target, example.call));
      if (exported !== ours) wrong.push(`${title}: exported ${exported}, ours ${ours}`);
      else if (exported === "none")
        runs.push({
          ...example,
          title: `${title}, ${example.title}`,
          loss,
          text,
          framework: "pytorch",
          dtype: "float64",
        });
    }
    expect(wrong).toEqual([]);
    expect(runs.length).toBeGreaterThan(200);
    expect(disagreements(python as string, runs).filter(Boolean)).toEqual([]);
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
    const runs = losses.flatMap((loss, i) => {
      const heads = exportHeads(loss).filter(({ head }) => head !== "binary");
      const head = { ...heads[i % heads.length], channels: 3 };
      const title = loss.terms.map(({ definition }) => definition.formula).join();
      return [
        {
          ...exportCase(loss, i, head),
          title,
          loss,
          text: exportPyTorch(loss, head),
          framework: "pytorch",
          dtype: "float64",
        } as const,
      ];
    });
    expect(disagreements(python as string, runs).filter(Boolean)).toEqual([]);
  });
});
