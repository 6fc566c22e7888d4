// `losskit explain NAME --plan` and `--wat`: the texts, their options, and what is refused.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { explainPlan, wantsPlan } from "../../src/cli/explain-plan.js";
import { styleFor } from "../../src/cli/terminal.js";

const plain = styleFor({});
const planOf = (name: string, options: Record<string, string> = {}) =>
  explainPlan(name, { plan: true, ...options }, plain);

describe("--plan", () => {
  test("the passes of a loss under its name", () => {
    const text = planOf("bce-dice");
    expect(text).toMatch(
      /^bce-dice\nValue and gradient in 2 passes over the voxels: 1 channel, sigmoid, labels as bytes\n/u,
    );
    expect(text).toContain("\n  loss = weight * ");
  });

  test("a sum of losses, as compare takes it, and a formula", () => {
    expect(planOf("dice + 0.5*bce")).toMatch(/^dice\+0\.5\*bce\n/u);
    expect(planOf("mine = mean((p - y)^2)")).toMatch(/^mine\nValue and gradient in 1 pass /u);
  });

  test("channels, activation, target and ignore change it", () => {
    expect(planOf("ce")).toContain("3 channels, softmax, labels as bytes");
    expect(planOf("dice", { activation: "softmax" })).toContain("3 channels, softmax");
    expect(planOf("dice", { channels: "7", activation: "sigmoid" })).toContain("7 channels, sigmoid");
    expect(planOf("dice", { activation: "none" })).toContain("1 channel, probabilities as given");
    expect(planOf("dice", { target: "soft" })).toContain("a target of float32 per channel");
    expect(planOf("dice", { ignore: "255" })).toContain("target != ignore");
    expect(planOf("dice", { ignore: "-100" })).toContain("labels as 32-bit integers");
    expect(planOf("dice")).not.toContain("ignore");
  });

  test("titles are bold in a terminal", () => {
    const text = explainPlan("dice", { plan: true }, styleFor({ isTTY: true }, {}));
    expect(text).toContain("\u001b[1mPASS 1 of 2: ");
  });
});

test("--wat prints one module for each pass", () => {
  const text = explainPlan("bce-dice", { wat: true }, plain);
  expect(text.match(/^\(module$/gmu)).toHaveLength(2);
  expect(text).toMatch(/^;; pass 1 of 2, \d+ bytes$/mu);
  expect(text).toContain("f32x4.mul");
});

describe("refused", () => {
  test.each<[string, Record<string, string>, string]>([
    ["ce", { channels: "1" }, "cannot take activation"],
    ["bce", { channels: "3" }, "cannot take activation"],
    ["dice", { activation: "tanh" }, '--activation is "tanh"; it may be sigmoid, softmax, none'],
    ["dice", { target: "hard" }, '--target is "hard"; it may be labels, soft'],
    ["dice", { ignore: "x" }, '--ignore is "x"'],
    ["dice", { channels: "0" }, '--channels is "0"'],
    ["dicee", {}, 'there is no loss "dicee"; did you mean "dice"?'],
  ])("%s %j", (name, options, message) => {
    expect(() => planOf(name, options)).toThrow(message);
  });

  test("a formula with more steps than a kernel takes", () => {
    const terms = Array.from({ length: 800 }, (_, i) => `abs(p-.${100 + i})`);
    expect(() => planOf(`many = mean(${terms.join("+")})`)).toThrow(
      /there is no plan of kernels for this: it has \d+ steps per voxel/u,
    );
  });

  test("options that do not go together", () => {
    const wants = (args: Record<string, unknown>) => () => wantsPlan({ ...args });
    expect(wants({ plan: true, wat: true })).toThrow("give one of the two");
    expect(wants({ plan: true, json: true })).toThrow("--json does not go with --plan");
    expect(wants({ channels: "3" })).toThrow("--channels is of the plan; give it with --plan or --wat");
    expect(wants({ json: true })()).toBe(false);
    expect(wants({ wat: true, ignore: "255" })()).toBe(true);
  });
});

test("as a command: the text on stdout, a mistake on stderr with status 2", () => {
  const program = fileURLToPath(new URL("../../bin/losskit.js", import.meta.url));
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [program, "explain", ...args], {
      encoding: "utf8",
      env: { ...process.env, NO_COLOR: "1", LOSSKIT_STACK: "" },
    });
  const good = run("tversky", "--plan", "--channels", "5");
  expect(good).toMatchObject({ status: 0, stderr: "" });
  expect(good.stdout).toContain("for each voxel and class c:");
  const bad = run("tversky", "--channels", "5");
  expect(bad).toMatchObject({ status: 2, stdout: "" });
  expect(bad.stderr).toContain("error [USAGE]: --channels is of the plan");
});
