// The meaning of formulas: names, arguments and axes, and what is said where one of them is wrong.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { LosskitError } from "../../src/errors.js";
import { CLASS, IMAGE } from "../../src/formula/axes.js";
import { type Names, readFormula } from "../../src/formula/check.js";
import { FUNCTION_NAMES, REDUCTIONS, ROUTINES, SPECIAL_FUNCTIONS } from "../../src/formula/operations.js";
import { lossFromFormula } from "../../src/index.js";
import { errorOf } from "./formula-errors.js";

const names: Names = {
  parameters: { alpha: "number", costs: "vector", M: "matrix" },
  fields: { image: "voxel", maps: "class-voxel" },
};

/** Code, line, column, and the sentence without the place. */
function problem(text: string): [code: string, line: number, column: number, sentence: string] {
  const { code, line, column, message } = errorOf(() => readFormula(text, names));
  return [code, line, column, message.split("\n")[0].replace(/^line \d+, column \d+: /, "")];
}

describe("a formula that is right", () => {
  it.each([
    ["mean(p)", IMAGE | CLASS],
    ["mean(image)", IMAGE],
    ["mean(maps)", IMAGE | CLASS],
    ["classes_sum(mean(p))", IMAGE],
    ["mean(classes_sum(p))", IMAGE],
    ["images_mean(mean(p))", CLASS],
    ["images_max(classes_max(max(p)))", 0],
    ["alpha", 0],
    ["costs", CLASS],
    ["classes_mean(class)", 0],
    ["mean(p) * costs", IMAGE | CLASS],
    ["mean(matmul(M, p))", IMAGE | CLASS],
    ["lovasz(abs(p - y), y)", IMAGE | CLASS],
    ["top_mean(p, alpha)", IMAGE | CLASS],
    ["instances_mean(sum_by(components(y), p))", IMAGE | CLASS],
    ["instances_max(sum_by(components(classes_max(y)), p))", IMAGE | CLASS],
    ["min(mean(p), mean(y))", IMAGE | CLASS],
    ["A = mean(p)\nloss = A", IMAGE | CLASS],
    ["loss = mean(p)\nloss", IMAGE | CLASS],
  ])("%j varies over %i", (text, axes) => {
    expect(readFormula(text, names).loss.axes).toBe(axes);
  });

  it("makes equal parts one node", () => {
    const { loss } = readFormula("sum(p*y) / (sum(p*y) + 1)");
    expect(loss.args[1].args[0]).toBe(loss.args[0]);
  });
});

describe("names", () => {
  const known = "x, p, y, class, class_count, alpha, costs, M, image, maps";
  it.each([
    ["mean(q)", 1, 6, `nothing is named 'q'; expected one of ${known}`],
    ["mean(zebra)", 1, 6, `nothing is named 'zebra'; expected one of ${known}`],
    ["TP = mean(p)\nTN + TP", 2, 1, "nothing is named 'TN'; did you mean 'TP'?"],
    ["mean(p) * alhpa", 1, 11, "nothing is named 'alhpa'; did you mean 'alpha'?"],
    ["mean(p) * alpa", 1, 11, "nothing is named 'alpa'; did you mean 'alpha'?"],
    ["mean(p) * ALPHA", 1, 11, "nothing is named 'ALPHA'; did you mean 'alpha'?"],
    ["mean(imge)", 1, 6, "nothing is named 'imge'; did you mean 'image'?"],
    ["a = b\nb = mean(p)\na", 1, 5, `nothing is named 'b'; expected one of ${known}`],
    ["a = a + 1\na", 1, 5, `nothing is named 'a'; expected one of ${known}`],
    ["maen(p)", 1, 1, "no function is named 'maen'; did you mean 'mean'?"],
    ["1 + class_sum(p)", 1, 5, "no function is named 'class_sum'; did you mean 'classes_sum'?"],
    ["mean", 1, 1, "'mean' is a function: expected 'mean(…)'"],
    ["mean(p) + log", 1, 11, "'log' is a function: expected 'log(…)'"],
    ["p = 1\nmean(p)", 1, 1, "'p' is a word of the language; choose another name"],
    ["sum = 1\nsum", 1, 1, "'sum' is a word of the language; choose another name"],
    ["a = 1\na = 2\na", 2, 1, "'a' has a value already; choose another name"],
    ["alpha = 1\nalpha", 1, 1, "'alpha' has a value already; choose another name"],
    ["image = 1\nmean(p)", 1, 1, "'image' has a value already; choose another name"],
  ])("%j", (text, line, column, sentence) => {
    expect(problem(text)).toEqual(["FORMULA_NAME", line, column, sentence]);
  });

  it.each(["zzzzzzzz", "p"])("lists every function where none is near %s", (name) => {
    expect(problem(`${name}(p)`)).toEqual([
      "FORMULA_NAME",
      1,
      1,
      `no function is named '${name}'; expected one of ${FUNCTION_NAMES.join(", ")}`,
    ]);
  });

  it.each(["constructor", "__proto__", "toString", "hasOwnProperty", "valueOf", "process", "globalThis", "require"])(
    "%s is nothing, neither as a value nor as a function",
    (name) => {
      expect(problem(name)).toMatchObject([
        "FORMULA_NAME",
        1,
        1,
        expect.stringContaining(`nothing is named '${name}'`),
      ]);
      expect(problem(`mean(${name}(p))`)).toMatchObject(["FORMULA_NAME", 1, 6, expect.stringContaining("no function")]);
      expect(problem(`matmul(${name}, p)`)).toMatchObject(["FORMULA_ARGUMENT", 1, 8, expect.anything()]);
      // It may be given a meaning, as any other name.
      expect(readFormula(`${name} = mean(p)\n${name} + 1`).loss.axes).toBe(IMAGE | CLASS);
    },
  );
});

describe("arguments", () => {
  it.each([
    ["mean()", 1, 1, "expected mean(e), found 0 arguments"],
    ["1 + mean(p, y)", 1, 5, "expected mean(e), found 2 arguments"],
    ["mean(exp())", 1, 6, "expected exp(e), found 0 arguments"],
    ["mean(exp(p, y))", 1, 6, "expected exp(e), found 2 arguments"],
    ["mean(pow(p))", 1, 6, "expected pow(a, b), found 1 argument"],
    ["max()", 1, 1, "expected max(a, b), found 0 arguments"],
    ["min(p, y, 1)", 1, 1, "expected min(a, b), found 3 arguments"],
    ["mean(where(p, y))", 1, 6, "expected where(condition, a, b), found 2 arguments"],
    ["mean(clamp(p, 0))", 1, 6, "expected clamp(e, low, high), found 2 arguments"],
    ["constant()", 1, 1, "expected constant(e), found 0 arguments"],
    ["lovasz(p)", 1, 1, "expected lovasz(errors, y), found 1 argument"],
    ["top_mean(p)", 1, 1, "expected top_mean(e, fraction), found 1 argument"],
    ["top_mean(p, 1/3 * mean(y))", 1, 17, "expected numbers and parameters only for fraction"],
    ["mean(soft_skeleton(p, class))", 1, 23, "expected numbers and parameters only for iterations"],
    ["mean(p) + M", 1, 11, "'M' is a matrix; it can only be the first argument of matmul(...)"],
    ["mean(matmul(alpha, p))", 1, 13, "expected the name of a matrix parameter"],
    ["mean(matmul(2, p))", 1, 13, "expected the name of a matrix parameter"],
    ["mean(matmul(M))", 1, 6, "expected matmul(matrix, e), found 1 argument"],
    [
      "instances_sum(sum_by(y, p))",
      1,
      22,
      "expected components(…) or nearest_component(…), which numbers the instances",
    ],
    ["instances_sum(sum_by(components(y)))", 1, 15, "expected sum_by(components, e), found 1 argument"],
  ])("%j", (text, line, column, sentence) => {
    expect(problem(text)).toEqual(["FORMULA_ARGUMENT", line, column, sentence]);
  });
});

describe("axes", () => {
  const noVoxels = (name: string, found: string) =>
    `${name}(…) reduces over voxels, but its argument varies over ${found}`;
  it.each([
    ["p", 1, 1, "the loss still varies over voxels; reduce it with mean(…) or sum(…)"],
    ["a = 1\nloss = classes_sum(p)", 2, 8, "the loss still varies over voxels; reduce it with mean(…) or sum(…)"],
    ["sum_by(components(y), p)", 1, 1, "the loss still varies over instances; reduce it with instances_mean(…)"],
    ["mean(mean(p))", 1, 6, noVoxels("mean", "images and classes")],
    ["sum(1)", 1, 5, noVoxels("sum", "nothing")],
    ["max(class)", 1, 5, noVoxels("max", "classes")],
    ["classes_sum(mean(image))", 1, 13, "classes_sum(…) reduces over classes, but its argument varies over images"],
    ["images_sum(alpha)", 1, 12, "images_sum(…) reduces over images, but its argument varies over nothing"],
    ["images_sum(p)", 1, 12, "images_sum(…) joins values per image: reduce over voxels first"],
    [
      "mean(instances_sum(p))",
      1,
      20,
      "instances_sum(…) reduces over instances, but its argument varies over images, classes and voxels",
    ],
    ["mean(matmul(M, image))", 1, 16, "matmul(…) reduces over classes, but its argument varies over images and voxels"],
    [
      "instances_sum(sum_by(components(y), alpha))",
      1,
      37,
      "sum_by(…) reduces over voxels, but its argument varies over nothing",
    ],
    ["mean(distance(alpha))", 1, 15, "expected a value per voxel, found one that varies over nothing"],
    ["mean(border(mean(p)))", 1, 13, "expected a value per voxel, found one that varies over images and classes"],
    ["lovasz(p, class)", 1, 11, "expected a value per voxel, found one that varies over classes"],
    [
      "mean(p * sum_by(components(y), p))",
      1,
      8,
      "a value per instance and a value per voxel cannot be combined; reduce one of them first",
    ],
    [
      "mean(where(p, 1, sum_by(components(y), p)))",
      1,
      6,
      "a value per instance and a value per voxel cannot be combined; reduce one of them first",
    ],
    [
      "mean(max(p, sum_by(components(y), p)))",
      1,
      6,
      "a value per instance and a value per voxel cannot be combined; reduce one of them first",
    ],
    [
      "instances_sum(sum_by(components(y), p) / sum_by(components(p > 0), y))",
      1,
      40,
      "values of two different numberings of instances cannot be combined",
    ],
  ])("%j", (text, line, column, sentence) => {
    expect(problem(text)).toEqual(["FORMULA_AXES", line, column, sentence]);
  });
});

describe("statements", () => {
  it.each([
    ["mean(p)\nmean(y)", 1, 1, "expected 'name = …': only the last line may be the loss alone"],
    ["a = mean(p)\nb = a", 2, 1, "expected 'loss = …' as the last line, found 'b = …'"],
  ])("%j", (text, line, column, sentence) => {
    expect(problem(text)).toEqual(["FORMULA_SYNTAX", line, column, sentence]);
  });
});

describe("names of parameters and fields", () => {
  it.each([
    [{ parameters: { p: 1 } }, "'p' is a word of the language; choose another name"],
    [{ parameters: { class: 1 } }, "'class' is a word of the language; choose another name"],
    [{ parameters: { sum: 1 } }, "'sum' is a word of the language; choose another name"],
    [{ fields: { y: "voxel" as const } }, "'y' is a word of the language; choose another name"],
    [{ parameters: { ":weight": 2 } }, "':weight' cannot be a name: a name is letters, digits and _"],
    [{ parameters: { "": 2 } }, "'' cannot be a name: a name is letters, digits and _"],
    [
      { parameters: { a: 1 }, fields: { a: "voxel" as const } },
      "'a' is a parameter and a field; choose another name for one",
    ],
  ])("%j is refused", (options, sentence) => {
    let error: unknown;
    try {
      lossFromFormula("mean(p)", options);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(LosskitError);
    expect(error).toMatchObject({ code: "DEFINITION", message: sentence });
  });

  it.each([undefined, null, 42, {}])("a formula that is %j is refused", (text) => {
    expect(() => lossFromFormula(text as unknown as string)).toThrow(/^a formula is a text, found /);
  });

  it.each([
    Number.NaN,
    Number.POSITIVE_INFINITY,
    [1, Number.NaN],
    [
      [1, 2],
      [3, -Infinity],
    ],
  ])("a parameter that is %j is refused", (value) => {
    expect(() => lossFromFormula("mean(p)", { parameters: { a: value } })).toThrow(
      expect.objectContaining({ code: "PARAMETER", message: expect.stringMatching(/^a of your formula is .*finite/) }),
    );
  });
});

it("has a page that names every function", () => {
  const page = readFileSync(new URL("../../../../docs/formula-language.md", import.meta.url), "utf8");
  const missing = [...FUNCTION_NAMES, ...Object.keys({ ...REDUCTIONS, ...ROUTINES, ...SPECIAL_FUNCTIONS })].filter(
    (name) => !new RegExp(`(?<![a-z_])${name}(?![a-z_])`).test(page),
  );
  expect(missing).toEqual([]);
});
