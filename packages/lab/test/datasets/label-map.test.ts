import { describe, expect, test } from "vitest";
import { parseClassNames, selectClasses } from "../../src/datasets/class-names.js";
import { mapLabels } from "../../src/datasets/label-map.js";
import { failure } from "./dataset-folder.js";

const select = (classes: object, wanted?: string[]) => selectClasses(parseClassNames(classes, "split.json"), wanted);
const one = select({ "1": "vessel" });

describe("labels of a mask", () => {
  test("class indices stay, and what is not selected becomes background", () => {
    const selection = select({ "1": "a", "3": "b", "7": "c" }, ["c", "a"]);
    expect([...mapLabels([0, 1, 3, 7, 7], selection, "m.png", 255).labels]).toEqual([0, 2, 0, 1, 1]);
  });

  test("black and white mark the one class, in any depth", () => {
    expect([...mapLabels([0, 255, 0], one, "m.png", 255).labels]).toEqual([0, 1, 0]);
    expect([...mapLabels([65535, 0], one, "m.png", 65535).labels]).toEqual([1, 0]);
    expect([...mapLabels([0, 1], one, "m.png", 1).labels]).toEqual([0, 1]);
    expect([...mapLabels([0, 0], one, "m.png", 255).labels]).toEqual([0, 0]);
  });

  test("white is a label like any other where it is declared, or where there are several classes", async () => {
    expect([...mapLabels([0, 1, 255], select({ "1": "a", "255": "b" }), "m.png", 255).labels]).toEqual([0, 1, 2]);
    await failure("UNDECLARED_LABEL", () => mapLabels([0, 255], select({ "1": "a", "2": "b" }), "m.png", 255));
  });

  test("white and 1 in one mask contradict each other", async () => {
    const message = await failure("UNDECLARED_LABEL", () => mapLabels([0, 1, 255], one, "m.png", 255));
    expect(message).toContain("m.png");
  });

  test("a palette index 255 is not white", async () => {
    await failure("UNDECLARED_LABEL", () => mapLabels([0, 255], one, "m.png", undefined));
  });

  test("ignored voxels count nowhere and are background", () => {
    const selection = select({ background: 0, cyst: 1, ignore: 9 });
    const { labels, counts } = mapLabels([0, 1, 9, 1], selection, "m.png", 255);
    expect([...labels]).toEqual([0, 1, 0, 1]);
    expect([...counts!]).toEqual([1, 1, 0, 1]);
    expect(mapLabels([0, 1], selection, "m.png", 255).counts).toBeUndefined();
  });

  test("an error names the file, the values with their counts, what is allowed, and where to declare", async () => {
    const message = await failure("UNDECLARED_LABEL", () => mapLabels([0, 1, 4, 4, 2], one, "masks/m.png", 255));
    expect(message).toContain("masks/m.png");
    expect(message).toContain("2 (1 voxels), 4 (2 voxels)");
    expect(message).toContain("0 (background), 1 (vessel), or 255 in place of 1");
    expect(message).toContain("split.json");
  });

  test.each([0.5, -1, 65536, Number.NaN, Number.POSITIVE_INFINITY])("%d is no label", async (value) => {
    expect(await failure("UNDECLARED_LABEL", () => mapLabels([0, value], one, "m.nii", 255))).toContain(`${value} (`);
  });

  test("a mask of many values stays one short message", async () => {
    const values = Array.from({ length: 250 }, (_, i) => i);
    const message = await failure("UNDECLARED_LABEL", () => mapLabels(values, one, "m.png", 255));
    expect(message.length).toBeLessThan(500);
    expect(message).toMatch(/and 24\d more/u);
  });
});
