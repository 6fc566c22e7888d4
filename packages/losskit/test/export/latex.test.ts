// LaTeX of formulas: it parses, it says what the formula says, and it reads as a paper prints it.

import fc from "fast-check";
import temml from "temml";
import { describe, expect, it } from "vitest";
import { FormulaError } from "../../src/errors.js";
import { type Latex, latexOf, latexOfLoss, MAX_LINE_WIDTH } from "../../src/export/latex.js";
import { escapeText } from "../../src/export/latex-names.js";
import type { Names } from "../../src/formula/check.js";
import { parse } from "../../src/formula/syntax.js";
import { allLosses } from "../../src/losses/all.js";
import {
  bceDice,
  dice,
  diceCe,
  focal,
  focalTversky,
  generalisedWassersteinDice,
  skeletonRecall,
  tversky,
} from "../../src/losses/catalogue.js";
import { add, lossFromFormula } from "../../src/losses/define.js";
import { readLatex } from "./read-latex.js";

/** As MathML; throws where the text is no LaTeX. */
const rendered = (tex: string) => temml.renderToString(tex, { displayMode: true, throwOnError: true });

/** What a person sees of it, without its layout. */
const visible = (mathml: string) =>
  mathml
    .replace(/<[^>]*>/gu, "")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#x27;", "'")
    .replaceAll("&#039;", "'")
    .replaceAll("&amp;", "&");

function expectParses({ text, legend }: Latex): void {
  rendered(text);
  for (const { symbol } of legend) rendered(symbol);
}

const lines = ({ text }: Latex) =>
  text
    .split("\n")
    .slice(1, -1)
    .map((line) => line.trim().replace(/ \\\\$/u, ""));

/** The right side of a formula of one line. */
const right = (formula: string, names?: Names) => lines(latexOf(formula, names))[0].split(" &= ")[1];

describe("every loss", () => {
  it.each(allLosses.map((factory) => [factory.definition.name, factory] as const))("%s parses", (_, factory) => {
    expectParses(latexOf(factory.definition));
    expectParses(latexOfLoss(factory()));
  });

  it("reads as reviewed", async () => {
    const entries = allLosses.map((factory) => {
      const { text, legend } = latexOf(factory.definition);
      const symbols = legend.map(({ symbol, meaning }) => `${symbol}: ${meaning}`);
      return [`## ${factory.definition.name}`, text, ...symbols, "", latexOfLoss(factory()).text, ""].join("\n");
    });
    await expect(entries.join("\n")).toMatchFileSnapshot("latex.golden.txt");
  });

  it("has no doubled signs, no empty parentheses and no asterisk", () => {
    for (const { definition } of allLosses) {
      expect(latexOf(definition).text, definition.name).not.toMatch(/[-+] [-+]|--|\(\s*\)|\*|NaN|undefined/u);
    }
  });
});

describe("the formula of a paper", () => {
  const named = new Map(allLosses.map(({ definition }) => [definition.name, definition]));
  it.each([
    ["bce", ["\\mathcal{L} &= -\\frac{1}{N} \\sum_i \\bigl( y_i \\log p_i + (1 - y_i) \\log(1 - p_i) \\bigr)"]],
    ["ce", ["\\mathcal{L} &= -\\frac{1}{N} \\sum_i \\sum_c y_{ic} \\log p_{ic}"]],
    ["focal-softmax", ["\\mathcal{L} &= -\\frac{1}{N} \\sum_i \\sum_c y_{ic} (1 - p_{ic})^\\gamma \\log p_{ic}"]],
    ["gce", ["\\mathcal{L} &= \\frac{1}{N} \\sum_i \\sum_c \\frac{y_{ic} (1 - p_{ic}^q)}{q}"]],
    [
      "dice-squared",
      ["I &= \\sum_i p_i y_i", "\\mathcal{L} &= 1 - \\frac{2 I + s}{\\sum_i p_i^2 + \\sum_i y_i^2 + s_d}"],
    ],
    [
      "tversky",
      [
        "\\mathrm{TP} &= \\sum_i p_i y_i",
        "\\mathrm{FP} &= \\sum_i p_i (1 - y_i)",
        "\\mathrm{FN} &= \\sum_i (1 - p_i) y_i",
        "\\mathcal{L} &= 1 - \\frac{\\mathrm{TP} + s}{\\mathrm{TP} + \\alpha \\, \\mathrm{FP} + \\beta \\, \\mathrm{FN} + s_d}",
      ],
    ],
    [
      "generalised-dice",
      [
        "Y_c &= \\sum_i y_{ic}",
        "\\mathrm{rarest} &= \\max_c \\begin{cases} \\dfrac{1}{Y_c^k} & \\text{if }Y_c > 0 \\\\ 0 & \\text{otherwise} \\end{cases}",
        "w_c &= \\begin{cases} \\dfrac{1}{Y_c^k} & \\text{if }Y_c > 0 \\\\ \\mathrm{rarest} & \\text{otherwise} \\end{cases}",
        "\\mathcal{L} &= 1 - \\frac{2 \\sum_c w_c \\sum_i p_{ic} y_{ic} + s}{\\sum_c w_c \\left( \\sum_i p_{ic} + \\sum_i y_{ic} \\right) + s_d}",
      ],
    ],
    [
      "hausdorff-dt",
      [
        "\\mathrm{marked}_i &= \\mathbb{1}[p_i > 0.5]",
        "d_{p,i} &= \\operatorname{dist}(\\mathrm{marked})_i + \\operatorname{dist}(1 - \\mathrm{marked})_i",
        "d_{y,i} &= \\operatorname{dist}(y)_i + \\operatorname{dist}(1 - y)_i",
        "\\mathcal{L} &= \\frac{1}{N} \\sum_i (p_i - y_i)^2 (d_{p,i}^\\alpha + d_{y,i}^\\alpha)",
      ],
    ],
    [
      "generalised-wasserstein-dice",
      [
        "W_i &= \\sum_c y_{ic} \\sum_{c'} M_{cc'} p_{ic'}",
        "\\mathrm{TP} &= \\sum_i \\left( \\sum_c y_{ic} \\mathbb{1}[c > 0] \\right) (1 - W_i)",
        "\\mathcal{L} &= 1 - \\frac{2 \\, \\mathrm{TP} + s}{2 \\, \\mathrm{TP} + \\sum_i W_i + s_d}",
      ],
    ],
    [
      "component-dice",
      [
        "\\mathrm{id}_i &= \\operatorname{nearest}(y)_i",
        "I_k &= \\sum_{i\\,:\\,\\mathrm{id}_i = k} p_i y_i",
        "\\mathcal{L} &= \\frac{1}{K} \\sum_k \\left( 1 - \\frac{2 I_k + s}{\\sum_{i\\,:\\,\\mathrm{id}_i = k} p_i + \\sum_{i\\,:\\,\\mathrm{id}_i = k} y_i + s} \\right)",
      ],
    ],
  ] as const)("of %s", (name, expected) => {
    expect(lines(latexOf(named.get(name) ?? ""))).toEqual(expected);
  });
});

describe("precedence", () => {
  const names: Names = { parameters: { a: "number", b: "number", c: "number", alpha: "number", TP: "number" } };

  it.each([
    ["(a - b) - c", "a - b - c"],
    ["a - (b - c)", "a - (b - c)"],
    ["a - (b + c)", "a - (b + c)"],
    ["a + (b - c)", "a + b - c"],
    ["a / (b*c)", "\\frac{a}{b c}"],
    ["a / b * c", "\\frac{a}{b} c"],
    ["a / b / c", "\\frac{a}{b c}"],
    ["a * b / c * b / (a + b)", "\\frac{\\frac{a b}{c} b}{a + b}"],
    ["a / (-b * c)", "\\frac{a}{-b c}"],
    ["a / (b / c)", "\\frac{a}{\\frac{b}{c}}"],
    ["-(a^2)", "-a^2"],
    ["(-a)^2", "(-a)^2"],
    ["a^(b^c)", "a^{b^c}"],
    ["(a^b)^c", "(a^b)^c"],
    ["(a*b)^c", "(a b)^c"],
    ["a*b^c", "a b^c"],
    ["-(a - b)", "-(a - b)"],
    ["-a - b", "-a - b"],
    ["a - -b", "a - (-b)"],
    ["a * -b", "a (-b)"],
    ["--a", "-(-a)"],
    ["2*3*a", "2 \\cdot 3 a"],
    ["a * 2", "a \\cdot 2"],
    ["TP * (a + b)", "\\mathrm{TP} \\cdot (a + b)"],
    ["a^(b/c)", "a^{b/c}"],
    ["a^(b / (a*c))", "a^{b/(a c)}"],
    ["a^(b / c * a)", "a^{(b/c) a}"],
    ["a^(b / c / a)", "a^{b/(c a)}"],
    ["a^(b / (c / a))", "a^{b/(c/a)}"],
    ["(a + (b - (a + c)^2)^2)^2", "\\Bigl( a + \\bigl( b - (a + c)^2 \\bigr)^2 \\Bigr)^2"],
    [
      "where(a > b, 1, where(b, a / b, 2))",
      "\\begin{cases} 1 & \\text{if }a > b \\\\ \\dfrac{a}{b} & \\text{if }b \\ne 0 \\\\ 2 & \\text{otherwise} \\end{cases}",
    ],
    ["log(a) * b", "(\\log a) b"],
    ["log(a * b)", "\\log(a b)"],
    ["log(a)^2", "(\\log a)^2"],
    ["log1p(-a)", "\\log(1 - a)"],
    ["abs(a - b)^c", "\\lvert a - b \\rvert^c"],
    ["(a > b) * c", "\\mathbb{1}[a > b] c"],
  ])("of %s", (formula, expected) => {
    expect(right(formula, names)).toBe(expected);
  });

  /** A formula with parentheses everywhere, and the number that it is. */
  interface Valued {
    readonly text: string;
    readonly value: number;
  }
  const SYMBOLS = { a: 1.7, b: 0.6, c: -0.8, "\\alpha": 2.3, "\\mathrm{TP}": 5.1 };
  const leaf = fc.constantFrom<Valued>(
    { text: "a", value: 1.7 },
    { text: "b", value: 0.6 },
    { text: "c", value: -0.8 },
    { text: "alpha", value: 2.3 },
    { text: "TP", value: 5.1 },
    { text: "2", value: 2 },
    { text: "0.5", value: 0.5 },
    { text: "1e-5", value: 1e-5 },
    { text: "2.5e-4", value: 2.5e-4 },
    { text: String(4 / 3), value: 4 / 3 },
  );
  const UNARY: readonly (readonly [text: string, f: (e: number) => number])[] = [
    ["-#", (e) => -e],
    ["exp(#)", Math.exp],
    ["log(#)", Math.log],
    ["log1p(#)", (e) => Math.log(1 + e)],
    ["expm1(#)", (e) => Math.exp(e) - 1],
    ["sqrt(#)", Math.sqrt],
    ["abs(#)", Math.abs],
    ["sign(#)", Math.sign],
    ["sigmoid(#)", (e) => 1 / (1 + Math.exp(-e))],
    ["softplus(#)", (e) => Math.log(1 + Math.exp(e))],
    ["tanh(#)", Math.tanh],
    ["constant(#)", (e) => e],
    ["clamp(#, 0.1, 3)", (e) => Math.min(Math.max(e, 0.1), 3)],
  ];
  const BINARY: readonly (readonly [text: string, f: (a: number, b: number) => number])[] = [
    ["(#) + (@)", (a, b) => a + b],
    ["(#) - (@)", (a, b) => a - b],
    ["(#) * (@)", (a, b) => a * b],
    ["(#) / (@)", (a, b) => a / b],
    ["(#) ^ (@)", (a, b) => a ** b],
    ["TP ^ ((#) / (@))", (a, b) => 5.1 ** (a / b)],
    ["pow(#, @)", (a, b) => a ** b],
    ["min(#, @)", Math.min],
    ["max(#, @)", Math.max],
    ["(#) < (@)", (a, b) => Number(a < b)],
    ["where((#) >= (@), @, 2*#)", (a, b) => (a >= b ? b : 2 * a)],
    ["where(#, @, 2)", (a, b) => (a !== 0 ? b : 2)],
  ];
  // Powers and quotients are where parentheses matter most.
  const { e: expression } = fc.letrec<{ e: Valued }>((tie) => ({
    e: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      leaf,
      fc
        .tuple(fc.constantFrom(...UNARY), tie("e"))
        .map(([[form, f], { text, value }]) => ({ text: form.replace("#", `(${text})`), value: f(value) })),
      fc.tuple(fc.constantFrom(...BINARY), tie("e"), tie("e")).map(([[form, f], a, b]) => ({
        text: form.replaceAll("#", `(${a.text})`).replaceAll("@", `(${b.text})`),
        value: f(a.value, b.value),
      })),
    ),
  }));

  it("is what a reader of the LaTeX makes of it, in random formulas", () => {
    fc.assert(
      fc.property(expression, ({ text, value }) => {
        fc.pre(Number.isFinite(value) && Math.abs(value) < 1e6 && text.length < 8000);
        const latex = latexOf(text, names);
        rendered(latex.text);
        const joined = lines(latex)
          .map((line) => line.replace(/^(?:\\mathcal\{L\} &= |&\\qquad \{\})/u, ""))
          .join(" ");
        const read = readLatex(joined, SYMBOLS);
        expect(Math.abs(read - value)).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(value)));
      }),
      { numRuns: Number(process.env.RANDOM_FORMULAS ?? 300) },
    );
  });
});

describe("indices", () => {
  it("name classes and images only where the formula speaks of them", () => {
    expect(right("sum(p * y)")).toBe("\\sum_i p_i y_i");
    expect(right("classes_mean(sum(p * y))")).toBe("\\frac{1}{C} \\sum_c \\sum_i p_{ic} y_{ic}");
    expect(right("images_mean(sum(p * y))")).toBe("\\frac{1}{B} \\sum_b \\sum_i p_{bi} y_{bi}");
    expect(right("w * sum(p)", { parameters: { w: "vector" } })).toBe("w_c \\sum_i p_{ic}");
  });

  it("take a prime in a sum within a value that has them", () => {
    expect(right("sum((p - mean(p))^2)")).toBe("\\sum_i \\left( p_i - \\frac{1}{N} \\sum_{i'} p_{i'} \\right)^2");
    expect(lines(latexOf("s = sum(y)\nw = s / classes_sum(s)\nclasses_sum(w)"))[1]).toBe(
      "w_c &= \\frac{s_c}{\\sum_{c'} s_{c'}}",
    );
  });

  it("give way to the formula's own letters", () => {
    const names: Names = { parameters: { i: "number", N: "number", c: "number" } };
    expect(right("i * N * c * mean(classes_sum(p))", names)).toBe(
      "i N c \\frac{1}{N'} \\sum_j \\sum_{\\ell} p_{j\\ell}",
    );
    const objects = "i * k * instances_sum(sum_by(components(y), p))";
    expect(right(objects, { parameters: { i: "number", k: "number" } })).toBe(
      "i k \\sum_m \\sum_{j\\,:\\,\\operatorname{comp}(y)_j = m} p_j",
    );
    expect(right("d_i * sum(p)", { parameters: { d_i: "number" } })).toBe("d_i \\sum_j p_j");
  });

  it("leave whole maps, which routines take, without a voxel", () => {
    expect(right("mean(p * distance(1 - y))")).toBe("\\frac{1}{N} \\sum_i p_i \\operatorname{dist}(1 - y)_i");
    expect(right("top_mean((p - y)^2, 0.1)")).toBe("\\operatorname{topmean}\\bigl( (p - y)^2; 0.1 \\bigr)");
  });
});

describe("names and texts", () => {
  it("are letters, Greek letters, or upright words", () => {
    const names: Names = {
      parameters: { λ: "number", größe: "number", w_dice: "number", eps: "number", Theta: "number" },
    };
    expect(right("λ + größe + w_dice + eps + Theta", names)).toBe(
      "\\lambda + \\text{größe} + w_{\\mathrm{dice}} + \\varepsilon + \\Theta",
    );
  });

  it("stay apart where LaTeX would write them alike", () => {
    const names: Names = { parameters: { alpha: "number", α: "number", a__b: "number", a_b: "number", _a: "number" } };
    expect(right("alpha + α + a__b + a_b + _a", names)).toBe(
      "\\mathrm{alpha} + \\alpha + \\mathrm{a\\_\\_b} + a_b + \\mathrm{\\_a}",
    );
  });

  const name = fc.stringMatching(/^[\p{L}_][\p{L}\p{N}_]{0,8}$/u).filter((text) => {
    const [{ expression }] = parse(text);
    return expression.kind === "name";
  });
  it("of any letters parse, and two names are never one", () => {
    fc.assert(
      fc.property(name, name, (first, second) => {
        fc.pre(first !== second);
        let printed: string[];
        try {
          const parameters = { [first]: "number", [second]: "number" } as const;
          const latex = latexOf(`${first} - 1 * ${second}`, { parameters });
          rendered(latex.text);
          printed = lines(latex)[0].split(" &= ")[1].split(" - 1 ");
        } catch (error) {
          // Words of the language.
          fc.pre(!/word of the language/u.test(String(error)));
          throw error;
        }
        expect(new Set(printed.map((text) => text.replace(/^\\[,;]/u, "").trim())).size).toBe(2);
      }),
    );
  });

  it("cannot be commands", () => {
    // Quotes become typographic ones.
    const plain = (text: string) =>
      text
        .replace(/[\p{C}\p{Z}\s]+/gu, " ")
        .replace(/[’‘`]/gu, "'")
        .replace(/[“”]/gu, "''")
        .replaceAll("–", "--")
        .trim();
    fc.assert(
      fc.property(fc.string({ unit: "binary-ascii", maxLength: 30 }), (text) => {
        const seen = visible(rendered(`\\text{${escapeText(text)}}`));
        expect(plain(seen)).toBe(plain(text));
      }),
    );
    const title = "50% of #1 {x} \\end{aligned} $y$ ^~& \\input{a}";
    const { text } = latexOfLoss(add(lossFromFormula("mean(p * y)", { title }), dice()));
    expect(text).toContain(
      "\\text{50\\% of \\#1 \\{x\\} \\textbackslash{}end\\{aligned\\} \\$y\\$ \\textasciicircum{}\\textasciitilde{}\\& \\textbackslash{}input\\{a\\}}",
    );
    expect(plain(visible(rendered(text)))).toContain(plain(title));
  });
});

describe("a loss as it is set up", () => {
  it("is its formula with the values of its parameters", () => {
    expect(lines(latexOfLoss(focal())).at(-1)).toBe("&\\text{with } \\alpha = 0.25,\\; \\gamma = 2");
    expect(lines(latexOfLoss(focalTversky())).slice(-2)).toEqual([
      "&\\text{with } \\beta = 0.3,\\; \\alpha = 0.7,\\; \\gamma = 4/3,\\; s = 10^{-5},\\; s_d = 10^{-5}",
      "&\\text{summed over classes}",
    ]);
    expect(latexOfLoss(generalisedWassersteinDice()).text).toContain("M_{cc'} = 1 \\text{ for } c \\ne c'");
    const distances = [
      [0, 0.5],
      [1, 0],
    ];
    expect(latexOfLoss(generalisedWassersteinDice({ distances })).text).toContain(
      "M = \\begin{pmatrix} 0 & 0.5 \\\\ 1 & 0 \\end{pmatrix}",
    );
    const own = lossFromFormula("w * mean(k * p)", { parameters: { w: [1, 2], k: -0.5 } });
    expect(lines(latexOfLoss(own))).toEqual([
      "\\mathcal{L} &= \\frac{1}{C} \\sum_c \\mathcal{L}_c",
      "\\mathcal{L}_c &= w_c \\frac{1}{N} \\sum_i k p_{ic}",
      "&\\text{with } w = (1, 2),\\; k = -0.5",
    ]);
  });

  it("is the sum of its terms with their weights, and what becomes of their classes", () => {
    expect(lines(latexOfLoss(add(dice(), [0.5, focal()])))[0]).toBe(
      "\\mathcal{L} &= \\mathcal{L}_{\\text{dice}} + 0.5 \\, \\mathcal{L}_{\\text{focal}}",
    );
    expect(lines(latexOfLoss(diceCe()))).toEqual([
      "\\mathcal{L} &= \\frac{1}{C} \\sum_c \\mathcal{L}_{\\text{dice},c} + \\mathcal{L}_{\\text{ce}}",
      "I_c &= \\sum_i p_{ic} y_{ic}",
      "\\mathcal{L}_{\\text{dice},c} &= 1 - \\frac{2 I_c + s}{\\sum_i p_{ic} + \\sum_i y_{ic} + s_d}",
      "\\mathcal{L}_{\\text{ce}} &= -\\frac{1}{N} \\sum_i \\sum_c y_{ic} \\log p_{ic}",
      "&\\text{with } s = 10^{-5},\\; s_d = 10^{-5}",
    ]);
    expect(lines(latexOfLoss(skeletonRecall({ joinClasses: "sum" })))[0]).toBe(
      "\\mathcal{L} &= \\sum_c \\mathcal{L}_c",
    );
  });

  it("has each line once that two terms share, and tells apart what they use one name for", () => {
    const both = add(tversky(), [-2, tversky({ falsePositiveWeight: 0.5 })]);
    const [first, ...rest] = lines(latexOfLoss(both));
    expect(first).toBe("\\mathcal{L} &= \\mathcal{L}_{\\text{tversky 1}} - 2 \\mathcal{L}_{\\text{tversky 2}}");
    expect(rest.filter((line) => line.startsWith("\\mathrm{TP}"))).toHaveLength(1);
    expect(rest).toContain(
      "\\mathcal{L}_{\\text{tversky 2}} &= 1 - \\frac{\\mathrm{TP} + s}{\\mathrm{TP} + \\alpha_{\\text{tversky 2}} \\, \\mathrm{FP} + \\beta \\, \\mathrm{FN} + s_d}",
    );
    const values = lines(latexOfLoss(add(...[1, 2, 3, 4, 5, 6].map((gamma) => focal({ focus: gamma })))));
    expect(values.filter((line) => line.startsWith("&"))).toEqual([
      "&\\text{with } \\alpha = 0.25,\\; \\gamma_{\\text{focal 1}} = 1,\\; \\gamma_{\\text{focal 2}} = 2,\\; \\gamma_{\\text{focal 3}} = 3,\\; \\gamma_{\\text{focal 4}} = 4,",
      "&\\qquad \\gamma_{\\text{focal 5}} = 5,\\; \\gamma_{\\text{focal 6}} = 6",
    ]);
    const pooled = add(dice(), tversky({ joinClasses: "pooled" }), lossFromFormula("I = sum(p)\nI / sum(y)"));
    const names = lines(latexOfLoss(pooled)).map((line) => line.split(" &= ")[0]);
    expect(names).toEqual(expect.arrayContaining(["I_{\\text{dice}}", "I_{\\text{your formula}}", "\\mathrm{TP}"]));
    expect(new Set(names).size).toBe(names.length);
  });

  it("has the form of its score, and in words what the formula does not say", () => {
    expect(lines(latexOfLoss(dice({ form: "negative" })))[0]).toBe("\\mathcal{L} &= \\mathcal{L}_{\\text{dice}} - 1");
    expect(lines(latexOfLoss(add([2, dice({ form: "log" })], bceDice())))[0]).toBe(
      "\\mathcal{L} &= -2 \\log(1 - \\mathcal{L}_{\\text{dice}}) + \\mathcal{L}_{\\text{bce-dice}}",
    );
    const words = (options: Parameters<typeof dice>[0]) => lines(latexOfLoss(dice(options))).at(-1);
    expect(words({ classes: "foreground", images: "each" })).toBe("&\\text{classes from 1 on; each image by itself}");
    expect(words({ classes: [1, 3], classWeights: [1, 2], classWeighting: "factor" })).toBe(
      "&\\text{classes 1, 3; class weights 1, 2 as factors}",
    );
    expect(words({ joinClasses: "pooled", reduction: "sum" })).toBe(
      "&\\text{sums over all classes at once; summed over images}",
    );
  });

  it("has options of one term beside its name", () => {
    expect(lines(latexOfLoss(add(dice({ images: "each" }), focal()))).at(-1)).toBe(
      "&\\text{dice: each image by itself}",
    );
  });
});

describe("long lines", () => {
  it("are broken between terms", () => {
    const parameters = Object.fromEntries(
      ["first", "second", "third", "fourth", "fifth", "sixth"].map((name) => [`${name}number`, "number"] as const),
    );
    const sum = Object.keys(parameters)
      .map((name) => `${name} * ${name}`)
      .join(" + ");
    const broken = lines(latexOf(sum, { parameters }));
    expect(broken.length).toBeGreaterThan(1);
    expect(broken.slice(1).every((line) => line.startsWith("&\\qquad {} + "))).toBe(true);
    const seen = broken.map((line) => visible(rendered(line.replaceAll("&", ""))).length);
    expect(Math.max(...seen)).toBeLessThan(MAX_LINE_WIDTH + 10);
  });
});

it("takes the longest formulas there are", () => {
  for (const operators of ["+", "-", "*", "/", "*a/", "-a*"]) {
    const long = Array(2_000).fill("b").join(operators);
    const { text } = latexOf(long, { parameters: { a: "number", b: "number" } });
    expect(text.match(/(?<![a-z])b(?![a-z])/gu)?.length).toBe(2_000);
  }
});

it("refuses a formula that is none", () => {
  expect(() => latexOf("1 +")).toThrow(FormulaError);
  expect(() => latexOf("sum(q)")).toThrow(/nothing is named 'q'/u);
  expect(() => latexOf("p")).toThrow(/still varies over voxels/u);
});
