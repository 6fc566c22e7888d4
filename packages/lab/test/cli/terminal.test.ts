// What people see: pages within their width, colours only where wanted, progress that tells the truth.

import { PassThrough } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { type LossFactory, LosskitError } from "losskit";
import { allLosses, toBibtex } from "losskit/losses";
import { describe, expect, test } from "vitest";
import { describeError, EXIT, exitStatus } from "../../src/cli/exit-status.js";
import { formatExplanation } from "../../src/cli/explain.js";
import { formatList, formulaInOneLine } from "../../src/cli/list.js";
import { describeEnd, formatDuration, showProgress, stepCounter } from "../../src/cli/progress.js";
import { commandLine, quote } from "../../src/cli/shell.js";
import { styleFor, truncate, visibleWidth, wrap } from "../../src/cli/terminal.js";
import { dedent, partsOf } from "../../src/documents/loss-facts.js";
import { LabError } from "../../src/errors.js";
import { listTrials } from "../../src/experiment/output-folder.js";
import type { TrialResult } from "../../src/experiment/results.js";

const plain = styleFor({});
const definitions = allLosses.map(({ definition }) => definition);
const widest = (text: string) => Math.max(...text.split("\n").map(visibleWidth));

describe("list", () => {
  test("names every loss, within 80 columns", () => {
    const text = formatList(definitions, 80, plain);
    for (const { name } of definitions) expect(text).toMatch(new RegExp(`^[! ] ${name} `, "mu"));
    expect(widest(text)).toBeLessThanOrEqual(80);
  });

  test("counts the members of each family, and shows whole formulas only where there is room", () => {
    expect(formatList(definitions, 80, plain)).toMatch(/^Topology: .* \(5\)$/mu);
    expect(formatList(definitions, 80, plain)).not.toContain("sum(p * y)");
    const wide = formatList(definitions, 140, plain);
    expect(wide).toMatch(/^ {2}iou +IoU loss +1 - \(I \+ s\) \/ \(sum\(p\) \+ sum\(y\) - I \+ s_d\)$/mu);
    expect(widest(wide)).toBeLessThanOrEqual(140);
    expect(widest(formatList(definitions, 40, plain).split("\n\n! a form")[0])).toBeLessThanOrEqual(40);
  });

  test("is not cut where there is no terminal", () => {
    const text = formatList(definitions, Number.POSITIVE_INFINITY, plain);
    expect(text).not.toContain("…");
    expect(text).toContain("1 - (TP + s) / (TP + alpha * FP + beta * FN + s)");
  });

  test("marks forms that differ from their paper", () => {
    const erratum = definitions.find((definition) => definition.erratum);
    expect(formatList(definitions, 80, plain)).toContain(`! ${erratum?.name} `);
  });

  test("the one line of a formula is its last statement, whole", () => {
    expect(formulaInOneLine("\n  I = sum(p * y)\n  loss = 1 - I\n    / sum(y)\n")).toBe("1 - I / sum(y)");
    expect(formulaInOneLine("mean(p == y)")).toBe("mean(p == y)");
  });
});

describe("explain", () => {
  const explain = (name: string) => {
    const factory = allLosses.find(({ definition }) => definition.name === name) as LossFactory;
    const { definition } = factory;
    return formatExplanation(
      definition,
      partsOf(definition, factory().terms),
      definition.references.map(toBibtex),
      80,
      plain,
    );
  };
  const flat = (text: string) => text.replace(/\s+/gu, " ");

  test.each(definitions.map((definition) => [definition.name, definition] as const))("%s", (name, definition) => {
    const text = explain(name);
    for (const line of dedent(definition.formula)) expect(text).toContain(`  ${line}\n`);
    for (const [parameter, { symbol, meaning }] of Object.entries(definition.parameters)) {
      expect(text).toMatch(new RegExp(`^ {2}${parameter} +${symbol} `, "mu"));
      expect(flat(text)).toContain(flat(meaning));
    }
    for (const key of definition.references) expect(text).toMatch(new RegExp(`@\\w+\\{${key},`, "u"));
    expect(flat(text)).toContain(definition.use);
    for (const { name: elsewhere, differs } of Object.values(definition.elsewhere ?? {})) {
      expect(flat(text)).toContain(flat(`${elsewhere}: ${differs ? `differs, ${differs}` : "the same"}`));
    }
    expect(text.includes("Values: ") || text.includes("It depends on")).toBe(definition.values !== undefined);
    expect(text.includes("Not the form of its paper")).toBe(definition.erratum !== undefined);
    expect(text).toMatch(new RegExp(`losskit compare [^]*--loss "?${name}(?=[:\\s])`, "u"));
    expect(text).not.toMatch(/ $/mu);
    // A formula is shown as written, whatever its width.
    const rest = text.replace(dedent(definition.formula).join("\n  "), "");
    expect(widest(rest)).toBeLessThanOrEqual(80);
  });

  test("the values that tell forms apart, and those that depend on the size", () => {
    expect(flat(explain("dice"))).toContain(
      "Values: right everywhere 0; wrong everywhere 1; empty mask, predicted empty 0; empty mask, all marked 1; full mask, p = 1/2 0.3333.",
    );
    expect(flat(explain("dice-ce"))).toContain("It depends on the size or the logits where: wrong everywhere;");
  });

  test("what the weights weigh, and a default that follows another", () => {
    expect(flat(explain("tversky"))).toContain("alpha that of false positives, beta that of false negatives");
    expect(explain("tversky")).toMatch(/^ {2}smoothDenominator +s_d +as s /mu);
  });

  test("the parts of a compound, and the heads of a loss", () => {
    expect(explain("dice-cldice")).toContain("Parts\n  0.5 × dice (Dice loss)\n  0.5 × cldice (clDice loss)\n");
    expect(explain("tversky")).not.toContain("Parts");
    expect(flat(explain("dice-ce"))).toContain(
      "one foreground class (softmax with the background) or several (softmax)",
    );
    expect(flat(explain("bce"))).toContain("It trains one foreground class (sigmoid).");
  });

  test("a formula wider than a narrow window leaves everything else within it", () => {
    const factory = allLosses.find(({ definition }) => definition.name === "dice-cldice") as LossFactory;
    const text = formatExplanation(factory.definition, factory().terms, [], 40, plain);
    expect(flat(text)).toContain("iterations iterations 3 from 0, whole erosions of the soft skeleton");
  });
});

describe("colours", () => {
  test.each([
    [{ isTTY: true }, {}, true],
    [{ isTTY: false }, {}, false],
    [{ isTTY: true }, { NO_COLOR: "1" }, false],
    [{ isTTY: true }, { NO_COLOR: "" }, true],
    [{ isTTY: true }, { TERM: "dumb" }, false],
  ])("%j with %j: %s", (output, environment, coloured) => {
    const text = styleFor(output, environment).red("x");
    expect(text === "x").toBe(!coloured);
    expect(stripVTControlCharacters(text)).toBe("x");
  });
});

test("text is broken at spaces and cut with an ellipsis", () => {
  expect(wrap("aa bb cc dd", 5)).toBe("aa bb\ncc dd");
  expect(wrap("aa bb cc", 5, "  ")).toBe("aa bb\n  cc");
  expect(wrap("abcdefgh ij", 4)).toBe("abcdefgh\nij");
  expect(truncate("Lovász hinge", 6)).toBe("Lovás…");
  expect(truncate("dice", 4)).toBe("dice");
});

describe("errors", () => {
  test.each([
    [new LabError("USAGE", "x"), 2],
    [new LabError("UNKNOWN_CLASS", "x"), 2],
    [new LabError("INCOMPATIBLE_LOSS", "x"), 2],
    [new LosskitError("PARAMETER", "x"), 2],
    [new LosskitError("FORMULA_SYNTAX", "x"), 2],
    [new LabError("MISSING_MASK", "x"), 3],
    [new LabError("EMPTY_DATASET", "x"), 3],
    [new LabError("WRITE_FAILED", "x"), 4],
    [new LabError("INTERRUPTED", "x"), 130],
    [new LosskitError("INTERNAL", "x"), 1],
    [new TypeError("x"), 1],
  ])("%s ends with %i", (error, status) => {
    expect(exitStatus(error)).toBe(status);
  });

  test("an expected error is one message with its code, without a stack", () => {
    expect(describeError(new LabError("MISSING_MASK", "a.png has no mask"), plain, {})).toBe(
      "error [MISSING_MASK]: a.png has no mask\n",
    );
  });

  test("an unexpected one says how to get the stack, and then shows it", () => {
    const text = describeError(new TypeError("x is undefined"), plain, {});
    expect(text).toContain("unexpected error: x is undefined");
    expect(text).toContain("LOSSKIT_STACK=1");
    expect(text).not.toContain("terminal.test");
    expect(describeError(new TypeError("x"), plain, { LOSSKIT_STACK: "1" })).toContain("terminal.test");
  });
});

test("a command can be pasted into a shell", () => {
  expect(quote("--losses=dice,bce")).toBe("--losses=dice,bce");
  expect(quote("it's; $HOME")).toBe("'it'\\''s; $HOME'");
  expect(commandLine(["my data", "--loss", "a = p*y"], {})).toBe("losskit compare 'my data' --loss 'a = p*y'");
  expect(commandLine([], { npm_execpath: "/npm" })).toBe("npx losskit compare");
});

describe("progress", () => {
  const trials = listTrials([{ label: "dice", specification: "dice" }], [1, 2, 3, 4]);
  const result: TrialResult = {
    loss: "dice",
    seed: 1,
    status: "finished",
    seconds: 75,
    curve: [],
    validation: [],
    cases: [0.5, 0.75, null].map((dice, i) => ({
      case: String(i),
      class: "a",
      truePositives: 1,
      falsePositives: 0,
      falseNegatives: 0,
      dice,
      iou: dice,
      sensitivity: dice,
      precision: dice,
    })),
  };

  test("the time left follows from the rate so far, over the trials of this run alone", () => {
    let now = 0;
    const counter = stepCounter({
      trials,
      done: new Set([trials[0].name]),
      steps: 100,
      jobs: 1,
      output: process.stderr,
      now: () => now,
    });
    expect(counter.secondsLeft()).toBeUndefined();
    now = 60_000;
    counter.end(trials[1]);
    expect(counter.share()).toBeCloseTo(1 / 3, 12);
    expect(counter.secondsLeft()).toBeCloseTo(120, 9);
    expect(counter.ended()).toBe(2);
    counter.step(trials[2], 110);
    expect(counter.share()).toBeCloseTo(2 / 3, 12);
  });

  test("without a terminal: a line for each trial that ends, and one now and then", () => {
    let now = 0;
    const output = new PassThrough() as unknown as NodeJS.WriteStream;
    const progress = showProgress({ trials, done: new Set(), steps: 100, jobs: 2, output, now: () => now });
    progress.onStart(trials[0]);
    progress.onStep(trials[0], 1);
    now = 20_000;
    progress.onStep(trials[0], 55);
    progress.onStep(trials[0], 56);
    now = 40_000;
    progress.onEnd(trials[0], result);
    progress.onEnd(trials[1], { ...result, seed: 2, status: "diverged", message: "the loss is NaN" });
    progress.stop();
    expect((output as unknown as PassThrough).read().toString()).toBe(
      "0 of 4 trials done, about 2 min 20 s left\n" +
        "[1/4] dice seed 1: mean test Dice 0.625 (1 min 15 s)\n" +
        "[2/4] dice seed 2: diverged: the loss is NaN (1 min 15 s)\n",
    );
  });

  test("in a terminal: a bar for each process and one for all, in lines that fit", () => {
    const output = Object.assign(new PassThrough(), { isTTY: true, columns: 80 }) as unknown as NodeJS.WriteStream;
    const progress = showProgress({ trials, done: new Set(), steps: 100, jobs: 2, output });
    progress.onStart(trials[0]);
    progress.onStep(trials[0], 40);
    progress.onEnd(trials[0], result);
    progress.stop();
    const text = stripVTControlCharacters((output as unknown as PassThrough).read().toString());
    expect(text).toContain("all trials");
    expect(text).toContain("━");
    expect(widest(text.replaceAll("\r", "\n"))).toBeLessThanOrEqual(80);
  });

  test("durations", () => {
    expect([0, 59.4, 60, 75, 3600, 7384].map(formatDuration)).toEqual([
      "0 s",
      "59 s",
      "1 min 00 s",
      "1 min 15 s",
      "1 h 00 min",
      "2 h 03 min",
    ]);
    expect(describeEnd(trials[0], { ...result, cases: [] })).toBe("dice seed 1: finished (1 min 15 s)");
  });
});

test("exit statuses are those of the documentation", () => {
  expect(EXIT).toEqual({ ok: 0, failure: 1, usage: 2, badInput: 3, cannotWrite: 4, beyondLimit: 5, interrupted: 130 });
});
