// `losskit explain NAME --code`: code for both frameworks below the page, or the reason, and the same as JSON.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { blob, dice } from "losskit";
import { exportLoss } from "losskit/export";
import { describe, expect, test } from "vitest";
import { codeRecord, formatCode } from "../../src/cli/explain-code.js";
import { styleFor } from "../../src/cli/terminal.js";

const plain = styleFor({});
const program = fileURLToPath(new URL("../../bin/losskit.js", import.meta.url));
const losskit = (...args: string[]) => spawnSync(process.execPath, [program, ...args], { encoding: "utf8" });

test("the code is that of the exporters, moved in", () => {
  const text = formatCode(dice(), 80, plain);
  expect(text).toMatch(/^PyTorch\n {2}from __future__ import annotations\n\n {2}import torch\n/u);
  expect(text).toContain("\n\nKeras\n  from __future__ import annotations\n");
  const lines = new Set(text.split("\n").map((line) => line.replace(/^ {2}/u, "")));
  for (const to of ["pytorch", "keras"] as const) {
    for (const line of exportLoss(dice(), to).split("\n")) expect(lines).toContain(line);
  }
});

test("a refusal stands in its place, within the width", () => {
  const refusal = formatCode(blob(), 60, plain).split("\nKeras\n")[1];
  expect(refusal).toMatch(/^ {2}Refused: Blob loss cannot be exported to Keras: how many\n/u);
  expect(Math.max(...refusal.split("\n").map((line) => line.length))).toBeLessThanOrEqual(60);
  expect(codeRecord(blob())).toEqual({
    pytorch: { text: exportLoss(blob(), "pytorch") },
    keras: { refused: expect.stringContaining("cannot be exported to Keras") },
  });
});

describe("the command", () => {
  test("prints it after the facts, and in JSON", () => {
    const { stdout } = losskit("explain", "tversky", "--code");
    expect(stdout.startsWith(losskit("explain", "tversky").stdout)).toBe(true);
    expect(stdout).toContain("  class TverskyLoss(nn.Module):");
    expect(stdout).toContain("  class TverskyLoss(keras.losses.Loss):");
    const record = JSON.parse(losskit("explain", "tversky", "--code", "--json").stdout);
    expect(record.name).toBe("tversky");
    expect(record.code.keras.text).toContain("class TverskyLoss(keras.losses.Loss):");
    expect(JSON.parse(losskit("explain", "tversky", "--json").stdout).code).toBeUndefined();
  });

  test.each([
    [["explain", "dice", "--code", "--plan"], "--code adds to the page of a loss"],
    [["explain", "--code", "--ask"], "leave NAME, --plan, --wat and --code away"],
  ])("refuses %j", (args, problem) => {
    const { status, stderr } = losskit(...args);
    expect(status).toBe(2);
    expect(stderr).toContain(problem);
  });
});
