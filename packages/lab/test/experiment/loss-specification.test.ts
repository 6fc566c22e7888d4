// The language of --loss: what it reads, and that every mistake is pointed at.

import fc from "fast-check";
import { LosskitError } from "losskit";
import { allLosses } from "losskit/losses";
import { describe, expect, test } from "vitest";
import { LabError } from "../../src/errors.js";
import { describeLoss, parseLossSpecification } from "../../src/experiment/loss-specification.js";
import { readSpecification } from "../../src/experiment/specification-syntax.js";

/** The message of the error, and the text of the specification that its carets stand under. */
function refusal(specification: string): { code: string; problem: string; pointed: string } {
  try {
    parseLossSpecification(specification);
  } catch (error) {
    if (!(error instanceof LabError || error instanceof LosskitError)) throw error;
    const lines = error.message.split("\n");
    const carets = lines.at(-1) as string;
    const source = lines.at(-2) as string;
    const pointed = source.slice(carets.indexOf("^"), carets.lastIndexOf("^") + 1);
    return { code: error.code, problem: lines.slice(0, -2).join("\n"), pointed };
  }
  throw new Error(`${specification} was read`);
}

describe("what is read", () => {
  test("a name, and its label", () => {
    const { label, loss } = parseLossSpecification(" dice ");
    expect(label).toBe("dice");
    expect(loss.terms).toHaveLength(1);
    expect(loss.terms[0].definition.name).toBe("dice");
    expect(loss.terms[0].weight).toBe(1);
  });

  test("weights, terms and parameters by symbol or name", () => {
    const { label, loss } = parseLossSpecification("0.5*tversky:alpha=0.7; falseNegativeWeight = .25 + 2e-1 * bce");
    expect(label).toBe("0.5*tversky:alpha=0.7;falseNegativeWeight=.25+2e-1*bce");
    expect(loss.terms.map(({ weight }) => weight)).toEqual([0.5, 0.2]);
    expect(loss.terms[0].parameters).toMatchObject({ falsePositiveWeight: 0.7, falseNegativeWeight: 0.25 });
    expect(loss.terms[1].definition.name).toBe("bce");
  });

  test("the sign of an exponent is no new term", () => {
    const { loss } = parseLossSpecification("dice:s=1e+1+bce");
    expect(loss.terms).toHaveLength(2);
    expect(loss.terms[0].parameters.smooth).toBe(10);
  });

  test("options of the term", () => {
    const { loss } = parseLossSpecification(
      "dice:classes=foreground;images=each;joinClasses=sum + ce:classWeights=1,2.5,0",
    );
    expect(loss.terms[0].options).toMatchObject({ classes: "foreground", images: "each", joinClasses: "sum" });
    expect(loss.terms[1].options.classWeights).toEqual([1, 2.5, 0]);
    expect(parseLossSpecification("dice:classes=1,2").loss.terms[0].options.classes).toEqual([1, 2]);
    expect(parseLossSpecification("dice:classes=1").loss.terms[0].options.classes).toEqual([1]);
  });

  test("a formula of the user's own", () => {
    const { label, loss } = parseLossSpecification("soft dice = 1 - 2*sum(p*y) / (sum(p) + sum(y) + 1)");
    expect(label).toBe("soft dice");
    const options = { shape: [1, 1, 1, 2], activation: "sigmoid" } as const;
    // Logits 0 are probabilities 1/2: 1 - 2 * 0.5 / (1 + 1 + 1).
    expect(loss.value(new Float64Array(2), Uint8Array.of(1, 0), options)).toBeCloseTo(2 / 3, 12);
  });

  test("a comparison or a second = in a formula is the formula's", () => {
    expect(readSpecification("a = mean(where(p >= 0.5, y, 1 - y))")).toEqual({
      kind: "formula",
      label: "a",
      formula: "mean(where(p >= 0.5, y, 1 - y))",
    });
    expect(readSpecification("a = I = sum(p*y)\n1 - I/sum(y)")).toMatchObject({
      formula: "I = sum(p*y)\n1 - I/sum(y)",
    });
  });

  test("the sum has the value of its weighted parts", () => {
    const options = { shape: [1, 1, 2, 2], activation: "sigmoid" } as const;
    const logits = Float64Array.of(-1, 0.5, 2, -0.25);
    const labels = Uint8Array.of(0, 1, 1, 0);
    const value = (specification: string) => parseLossSpecification(specification).loss.value(logits, labels, options);
    expect(value("0.3*dice+2*bce")).toBeCloseTo(0.3 * value("dice") + 2 * value("bce"), 12);
  });

  test("every loss is read by its name, with each parameter at its default", () => {
    for (const { definition } of allLosses) {
      const settings = Object.values(definition.parameters).map(({ symbol, default: value }) => `${symbol}=${value}`);
      const text = settings.length > 0 ? `${definition.name}:${settings.join(";")}` : definition.name;
      const plain = parseLossSpecification(definition.name).loss.terms[0].parameters;
      expect(parseLossSpecification(text).loss.terms[0].parameters).toEqual(plain);
    }
  });

  test("the record names formulas, weights and papers once", () => {
    const entry = describeLoss(parseLossSpecification("2*tversky+tversky:alpha=1"));
    expect(entry.formulas.map(({ title, weight }) => [title, weight])).toEqual([
      ["Tversky loss", 2],
      ["Tversky loss", 1],
    ]);
    expect(entry.formulas[0].formula).toContain("TP = sum(p * y)");
    expect(entry.references).toHaveLength(1);
    expect(entry.references[0]).toMatch(/^@inproceedings\{salehi2017,/u);
  });
});

describe("what is refused", () => {
  test.each([
    ["tverksy", 'did you mean "tversky"?', "tverksy"],
    ["dice+bcd", 'did you mean "bce"?', "bcd"],
    ["something", "losskit list shows", "something"],
    ["tversky:alpa=1", 'did you mean "alpha"?', "alpa"],
    ["bce:zzzz=1", "it has no parameters", "zzzz"],
    ["dice:q=1", "its parameters are smooth, s", "q"],
    ["tversky:alpha=0.1;falsePositiveWeight=0.2", "is given twice", "falsePositiveWeight"],
    ["tversky:alpha=much", "it may be one finite number", "much"],
    ["tversky:alpha=1,2", "it may be one finite number", "1,2"],
    ["dice:images=both", "it may be each, together", "both"],
    ["dice:classes=lesion", "all, present, foreground, class indices", "lesion"],
    ["dice:classWeights=1,-2", "one number from 0 per class", "1,-2"],
    ["dice:reduction=none", "it may be mean, sum", "none"],
    ["-1*dice", "a finite number above 0", "-1"],
    ["0*dice", "a finite number above 0", "0"],
    ["1e999*dice", "a finite number above 0", "1e999"],
    ["2dice", 'expected "*" after the weight 2', "d"],
    ["dice bce", 'expected ":", "+" or the end, found "b"', "b"],
    ["dice++bce", 'expected the name of a loss, found "+"', "+"],
    ["dice:smooth", 'expected "=" and a value after the parameter smooth, found the end', ""],
    ["dice:smooth=", "expected a value for the parameter smooth", ""],
    ["dice:=1", "expected the name of a parameter", "="],
    ["tversky:alpha=1;", "expected the name of a parameter", ""],
    ["dice:s=1 x", 'expected ";", "+" or the end', "x"],
    ["dice+", "expected the name of a loss, found the end", ""],
    ["", "it is empty", ""],
    ["   ", "it is empty", " "],
    ["= sum(p)", 'expected a label before "="', "="],
    ["my loss =", 'expected a formula after "="', ""],
    ["<b> = sum(p)", "a label before", "<"],
    [`${"x".repeat(41)} = sum(p)`, "room for 40", "x"],
  ])("%j: %s", (specification, problem, pointed) => {
    const found = refusal(specification);
    expect(found.problem).toContain(problem);
    expect(found.pointed).toBe(pointed);
    expect(found.code).toBe("USAGE");
  });

  test("a parameter out of its range, at its place, under the library's code", () => {
    expect(refusal("dice + tversky:alpha=-1")).toMatchObject({ code: "PARAMETER", pointed: "-1" });
  });

  test("a typo in a formula, with its line and column", () => {
    expect(() => parseLossSpecification("mine = 1 - 2*sum(p*z)")).toThrow(
      /the formula "mine": line 1, column 13: .*\n {2}1 - 2\*sum\(p\*z\)\n {14}\^/u,
    );
    expect(() => parseLossSpecification("mine = 1 - sum(p*y")).toThrow(/line 1, column \d+: expected/u);
  });

  test("any text is read or refused with a coded error, never anything else", () => {
    const piece = fc.constantFrom(
      "dice",
      "bce",
      "+",
      "*",
      ":",
      "=",
      ";",
      ",",
      "0.5",
      "-",
      "1e3",
      " ",
      "\n",
      "α",
      "(",
      "p",
      "s",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(piece, { maxLength: 12 }).map((parts) => parts.join("")),
          fc.string(),
        ),
        (text) => {
          try {
            expect(parseLossSpecification(text).label).not.toBe("");
          } catch (error) {
            if (!(error instanceof LabError || error instanceof LosskitError)) throw error;
            expect(error.message).not.toBe("");
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
