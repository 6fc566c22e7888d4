// The short list: that the rules can be followed, and that whatever is answered, it is short, and of what was asked.

import fc from "fast-check";
import { REFERENCES } from "losskit/losses";
import { describe, expect, it } from "vitest";
import { chooseLosses, matches } from "../../src/choosing/choose.js";
import { authorsAndYear, oneLineReference } from "../../src/choosing/citation.js";
import { type Answers, QUESTION_KEYS, type QuestionKey } from "../../src/choosing/questions.js";
import { RULES } from "../../src/choosing/rules.js";
import { checkLosses } from "../../src/experiment/check-start.js";
import { parseLossSpecification } from "../../src/experiment/loss-specification.js";

const chosen = (answers: Answers) => chooseLosses(answers).map(({ specification }) => specification);
const anyAnswers = fc.record(
  Object.fromEntries(QUESTION_KEYS.map((key) => [key, fc.constantFrom("yes", "no", "unknown")])),
) as fc.Arbitrary<Record<QuestionKey, "yes" | "no" | "unknown">>;

describe("the rules", () => {
  it.each(RULES.map((rule) => [rule.specification, rule] as const))("%s", (specification, { reason, references }) => {
    const loss = parseLossSpecification(specification);
    // For one foreground class and for several: the questions do not ask.
    expect(() => checkLosses([loss], ["lesion"])).not.toThrow();
    expect(() => checkLosses([loss], ["kidney", "tumour"])).not.toThrow();
    expect(references.length).toBeGreaterThan(0);
    for (const key of references) expect(REFERENCES).toHaveProperty(key);
    // A cell of a table, and a sentence without its full stop.
    expect(reason).not.toMatch(/[|\n]|\.$/u);
  });

  it("suggest each loss once", () => {
    const names = RULES.map(({ specification }) => specification);
    expect(new Set(names).size).toBe(names.length);
  });

  it("have one about every question", () => {
    for (const key of QUESTION_KEYS) {
      expect(RULES.filter(({ when }) => Object.keys(when)[0] === key && when[key] === "yes")).not.toEqual([]);
    }
  });

  it("hold for the answers they name, and for none that is unknown", () => {
    const rule = {
      when: { small: "yes", thin: "no" },
      unless: ["labels"],
      specification: "",
      reason: "",
      references: [],
    } as const;
    expect(matches(rule, { small: "yes", thin: "no" })).toBe(true);
    expect(matches(rule, { small: "yes", thin: "no", labels: "unknown" })).toBe(true);
    expect(matches(rule, { small: "yes", thin: "no", labels: "yes" })).toBe(false);
    expect(matches(rule, { small: "yes", thin: "unknown" })).toBe(false);
    expect(matches(rule, { small: "yes" })).toBe(false);
  });
});

describe("the list", () => {
  it("has 3 to 5 losses that fit, the everyday choice among them, and one for each question as far as it goes", () => {
    fc.assert(
      fc.property(anyAnswers, (answers) => {
        const rules = chooseLosses(answers);
        expect(rules.length).toBeGreaterThanOrEqual(3);
        expect(rules.length).toBeLessThanOrEqual(5);
        for (const rule of rules) expect(matches(rule, answers)).toBe(true);
        expect(rules.some(({ specification }) => specification === "dice-ce")).toBe(true);
        const asked = QUESTION_KEYS.filter((key) => answers[key] === "yes");
        const about = new Set(rules.map(({ when }) => Object.keys(when)[0]));
        expect(asked.filter((key) => about.has(key)).length).toBeGreaterThanOrEqual(Math.min(asked.length, 4));
      }),
      { numRuns: 729 },
    );
  });

  it("without answers is what is worth a try anywhere", () => {
    expect(chosen({})).toEqual(["dice-ce", "dice-focal-softmax", "dice"]);
  });

  it("for thin structures keeps connections", () => {
    expect(chosen({ thin: "yes" })).toEqual(["dice-cldice", "dice-ce + skeleton-recall", "dice-ce"]);
  });

  it("for noisy labels has no loss that turns to the hardest voxels", () => {
    const all = Object.fromEntries(QUESTION_KEYS.map((key) => [key, "yes"])) as Answers;
    for (const answers of [
      { labels: "yes" },
      { labels: "yes", small: "yes" },
      { labels: "yes", unbalanced: "yes" },
      all,
    ] as const) {
      expect(chosen(answers).filter((name) => /focal-softmax|topk|unified/u.test(name))).toEqual([]);
    }
  });

  it("for balanced, large objects has plain cross entropy first", () => {
    expect(chosen({ small: "no", unbalanced: "no" })[0]).toBe("ce");
  });

  it("for a boundary of a rare object has the boundary loss before the others", () => {
    expect(chosen({ boundary: "yes", unbalanced: "yes" })[0]).toBe("dice-boundary");
    expect(chosen({ boundary: "yes" })).not.toContain("dice-boundary");
  });
});

describe("a paper in a line", () => {
  it("names one, two or the first of many authors", () => {
    expect(authorsAndYear("jadon2020")).toBe("Jadon 2020");
    expect(authorsAndYear("karimi2020")).toBe("Karimi and Salcudean 2020");
    expect(authorsAndYear("shit2021")).toBe("Shit et al. 2021");
    expect(authorsAndYear("page")).toBe("Anonymous");
  });

  it("is plain text", () => {
    expect(oneLineReference("shit2021")).toBe(
      "Shit et al. 2021, clDice – A Novel Topology-Preserving Loss Function for Tubular Structure Segmentation, arXiv 2003.07311",
    );
    for (const key of RULES.flatMap(({ references }) => references)) {
      expect(oneLineReference(key)).not.toMatch(/[{}\\]|undefined/u);
    }
  });
});
