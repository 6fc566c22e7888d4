// The six questions on a terminal and as an option: answers are read, mistakes asked again or refused, and the end of the input is no hang.

import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { chooseLosses } from "../../src/choosing/choose.js";
import { askQuestions, explainChoice, formatChoice, readAnswers } from "../../src/cli/explain-ask.js";
import { styleFor, visibleWidth } from "../../src/cli/terminal.js";

const plain = styleFor({});

/** Types the lines, each after its prompt, as a person would. */
async function typed(lines: readonly string[]): Promise<{ answers: unknown; shown: string }> {
  const [input, output] = [new PassThrough(), new PassThrough()];
  let shown = "";
  const rest = [...lines];
  output.on("data", (chunk) => {
    shown += chunk;
    if (!String(chunk).endsWith("y/n/? ")) return;
    const line = rest.shift();
    setImmediate(() => (line === undefined ? input.end() : input.write(`${line}\n`)));
  });
  const answers = await askQuestions(input, output, plain, 80).catch((error) => error);
  return { answers, shown };
}

describe("on a terminal", () => {
  test("each question is asked once, and Enter is unknown", async () => {
    const { answers, shown } = await typed(["y", "n", "?", "YES", "", " no "]);
    expect(answers).toEqual({
      small: "yes",
      unbalanced: "no",
      boundary: "unknown",
      thin: "yes",
      labels: "unknown",
      instances: "no",
    });
    expect(shown).toContain("1 of 6  Are the objects small?");
    expect(shown).toContain("6 of 6  Are there many instances?");
  });

  test("what is no answer is asked again", async () => {
    const { answers, shown } = await typed(["maybe", "y", "n", "n", "n", "n", "n"]);
    expect(answers).toMatchObject({ small: "yes", instances: "no" });
    expect(shown.match(/Please answer/gu)).toHaveLength(1);
  });

  test("an input that ends before the last question is an interruption", async () => {
    const { answers } = await typed(["y", "n"]);
    expect(answers).toMatchObject({ code: "INTERRUPTED" });
  });

  test("without a terminal it says how to answer", async () => {
    const closed = Object.assign(new PassThrough(), { isTTY: false });
    const streams = { stdin: closed, stdout: closed, stderr: closed } as unknown as NodeJS.Process;
    await expect(explainChoice({}, streams)).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining("--answers small=no,unbalanced=no"),
    });
  });
});

describe("--answers", () => {
  test("are read", () => {
    expect(readAnswers("small=yes, thin=n,labels=?")).toEqual({ small: "yes", thin: "no", labels: "unknown" });
  });

  test.each([
    ["smal=yes", 'no question "smal"; did you mean small?'],
    ["zzz=yes", "the questions are small, unbalanced"],
    ["", 'no question ""'],
    ["small", "an answer is yes, no or ?, as in small=yes"],
    ["small=", "an answer is yes, no or ?"],
    ["small=maybe", '"small=maybe"; an answer is'],
    ["small=yes=no", "an answer is yes, no or ?"],
    ["small=toString", "an answer is yes, no or ?"],
    ["small=yes,small=no", "answers small more than once"],
  ])("%j is refused", (text, problem) => {
    expect(() => readAnswers(text)).toThrow(problem);
    expect(() => readAnswers(text)).toThrow(expect.objectContaining({ code: "USAGE" }));
  });
});

describe("what is printed", () => {
  test("names each loss with its reason, its papers, and the command that compares them", () => {
    const rules = chooseLosses({ thin: "yes" });
    const text = formatChoice(rules, 80, plain);
    expect(text).toMatch(/^1\. dice-cldice\n {3}Compares centre lines/u);
    expect(text).toContain("Kirchhoff et al. 2024, Skeleton Recall Loss");
    expect(text).toContain("--loss dice-ce+skeleton-recall");
    expect(Math.max(...text.split("\n").map(visibleWidth))).toBeLessThanOrEqual(80);
  });

  test("as JSON holds the answers, the losses and their BibTeX", async () => {
    const record = JSON.parse(await explainChoice({ answers: "thin=yes", json: true }, process));
    expect(record.answers).toMatchObject({ thin: "yes", small: "unknown" });
    expect(record.losses[0]).toEqual({
      specification: "dice-cldice",
      reason: expect.any(String),
      references: ["shit2021"],
    });
    expect(record.bibtex[0]).toMatch(/^@inproceedings\{shit2021/u);
    expect(record.command).toContain("--loss dice-cldice --loss");
  });
});
