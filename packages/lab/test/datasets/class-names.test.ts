import { describe, expect, test } from "vitest";
import { parseClassNames, selectClasses } from "../../src/datasets/class-names.js";
import { failure } from "./dataset-folder.js";

const LESIONS = { "0": "background", "1": "microaneurysm", "3": "hard exudate", "4": "soft_exudate" };
const declaration = parseClassNames(LESIONS, "classes.json");

describe("declaring classes", () => {
  test("by label, by name and as a list give the same", () => {
    const expected = new Map([
      [1, "cyst"],
      [2, "wall"],
    ]);
    for (const form of [
      { "0": "background", "1": "cyst", "2": "wall" },
      { background: 0, cyst: 1, wall: 2 },
      ["background", "cyst", "wall"],
      ["cyst", "wall"],
    ]) {
      expect(parseClassNames(form, "x").names).toEqual(expected);
    }
  });

  test("ignore is no class", () => {
    const { names, ignore } = parseClassNames({ background: 0, cyst: 1, ignore: 2 }, "x");
    expect([...names]).toEqual([[1, "cyst"]]);
    expect(ignore).toBe(2);
  });

  test.each([
    ["no object", "cyst", /must name the classes/u],
    ["missing", undefined, /must name the classes/u],
    ["background alone", { "0": "background" }, /no class besides/u],
    ["a region of labels", { background: 0, tumour: [1, 2] }, /"tumour" is a region of several labels/u],
    ["a label that is no whole number", { cyst: 1.5 }, /label of "cyst" is 1.5/u],
    ["a label below 0", { cyst: -1 }, /label of "cyst" is -1/u],
    ["one label twice", { cyst: 1, wall: 1 }, /label 1 has two names/u],
    ["one name twice", { "1": "hard exudate", "2": "Hard-Exudate" }, /two labels have the name/u],
    ["a name that is no text", { "1": 5, "2": {} }, /"2" must give/u],
  ])("%s is refused, naming the place", async (_, form, message) => {
    const text = await failure("BAD_DATASET", () => parseClassNames(form, "the file x.json"));
    expect(text).toMatch(message);
    expect(text).toContain("the file x.json");
  });
});

describe("selecting classes", () => {
  test("all without names", () => {
    const { classes, labelOfValue } = selectClasses(declaration);
    expect(classes).toEqual(["microaneurysm", "hard exudate", "soft_exudate"]);
    expect([...labelOfValue].sort()).toEqual([
      [0, 0],
      [1, 1],
      [3, 2],
      [4, 3],
    ]);
  });

  test("by name in any spelling, in the order given; the others become background", () => {
    const { classes, labelOfValue } = selectClasses(declaration, ["Soft Exudate", "hard-exudate"]);
    expect(classes).toEqual(["soft_exudate", "hard exudate"]);
    expect(Object.fromEntries(labelOfValue)).toEqual({ 0: 0, 1: 0, 3: 2, 4: 1 });
  });

  test("an unknown name gets the nearest as a suggestion, and the list", async () => {
    const message = await failure("UNKNOWN_CLASS", () => selectClasses(declaration, ["hard-exsudate"]));
    expect(message).toMatch(/did you mean "hard exudate"\?/u);
    expect(message).toMatch(/"microaneurysm", "hard exudate", "soft_exudate"/u);
    expect(await failure("UNKNOWN_CLASS", () => selectClasses(declaration, ["kidney"]))).not.toMatch(/did you mean/u);
    expect(await failure("UNKNOWN_CLASS", () => selectClasses(declaration, ["background"]))).toMatch(/always there/u);
  });

  test("none, and one twice, are refused", async () => {
    await failure("USAGE", () => selectClasses(declaration, []));
    await failure("USAGE", () => selectClasses(declaration, ["hard exudate", "Hard_Exudate"]));
  });
});
