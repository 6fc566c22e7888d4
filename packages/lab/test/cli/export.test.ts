// `losskit export` from end to end: what goes where, and what is refused.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../experiment/fakes.js";
import { losskit } from "./program.js";

const exported = async (...args: readonly string[]) => losskit(["export", ...args], await temporaryFolder());

test.each([
  ["pytorch", /^class DiceCeLoss\(nn\.Module\):$/mu],
  ["keras", /^class DiceCeLoss\(keras\.losses\.Loss\):$/mu],
  ["nnunet", /^class nnUNetTrainerDiceCeLoss\(nnUNetTrainer\):$/mu],
  ["latex", /^\\begin\{aligned\}\n/u],
])("prints a sum of losses for %s, and nothing else", async (target, head) => {
  const { status, stdout, stderr } = await exported("0.5*dice + ce", "--to", target);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toMatch(head);
});

test("a formula of one's own, with the options of the training code", async () => {
  const formula = "mine = 1 - 2*sum(p*y) / (sum(p) + sum(y) + 1)";
  const { stdout } = await exported(formula, "--to", "pytorch", "--ignore", "255", "--weights", "--name", "Mine");
  expect(stdout).toMatch(/^class Mine\(nn\.Module\):$/mu);
  expect(stdout).toContain("def __init__(self, ignore: float = 255)");
  expect(stdout).toContain("weights: Tensor | None = None");
});

test("--out writes the file whole, an ONNX model too", async () => {
  const folder = await temporaryFolder();
  const { status, stdout } = await losskit(
    ["export", "bce-dice", "--to", "onnx", "--axes", "3", "--out", "a/b.onnx"],
    folder,
  );
  expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
  const model = await readFile(join(folder, "a/b.onnx"));
  // The names of inputs and outputs are there as they are.
  for (const name of ["logits", "target", "value", "gradient", "depth"]) expect(model.includes(name)).toBe(true);
});

test.each([
  [["dice", "--to", "tensorflow"], 2, '--to is "tensorflow"; it is one of pytorch, keras, onnx, latex, nnunet'],
  [["dice"], 2, "--to is missing"],
  [["dise", "--to", "keras"], 2, 'did you mean "dice"?'],
  [["dice", "--to", "keras", "--axes", "3"], 2, "--axes is for --to onnx"],
  [["dice", "--to", "keras", "--ignore", "all"], 2, '--ignore is "all"; it is a number'],
  [["dice", "--to", "pytorch", "--name", "a b"], 2, 'name is "a b"'],
  [["linear(1,0)*dice", "--to", "keras"], 2, "changes its weights in training"],
  [["ce", "--to", "keras", "--head", "binary"], 2, "cannot take activation"],
  [["skeleton-recall", "--to", "pytorch"], 2, "cannot be exported to PyTorch: thinning"],
] as const)("%j is refused with what to do", async (args, expected, words) => {
  const { status, stdout, stderr } = await exported(...args);
  expect({ status, stdout }).toEqual({ status: expected, stdout: "" });
  expect(stderr).toContain(words);
});
