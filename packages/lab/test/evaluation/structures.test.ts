// Labels and regions by name: from dataset.json, classes.json and the command line.

import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseLabels, parseRegions, structuresOfFile } from "../../src/evaluation/structures.js";
import { temporaryFolder } from "../experiment/fakes.js";
import { writeFiles } from "./label-files.js";

const read = async (content: unknown, name = "dataset.json") => {
  const folder = await temporaryFolder();
  await writeFiles(folder, { [name]: JSON.stringify(content) });
  return structuresOfFile(join(folder, name));
};

const [liver, tumour] = [
  { name: "liver", labels: [1] },
  { name: "tumour", labels: [2] },
];

describe("files", () => {
  test("nnU-Net version 2, with regions and ignore", async () => {
    const labels = { background: 0, whole: [1, 2, 3], core: [2, 3], enhancing: 3, ignore: 4 };
    expect(await read({ labels })).toEqual({
      structures: [
        { name: "whole", labels: [1, 2, 3] },
        { name: "core", labels: [2, 3] },
        { name: "enhancing", labels: [3] },
      ],
      ignore: 4,
    });
  });

  test("version 1 names by label", async () => {
    expect(await read({ labels: { "0": "background", "1": "liver", "2": "tumour" } })).toEqual({
      structures: [liver, tumour],
    });
  });

  test("classes.json, also as a list", async () => {
    expect(await read({ "1": "liver", "2": "tumour" }, "classes.json")).toEqual({ structures: [liver, tumour] });
    expect(await read(["liver", "tumour"], "classes.json")).toEqual({ structures: [liver, tumour] });
  });

  test("the classes of a split.json", async () => {
    const split = { image: "images/{id}.png", classes: { "0": "background", "1": "liver", "2": "tumour" } };
    expect(await read(split, "split.json")).toEqual({ structures: [liver, tumour] });
  });

  test.each([
    [{ labels: { background: 0 } }, /no label besides the background/u],
    [{ labels: { liver: "one" } }, /"liver" must give a label/u],
    [{ labels: { liver: -1 } }, /the label is -1/u],
    [{ labels: { "1": "liver", "2": "liver" } }, /two structures have the name "liver"/u],
    [{}, /must be a JSON object, not missing/u],
  ])("%j is refused", async (content, message) => {
    await expect(read(content)).rejects.toThrow(message);
  });
});

describe("the command line", () => {
  test("labels by number, with a name or without, or by a name the data set has", () => {
    expect(parseLabels(["1=liver", "2"])).toEqual([liver, { name: "2", labels: [2] }]);
    expect(parseLabels(["tumour", "7=cyst"], [liver, tumour])).toEqual([tumour, { name: "cyst", labels: [7] }]);
  });

  test("regions of labels and of names", () => {
    expect(parseRegions(["whole=2+1", "both=liver+tumour"], [liver, tumour])).toEqual([
      { name: "whole", labels: [1, 2] },
      { name: "both", labels: [1, 2] },
    ]);
  });

  test.each([
    [() => parseLabels(["livr"], [liver]), /--labels has "livr"; write liver\?, or one of liver, or LABEL=NAME/u],
    [() => parseLabels(["liver=1"]), /write LABEL=NAME/u],
    [() => parseLabels(["70000=x"]), /whole number from 0 to 65535/u],
    [() => parseLabels(["1=a", "2=a"]), /two structures have the name "a"/u],
    [() => parseLabels(["0=air"]), /the label 0 is the background, which is not scored/u],
    [() => parseRegions(["air=0"]), /the label 0 is the background/u],
    [() => parseRegions(["whole"]), /write NAME=LABEL\+LABEL/u],
    [() => parseRegions(["whole=1+x"]), /write NAME=LABEL\+LABEL/u],
  ])("a mistake is said", (parse, message) => {
    expect(parse).toThrow(message);
  });
});
