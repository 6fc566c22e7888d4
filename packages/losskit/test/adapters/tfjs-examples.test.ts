// The examples for TensorFlow.js at work, in Node and in Chromium, and a script of another kind that changes one line. They use the built library.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { chromiumPath } from "../../../../test/page/chromium.js";
import { buildExample, visitExample } from "../../../../test/page/example-page.js";

const root = fileURLToPath(new URL("../../../..", import.meta.url));
const run = (options: readonly string[], input?: string) =>
  execFileSync(process.execPath, options, { cwd: root, input, encoding: "utf8", stdio: ["pipe", "pipe", "ignore"] });

describe("examples/tfjs-node.mjs", () => {
  it("trains on the WebAssembly backend", () => {
    const lines = run(["examples/tfjs-node.mjs", "5"]).trim().split("\n");
    const losses = lines.map((line) => Number(/ loss ([\d.]+)/.exec(line)?.[1]));
    expect(losses).toHaveLength(5);
    expect(losses[4]).toBeLessThan(losses[0] / 2);
    expect(lines[4]).toMatch(/^epoch 5: loss [\d.]+, val_loss [\d.]+, val_dice [\d.]+, set_dice [\d.]+$/);
  });
});

const chromium = chromiumPath();
describe.skipIf(!chromium)("examples/tfjs-page", () => {
  it("trains in Chromium, bundled by Vite", async () => {
    const folder = mkdtempSync(join(tmpdir(), "losskit-tfjs-page-"));
    try {
      await buildExample("tfjs-page", folder);
      await visitExample(chromium as string, folder, async (page, complaints) => {
        const lines = ((await page.textContent("#log")) as string).trim().split("\n");
        expect(lines).toHaveLength(20);
        expect(Number(/Dice ([\d.]+)$/.exec(lines[19])?.[1])).toBeGreaterThan(0.85);
        expect(await page.locator("canvas").count()).toBe(3);
        expect(complaints).toEqual([]);
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe("a script that knows nothing of losskit", () => {
  const script = readFileSync(new URL("client/unet.mjs", import.meta.url), "utf8");
  const imports = 'import { dice } from "losskit";\nimport { tfLoss } from "losskit/tfjs";\n';
  // The script takes its first weights from Math.random; the test wants the same ones in every run.
  const repeatable = "let drawn = 1;\nMath.random = () => (drawn = (drawn * 16807) % 2147483647) / 2147483647;\n";
  const before = 'loss: "binaryCrossentropy",';
  const after = 'loss: tfLoss(tf, dice(), { activation: "none" }),';

  it("takes a loss of losskit by one changed line beside the imports", () => {
    expect(script.split(before)).toHaveLength(2);
    const { loss, val_loss, acc } = JSON.parse(
      run(["--input-type=module"], imports + repeatable + script.replace(before, after)),
    ) as Record<string, number[]>;
    expect(loss).toHaveLength(4);
    expect(loss[3]).toBeLessThan(loss[0]);
    expect(loss.every((value) => value > 0 && value < 1)).toBe(true);
    expect(val_loss.every(Number.isFinite)).toBe(true);
    expect(acc).toHaveLength(4);
  });
});
