import { describe, expect, it } from "vitest";
import { LosskitError } from "../../src/errors.js";
import type { CallOptions, FloatArray, Target, TermOptions } from "../../src/formula/options.js";
import {
  add,
  bce,
  ce,
  dice,
  focalTversky,
  lossFromFormula,
  lovaszHinge,
  lovaszSoftmax,
  tversky,
} from "../../src/index.js";

const options: CallOptions = { shape: [1, 1, 2, 2] };
const logits = Float32Array.from([1, -1, 2, 0]);
const labels = Uint8Array.from([1, 0, 1, 0]);

/** Runs the call as a caller without types would, and gives its error. */
function errorOf(run: () => unknown): LosskitError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(LosskitError);
    return error as LosskitError;
  }
  throw new Error("nothing was thrown");
}

const call = (changes: { logits?: unknown; target?: unknown; options?: unknown }) => () =>
  dice().valueAndGradient(
    ("logits" in changes ? changes.logits : logits) as FloatArray,
    ("target" in changes ? changes.target : labels) as Target,
    ("options" in changes ? changes.options : options) as CallOptions,
  );

describe("a bad call", () => {
  it.each<[string, Parameters<typeof call>[0], string, RegExp]>([
    ["NaN", { logits: Float32Array.from([1, 2, Number.NaN, 0]) }, "NOT_FINITE", /NaN at \[0, 0, 1, 0\]/],
    [
      "infinity",
      { logits: Float32Array.from([1, Number.POSITIVE_INFINITY, 0, 0]) },
      "NOT_FINITE",
      /Infinity at \[0, 0, 0, 1\]/,
    ],
    ["a plain array", { logits: [1, 2, 3, 4] }, "ARRAY", /is a Array; give a Float32Array/],
    ["no logits", { logits: null }, "ARRAY", /Float32Array/],
    ["too few logits", { logits: new Float32Array(3) }, "ARRAY", /has 3 elements.*needs 4/],
    ["too few labels", { target: new Uint8Array(3) }, "ARRAY", /has 3 elements.*needs 4/],
    ["a target of floats that is too long", { target: new Float32Array(8) }, "ARRAY", /has 8 elements/],
    ["a target that is no array", { target: "mask" }, "ARRAY", /is a String/],
    ["no shape", { options: {} }, "SHAPE", /\[batch, channels, \.\.\.space\]/],
    ["no options", { options: null }, "SHAPE", /needs its shape/],
    ["a shape without space", { options: { shape: [1, 4] } }, "SHAPE", /3 to 5 positive integers/],
    ["a shape with a fraction", { options: { shape: [1, 1, 2.5, 2] } }, "SHAPE", /2\.5/],
    ["an empty shape", { options: { shape: [0, 1, 2, 2] } }, "SHAPE", /positive/],
    [
      "an unknown activation",
      { options: { ...options, activation: "relu" } },
      "OPTION",
      /"relu".*"sigmoid", "softmax", "none"/,
    ],
    ["softmax of one channel", { options: { ...options, activation: "softmax" } }, "OPTION", /one channel/],
    ["an unknown layout", { options: { ...options, layout: "nchw" } }, "OPTION", /"channels-first", "channels-last"/],
    ["an ignore value that is NaN", { options: { ...options, ignore: Number.NaN } }, "OPTION", /ignore/],
    [
      "weights of the wrong length",
      { options: { ...options, weights: new Float32Array(3) } },
      "ARRAY",
      /one weight per voxel/,
    ],
    [
      "a negative weight",
      { options: { ...options, weights: Float32Array.from([1, -1, 1, 1]) } },
      "NOT_FINITE",
      /-1 at \[0, 0, 1\]/,
    ],
    ["a spacing of 0", { options: { ...options, spacing: [1, 0] } }, "OPTION", /2 positive numbers/],
    ["a label that is no class", { target: Uint8Array.from([1, 0, 7, 0]) }, "LABEL", /7 at \[0, 1, 0\].*ignore: 7/],
    [
      "a target above 1",
      { target: Float32Array.from([1, 0, 255, 0]) },
      "TARGET_RANGE",
      /255 at \[0, 0, 1, 0\].*divide/,
    ],
    ["a target of NaN", { target: Float32Array.from([1, 0, Number.NaN, 0]) }, "TARGET_RANGE", /NaN/],
    [
      "logits given as probabilities",
      { options: { ...options, activation: "none" } },
      "PROBABILITY_RANGE",
      /-1 at \[0, 0, 0, 1\].*"sigmoid"/,
    ],
  ])("%s is refused with its place and what to do", (_, changes, code, message) => {
    const error = errorOf(call(changes));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  it("names the channel last where channels are last", () => {
    const bad = Float32Array.from([0, 0, 0, 0, Number.NaN, 0]);
    const error = errorOf(() =>
      dice().value(bad, Uint8Array.from([0, 1, 0]), { shape: [1, 3, 2], layout: "channels-last" }),
    );
    expect(error.message).toContain("[0, 2, 0]");
  });
});

describe("bad parameters and options", () => {
  it.each<[string, () => unknown, string, RegExp]>([
    [
      "below its range",
      () => tversky({ falsePositiveWeight: -1 }),
      "PARAMETER",
      /falsePositiveWeight of tversky is -1.*at least 0.*0\.3/,
    ],
    ["above its range", () => focalTversky({ focus: 9 }), "PARAMETER", /from 1 to 3/],
    ["NaN", () => dice({ smooth: Number.NaN }), "PARAMETER", /smooth/],
    ["text", () => dice({ smooth: "1" }), "PARAMETER", /"1"/],
    ["an unknown name", () => dice({ smoth: 1 }), "PARAMETER", /did you mean smooth\?/],
    [
      "an option that is not allowed",
      () => dice({ images: "all" as TermOptions["images"] }),
      "OPTION",
      /"each", "together"/,
    ],
    ["a class twice", () => dice({ classes: [1, 1] }), "OPTION", /different class indices/],
    ["no class at all", () => dice({ classes: [] }), "OPTION", /class/],
    ["only zeros as class weights", () => dice({ classWeights: [0, 0] }), "OPTION", /not only zeros/],
    ["a weight that is NaN", () => add([Number.NaN, dice()]), "PARAMETER", /weight/],
    ["a sum of nothing", () => add(), "DEFINITION", /at least one/],
  ])("%s are refused when the loss is made", (_, make, code, message) => {
    const error = errorOf(make);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });
});

describe("a loss that cannot take a head", () => {
  it.each([
    ["ce with one channel", ce(), 1, "none", /one/],
    ["ce with sigmoids", ce(), 3, "sigmoid", /"softmax" or "none"/],
    ["bce with softmax", bce(), 3, "softmax", /"sigmoid" or "none"/],
    ["the hinge of probabilities", lovaszHinge(), 1, "none", /"sigmoid"/],
  ] as const)("says so before anything is computed: %s", (_, loss, channels, activation, reason) => {
    expect(loss.refusal({ channels, activation })).toMatch(reason);
    const error = errorOf(() =>
      loss.value(new Float32Array(4 * channels).fill(0.5), labels, { shape: [1, channels, 2, 2], activation }),
    );
    expect(error.code).toBe("UNSUPPORTED");
  });

  it("has nothing to say where all is well", () => {
    expect(add(dice(), bce()).refusal({ channels: 1, activation: "sigmoid" })).toBeUndefined();
  });

  it("refuses soft targets where the loss ranks voxels", () => {
    const soft = Float32Array.from([0.3, 0, 1, 0]);
    const error = errorOf(() => lovaszSoftmax().value(logits, soft, options));
    expect(error).toMatchObject({ code: "UNSUPPORTED", message: expect.stringContaining("0 and 1") });
  });

  it("says which array of the formula is missing", () => {
    const loss = lossFromFormula("mean(p * depth)", { fields: { depth: "voxel" } });
    expect(errorOf(() => loss.value(logits, labels, options)).message).toContain("fields: { depth: Float32Array }");
  });

  it("says that a formula is not finite where it is not", () => {
    const loss = lossFromFormula("log(sum(y) - 100)");
    expect(errorOf(() => loss.value(logits, labels, options))).toMatchObject({ code: "NOT_FINITE" });
  });

  it("refuses parameters of a formula that are not numbers or do not fit the channels", () => {
    expect(errorOf(() => lossFromFormula("w * mean(p)", { parameters: { w: Number.NaN } })).code).toBe("PARAMETER");
    const perClass = lossFromFormula("classes_sum(w * mean(p))", { parameters: { w: [1, 2] } });
    expect(errorOf(() => perClass.value(logits, labels, options)).message).toContain("1 channels");
  });
});

describe("sums of losses", () => {
  it("are what their parts add up to, nested as well", () => {
    const parts = [bce(), dice(), tversky({ smooth: 1 })];
    const sum = add(add(parts[0], [0.5, parts[1]]), [2, add(parts[2], [3, parts[0]])]);
    const weights = [7, 0.5, 2];
    const results = parts.map((part) => part.valueAndGradient(Float64Array.from(logits), labels, options));
    const result = sum.valueAndGradient(Float64Array.from(logits), labels, options);
    expect(result.value).toBeCloseTo(
      results.reduce((total, part, i) => total + weights[i] * part.value, 0),
      13,
    );
    result.gradient.forEach((slope, i) => {
      expect(slope).toBeCloseTo(
        results.reduce((total, part, k) => total + weights[k] * part.gradient[i], 0),
        13,
      );
    });
    expect(sum.terms.map(({ weight }) => weight)).toEqual([1, 0.5, 2, 6]);
  });

  it("keep the options of each part", () => {
    const values = Float64Array.from({ length: 12 }, (_, i) => Math.sin(3 * i));
    const map = Uint8Array.from([0, 1, 2, 2]);
    const three: CallOptions = { shape: [1, 3, 4] };
    const nnunet = add(dice({ classes: "foreground" }), ce());
    const expected = dice({ classes: "foreground" }).value(values, map, three) + ce().value(values, map, three);
    expect(nnunet.value(values, map, three)).toBeCloseTo(expected, 14);
  });

  it("refuse parts that leave different axes", () => {
    const mixed = add(dice({ reduction: "none" }), bce());
    expect(
      errorOf(() => mixed.value(new Float32Array(8), new Uint8Array(4), { shape: [1, 2, 4], activation: "sigmoid" })),
    ).toMatchObject({
      code: "UNSUPPORTED",
      message: expect.stringContaining("same reduction"),
    });
  });
});

describe("a formula of the user's own", () => {
  it("gives what the library's loss gives", () => {
    const own = lossFromFormula("1 - (2*sum(p*y) + s) / (sum(p) + sum(y) + s)", { parameters: { s: 1 } });
    expect(own.valueAndGradient(logits, labels, options)).toEqual(
      dice({ smooth: 1 }).valueAndGradient(logits, labels, options),
    );
  });
});
