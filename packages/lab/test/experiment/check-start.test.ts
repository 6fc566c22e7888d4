// Before the first trial: losses that cannot train the head, and data that cannot be read, are found at once.

import { describe, expect, test } from "vitest";
import type { Dataset } from "../../src/datasets/dataset.js";
import { LabError } from "../../src/errors.js";
import { checkCases, checkLosses } from "../../src/experiment/check-start.js";
import { parseLossSpecification } from "../../src/experiment/loss-specification.js";
import { squareCase, squares } from "./fakes.js";

const specify = (...specifications: string[]) => specifications.map((one) => parseLossSpecification(one));

function refusal(specifications: string[], classes: string[]): LabError {
  try {
    checkLosses(specify(...specifications), classes);
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("losses", () => {
  test("all that cannot take several classes are named in one error", () => {
    const { code, message } = refusal(["dice", "lovasz-hinge", "ce", "combo"], ["anterior", "posterior"]);
    expect(code).toBe("INCOMPATIBLE_LOSS");
    expect(message).toContain("2 classes, anterior, posterior (3 softmax channels)");
    expect(message).toMatch(/\n {2}lovasz-hinge: .+\n {2}combo: .+\n/u);
    expect(message).not.toMatch(/\n {2}(?:dice|ce):/u);
  });

  test("for one class, a loss that compares channels is taken, and a sum that fits no head refused", () => {
    expect(() => checkLosses(specify("dice", "dice-ce", "mumford-shah"), ["lesion"])).not.toThrow();
    expect(refusal(["dice-ce", "bce+ce"], ["lesion"]).message).toMatch(
      /one class, lesion \(1 sigmoid channel, or 2 softmax channels\):\n {2}bce\+ce: .*channels\)\nleave/u,
    );
    expect(() => checkLosses(specify("ce:classWeights=1,5"), ["lesion"])).not.toThrow();
  });

  test("what only a call can tell is found too", () => {
    expect(refusal(["ce:classWeights=1,2"], ["a", "b"]).message).toMatch(/ce:classWeights=1,2: .*3 numbers/u);
    expect(refusal(["dice:classes=3"], ["a", "b"]).message).toContain("class 3");
    expect(() => checkLosses(specify("ce:classWeights=1,2,3"), ["a", "b"])).not.toThrow();
  });

  test("a formula that is not finite at the first step is no refusal", () => {
    expect(() => checkLosses(specify("odd = mean(log(p - 0.5) * y)"), ["a"])).not.toThrow();
  });

  test("two with one label are refused", () => {
    expect(refusal(["dice", "bce", " dice "], ["a"])).toMatchObject({
      code: "USAGE",
      message: expect.stringContaining("dice is given"),
    });
  });
});

describe("cases", () => {
  test("every case of every split is read, once", async () => {
    const read: string[] = [];
    const seen: number[][] = [];
    const load = async (id: string) => {
      read.push(id);
      return squareCase(id, 0);
    };
    const dataset = { ...squares(), load };
    const checked = await checkCases(dataset, (done, all) => seen.push([done, all]));
    expect(read).toEqual(["a", "b", "c", "d", "e", "f"]);
    expect(seen.at(-1)).toEqual([6, 6]);
    expect(checked).toEqual({ regionOfInterest: false, typicalExtent: 8 });
  });

  test("one test case with a region of interest is enough to say so", async () => {
    const load = async (id: string) => ({
      ...squareCase(id, 0),
      ...(id === "d" && { regionOfInterest: new Uint8Array(64).fill(1) }),
    });
    expect((await checkCases({ ...squares(), load })).regionOfInterest).toBe(true);
  });

  test("a case that cannot be read is the error of its file", async () => {
    const load = async (id: string) => {
      if (id === "f") throw new LabError("SIZE_MISMATCH", "masks/f.png is 4 x 4");
      return squareCase(id, 0);
    };
    await expect(checkCases({ ...squares(), load })).rejects.toMatchObject({ code: "SIZE_MISMATCH" });
  });

  test.each<[string, Partial<Dataset>, string]>([
    ["no test case", { splits: { ...squares().splits, test: [] } }, "EMPTY_DATASET"],
    ["no training case", { splits: { ...squares().splits, train: [] } }, "EMPTY_DATASET"],
    ["nothing to learn", { load: async (id) => squareCase(id, 0, 0) }, "BAD_DATASET"],
  ])("%s", async (_, change, code) => {
    await expect(checkCases({ ...squares(), ...change })).rejects.toMatchObject({ code });
  });

  test("a signal stops it", async () => {
    await expect(checkCases(squares(), undefined, AbortSignal.abort())).rejects.toMatchObject({ code: "INTERRUPTED" });
  });
});
