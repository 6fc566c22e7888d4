// Arguments are read strictly: nothing that was typed is passed over.

import { describe, expect, test } from "vitest";
import {
  checkArguments,
  positionalValues,
  readList,
  readWholeNumber,
  repeatedValues,
} from "../../src/cli/arguments.js";
import { chooseSource, compareArgs, completePlan, DEFAULT_LOSSES, readOptions } from "../../src/cli/compare-options.js";
import { LabError } from "../../src/errors.js";
import { checkLosses } from "../../src/experiment/check-start.js";
import { parseLossSpecification } from "../../src/experiment/loss-specification.js";
import { plan } from "../experiment/fakes.js";

const check = (...args: string[]) => checkArguments("compare", args, compareArgs, ["loss"]);

describe("arguments of compare", () => {
  test("all in order", () => {
    expect(() => check("dir", "--losses", "dice", "--loss=a = p", "--loss", "dice", "--json")).not.toThrow();
    expect(() => check("--loss=-1*dice")).not.toThrow();
    expect(() => check("--json", "--", "-a-folder")).not.toThrow();
    expect(() => check()).not.toThrow();
  });

  test.each([
    [["--step", "3"], /no option --step; did you mean --steps\?/u],
    [["--frobnicate"], /no option --frobnicate; see: losskit compare --help/u],
    [["-x"], /no option -x/u],
    [["--no-json"], /no option --no-json/u],
    [["--steps"], /--steps needs a value/u],
    [["--steps", "--json"], /--steps needs a value, found "--json"/u],
    [["--steps="], /--steps needs a value/u],
    [["--json=yes"], /--json takes no value, found "yes"/u],
    [["--steps", "1", "--steps", "2"], /--steps is given more than once/u],
    [["a", "b"], /an argument too many: "b"; losskit compare takes DATA/u],
  ])("%j", (args, message) => {
    expect(() => check(...args)).toThrow(message);
    expect(() => check(...args)).toThrow(LabError);
  });

  test("a last argument that may be given many times", () => {
    const args = { loss: { type: "positional", required: false }, rounds: { type: "string" } } as const;
    const raw = ["dice", "--rounds", "3", "bce", "--", "-own = p"];
    expect(() => checkArguments("bench", raw, args, [], true)).not.toThrow();
    expect(() => checkArguments("bench", raw, args)).toThrow(/an argument too many: "bce"/u);
    expect(positionalValues(raw, args)).toEqual(["dice", "bce", "-own = p"]);
    expect(positionalValues([], args)).toEqual([]);
  });

  test("a positional that is required", () => {
    const args = { name: { type: "positional", required: true } } as const;
    expect(() => checkArguments("explain", [], args)).toThrow(/NAME is missing/u);
  });

  test("every value of a repeated option, in order", () => {
    const args = ["--loss", "dice", "x", "--loss=ce", "--losses", "a"];
    expect(repeatedValues(args, compareArgs, "loss")).toEqual(["dice", "ce"]);
  });
});

test.each(["", "1.5", "-1", "abc", "1e3", "0", "101", " 5"])("%j is no whole number from 1 to 100", (text) => {
  expect(() => readWholeNumber("--n", text, 1, 100)).toThrow(/^--n is .*; it is a whole number from 1 to 100$/u);
});

test("a list with an empty item is refused", () => {
  expect(readList("--losses", "a, b")).toEqual(["a", "b"]);
  expect(() => readList("--losses", "a,,b")).toThrow(/no empty item/u);
  expect(() => readList("--losses", "a,")).toThrow(LabError);
});

describe("options of compare", () => {
  const read = (args: object, specifications: string[] = []) =>
    readOptions({ _: [], ...args } as unknown as Parameters<typeof readOptions>[0], specifications);
  const files = { kind: "files", path: "/data" } as const;

  test("--losses and every --loss come together", () => {
    expect(read({ losses: "dice,bce" }, ["0.5*dice+bce"]).losses).toEqual(["dice", "bce", "0.5*dice+bce"]);
    expect(read({}).losses).toBeUndefined();
  });

  test.each([
    [{ resume: true, force: true }, /--resume keeps .* --force removes/u],
    [{ preset: "nucleus" }, /no phantom preset "nucleus"/u],
    [{ preset: "nuclei", data: "dir" }, /--preset is for phantoms/u],
    [{ classes: "a" }, /give that folder too/u],
    [{ seeds: "0" }, /--seeds is "0"/u],
    [{ rate: "fast" }, /--rate is "fast"/u],
    [{ jobs: "-2" }, /--jobs is "-2"/u],
  ])("%j is refused", (args, message) => {
    expect(() => read(args)).toThrow(message);
  });

  const images = { classes: ["lesion"], dimension: 2 } as const;
  const volumes = { classes: ["head", "tail"], dimension: 3 } as const;

  test("defaults of images, volumes and phantoms", () => {
    const folder = completePlan(read({ data: "dir" }), undefined, files, images, 1000, {});
    expect(folder.settings).toEqual({
      steps: 300,
      batch: 8,
      crop: 128,
      seeds: [1, 2, 3],
      peakRate: 0.006,
      baseChannels: 8,
      depth: 3,
    });
    expect(folder.losses).toEqual(DEFAULT_LOSSES.sigmoid);
    const slices = completePlan(read({ data: "dir" }), undefined, files, volumes, 1000, {});
    expect(slices.settings).toMatchObject({ steps: 600, crop: 128, peakRate: 0.01 });
    expect(slices.losses).toEqual(DEFAULT_LOSSES.softmax);
    const phantoms = completePlan(read({}), undefined, chooseSource(read({}), undefined), images, 256, {});
    expect(phantoms.settings).toMatchObject({ steps: 200, crop: 64, peakRate: 0.01 });
  });

  test("the default crop is about as large as the images at most, and fits the poolings", () => {
    const crop = (args: object, extent: number) =>
      completePlan(read(args), undefined, files, images, extent, {}).settings.crop;
    expect(crop({}, 50)).toBe(48);
    expect(crop({}, 5)).toBe(8);
    expect(crop({ depth: "4" }, 58)).toBe(64);
    expect(crop({ crop: "96" }, 50)).toBe(96);
    expect(() => crop({ crop: "60" }, 50)).toThrow(/--crop is 60; .*multiple of 8, such as 64/u);
  });

  test("what an experiment has stands in for what a command that goes on with it leaves out", () => {
    const stored = plan();
    expect(completePlan(read({ resume: true }), stored, stored.data, images, 500, stored.versions)).toEqual(stored);
    expect(completePlan(read({ steps: "9" }), stored, stored.data, images, 500, stored.versions).settings.steps).toBe(
      9,
    );
  });

  test("the default losses can train the heads they are for", () => {
    const specify = (names: readonly string[]) => names.map((name) => parseLossSpecification(name));
    expect(() => checkLosses(specify(DEFAULT_LOSSES.sigmoid), ["one"])).not.toThrow();
    expect(() => checkLosses(specify(DEFAULT_LOSSES.softmax), ["one", "two"])).not.toThrow();
  });
});
