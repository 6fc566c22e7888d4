// `losskit evaluate --compare` from end to end: two predictions measured, two folders taken up again, one begun and gone on with.

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { eightCases, losskitHere } from "./eight-cases.js";
import { losskit } from "./program.js";

describe("two predictions", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await eightCases();
  });

  test("--compare says which is better, case by case", async () => {
    const { status, stdout } = await losskit(
      [
        "evaluate",
        "truth",
        "--compare",
        "predicted",
        "worse",
        "--metrics",
        "dice",
        "--labels",
        "1=liver",
        "--out",
        "paired",
      ],
      folder,
    );
    expect(status).toBe(0);
    expect(stdout).toContain("Dice of liver: predicted is better than worse; over 8 cases worse is on average");
    const record = JSON.parse(await readFile(join(folder, "paired/paired.json"), "utf8"));
    expect(record.comparisons[0]).toMatchObject({ better: "a", pValue: 2 / 2 ** 8, structure: "liver" });
    // The folders that it wrote can be compared without reading a mask.
    const again = await losskit(["evaluate", "--compare", "paired/a", "paired/b", "--json"], folder);
    expect(JSON.parse(again.stdout).comparisons[0].difference).toBe(record.comparisons[0].difference);
  });

  test("two folders are compared under the policy for empty masks that both were made with", async () => {
    const at = (name: string) => join(folder, name);
    const settings = ["--metrics", "dice", "--labels", "1=liver,3=kidney", "--jobs", "1"];
    for (const [predicted, out, empty] of [
      ["predicted", "a", "one"],
      ["worse", "b", "one"],
      ["worse", "c", "nan"],
    ] as const) {
      await losskitHere([at("truth"), at(predicted), ...settings, "--empty", empty, "--out", at(out)]);
    }
    const compared = (a: string, b: string, ...more: string[]) =>
      losskitHere(["--compare", at(a), at(b), "--json", ...more]);
    const ones = JSON.parse((await compared("a", "b")).stdout);
    // There is no kidney anywhere.
    expect(ones).toMatchObject({ emptyMasks: "one", comparisons: [{}, { structure: "kidney", meanA: 1 }] });
    expect(ones.definitions.join(" ")).toContain("(one)");
    const differing = await compared("a", "c");
    expect(differing).toMatchObject({ status: 2, stderr: expect.stringContaining("--empty one and --empty nan") });
    const asked = JSON.parse((await compared("a", "c", "--empty", "nan")).stdout);
    expect(asked).toMatchObject({ emptyMasks: "nan", comparisons: [{}, { meanA: null }] });
    expect(asked.definitions.join(" ")).toContain("(nan, as in nnU-Net)");
    const idle = await compared("a", "b", "--metrics", "dice");
    expect(idle).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("--metrics has no meaning for two folders"),
    });
  });

  test("--compare goes on where only the first of the two was begun", async () => {
    const [truth, predicted, worse, out] = ["truth", "predicted", "worse", "both"].map((name) => join(folder, name));
    const settings = ["--metrics", "dice", "--jobs", "1", "--out"];
    await losskitHere([truth!, predicted!, ...settings, join(out!, "a")]);
    const { status, stderr } = await losskitHere([
      truth!,
      "--compare",
      predicted!,
      worse!,
      ...settings,
      out!,
      "--resume",
    ]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "8 of 8 cases were done before\n" });
    expect(await readdir(out!)).toEqual(expect.arrayContaining(["a", "b", "paired.json"]));
  });
});
