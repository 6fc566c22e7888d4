// The language of --loss: what it reads, and that every mistake is pointed at.

import fc from "fast-check";
import { type Loss, LosskitError } from "losskit";
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

  test("what an empty mask counts, the form of the score, and class weights as factors", () => {
    const { loss } = parseLossSpecification("dice:emptyMasks=skip;form=log;classWeighting=factor");
    expect(loss.terms[0].options).toMatchObject({ emptyMasks: "skip", form: "log", classWeighting: "factor" });
  });

  test("the conventions of a library, which what is given goes before", () => {
    const { loss } = parseLossSpecification("dice:conventions=nnunet;classes=all");
    expect(loss.terms[0].options).toMatchObject({ form: "negative", classes: "all", images: "each" });
    expect(parseLossSpecification("dice:conventions=page").loss.terms[0].parameters.smooth).toBe(1);
  });

  test("a parameter that follows another, and a matrix by rows", () => {
    const { parameters } = parseLossSpecification("dice:s=0.5").loss.terms[0];
    expect(parameters).toEqual({ smooth: 0.5, smoothDenominator: 0.5 });
    const distances = (value: string) =>
      parseLossSpecification(`generalised-wasserstein-dice:M=${value}`).loss.terms[0].parameters.distances;
    expect(distances("0,1,1 / 1,0,0.5 / 1,0.5,0")).toEqual([
      [0, 1, 1],
      [1, 0, 0.5],
      [1, 0.5, 0],
    ]);
    expect(distances("0.5")).toBe(0.5);
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
      // One whose default is another parameter follows that.
      const own = Object.values(definition.parameters).filter(({ sameAs }) => sameAs === undefined);
      const settings = own.map(({ symbol, default: value }) => `${symbol}=${value}`);
      const text = settings.length > 0 ? `${definition.name}:${settings.join(";")}` : definition.name;
      const plain = parseLossSpecification(definition.name).loss.terms[0].parameters;
      expect(parseLossSpecification(text).loss.terms[0].parameters).toEqual(plain);
    }
  });

  test("the record of a compound names its own papers and those of its parts, its parts as formulas, and its head", () => {
    const entry = describeLoss(parseLossSpecification("dice-ce"), ["lesion"]);
    expect(entry.references.map((bibtex) => bibtex.match(/\{(\w+),/u)?.[1])).toEqual([
      "isensee2018",
      "isensee2021",
      "drozdzal2016",
      "milletari2016",
      "ma2021",
    ]);
    expect(entry.formulas).toHaveLength(2);
    expect(entry.head).toEqual({ channels: 2, activation: "softmax" });
  });

  test("the record names formulas, weights and papers once", () => {
    const entry = describeLoss(parseLossSpecification("2*tversky+tversky:alpha=1"), ["lesion"]);
    expect(entry.formulas.map(({ title, weight }) => [title, weight])).toEqual([
      ["Tversky loss", 2],
      ["Tversky loss", 1],
    ]);
    expect(entry.formulas[0].formula).toContain("TP = sum(p * y)");
    expect(entry.references).toHaveLength(1);
    expect(entry.references[0]).toMatch(/^@inproceedings\{salehi2017,/u);
  });
});

describe("weights that change in training", () => {
  const options = { shape: [1, 1, 2, 2], activation: "sigmoid" } as const;
  const logits = Float64Array.of(-1, 0.5, 2, -0.25);
  const labels = Uint8Array.of(0, 1, 1, 0);
  const value = (specification: string) => parseLossSpecification(specification).loss.value(logits, labels, options);

  test("go from the first step to the last, and the loss is that of the first", () => {
    const { label, loss, overSteps } = parseLossSpecification("linear(1, 0.01)*dice + cosine(0,.5) * bce");
    expect(label).toBe("linear(1,0.01)*dice+cosine(0,.5)*bce");
    expect(loss.terms.map(({ weight }) => weight)).toEqual([1, 0]);
    const lossAt = overSteps?.(101) as (step: number) => Loss;
    const weights = (step: number) => lossAt(step).terms.map(({ weight }) => weight);
    expect(weights(0)).toEqual([1, 0]);
    expect(weights(50)[0]).toBeCloseTo(0.505, 12);
    expect(weights(25)[1]).toBeCloseTo(0.5 * Math.sin(Math.PI / 8) ** 2, 12);
    expect(weights(100)).toEqual([0.01, 0.5]);
    expect(lossAt(50).value(logits, labels, options)).toBeCloseTo(0.505 * value("dice") + 0.25 * value("bce"), 12);
  });

  test("multiply the weights inside a compound, and stand in the record", () => {
    const specified = parseLossSpecification("linear(0,1)*dice-boundary:w_boundary=0.5");
    const last = specified.overSteps?.(3)(2);
    expect(last?.terms.map(({ weight }) => weight)).toEqual(
      parseLossSpecification("dice-boundary:w_boundary=0.5").loss.terms.map(({ weight }) => weight),
    );
    expect(describeLoss(specified, ["lesion"]).formulas[1]).toMatchObject({ weight: 0.5, schedule: "linear(0,1)" });
  });

  test("of one step are those of the first, and other losses have none", () => {
    const only = parseLossSpecification("linear(0.25,1)*dice").overSteps?.(1)(0);
    expect(only?.terms.map(({ weight }) => weight)).toEqual([0.25]);
    expect(parseLossSpecification("0.5*dice").overSteps).toBeUndefined();
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
    ["generalised-wasserstein-dice:M=0,1/1", "a row per class as in 0,1,1/1,0,0.5/1,0.5,0", "0,1/1"],
    ["generalised-wasserstein-dice:M=0,1/1,x", "one finite number, or a row per class", "0,1/1,x"],
    ["dice:emptyMasks=drop", "it may be count, skip, zero", "drop"],
    ["dice:form=square", "it may be complement, negative, log", "square"],
    ["dice:conventions=torch", "it may be monai, smp, nnunet, keras, page", "torch"],
    ["dice:convention=smp", 'did you mean "conventions"?', "convention"],
    ["dice:images=both", "it may be each, together", "both"],
    ["dice:classes=lesion", "all, present, foreground, class indices", "lesion"],
    ["dice:classWeights=1,-2", "one number from 0 per class", "1,-2"],
    ["dice:reduction=none", "it may be mean, sum", "none"],
    ["-1*dice", "a finite number above 0", "-1"],
    ["0*dice", "a finite number above 0", "0"],
    ["1e999*dice", "a finite number above 0", "1e999"],
    ["linear(0,0)*dice", "the weight is 0 from the first step to the last", "linear(0,0)"],
    ["linear(1)*dice", 'expected "," and the weight of the last step', ")"],
    ["cosine(1,2*dice", 'expected ")" after the weight of the last step, found "*"', "*"],
    ["linear(1,-2)*dice", "expected a number from 0, as in linear(0.01,1)", "-"],
    ["linear(1,1e999)*dice", "a finite number", "1e999"],
    ["cosine(1,2)dice", 'expected "*" after cosine(1,2)', "d"],
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
    expect(refusal("hausdorff-erosion:iterations=2.5")).toMatchObject({ code: "PARAMETER", pointed: "2.5" });
    expect(refusal("generalised-wasserstein-dice:M=0,2/2,0")).toMatchObject({ code: "PARAMETER", pointed: "0,2/2,0" });
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
      "linear(",
      ")",
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
