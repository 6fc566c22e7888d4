// The examples for ONNX Runtime at work, in Node and in Chromium. They use the built packages.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as ort from "onnxruntime-node";
import { afterAll, describe, expect, it } from "vitest";
import { chromiumPath } from "../../../../test/page/chromium.js";
import { buildExample, visitExample } from "../../../../test/page/example-page.js";

const root = fileURLToPath(new URL("../../../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "losskit-onnxruntime-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const lossesIn = (text: string) => [...text.matchAll(/loss ([\d.]+)/g)].map(([, loss]) => Number(loss));

describe("examples/onnxruntime-node.mjs", () => {
  it("trains, and writes a model that any ONNX Runtime runs", async () => {
    const file = join(folder, "trained.onnx");
    const printed = execFileSync(process.execPath, ["examples/onnxruntime-node.mjs", "30", file], {
      cwd: root,
      encoding: "utf8",
    });
    const losses = lossesIn(printed);
    expect(losses).toHaveLength(4);
    expect(losses[3]).toBeLessThan(losses[0] - 0.3);
    expect(printed).toMatch(/^Dice on new images: 0\.\d+$/m);
    const session = await ort.InferenceSession.create(readFileSync(file));
    const { logits } = await session.run({ image: new ort.Tensor("float32", new Float32Array(768), [1, 1, 24, 32]) });
    expect(logits.dims).toEqual([1, 1, 24, 32]);
    await session.release();
  });
});

const chromium = chromiumPath();
describe.skipIf(!chromium)("examples/onnxruntime-web-page", () => {
  it("is bundled by Vite without Node's modules, and trains in Chromium", async () => {
    const built = await buildExample("onnxruntime-web-page", join(folder, "page"));
    const modules = built.output.flatMap((file) => (file.type === "chunk" ? Object.keys(file.modules) : []));
    expect(modules.filter((id) => id.includes("lab/dist/onnx-training/")).length).toBeGreaterThan(10);
    // What Vite puts in the place of Node's modules.
    expect(modules.filter((id) => id.includes("browser-external") || id.includes("onnxruntime-node"))).toEqual([]);

    await visitExample(chromium as string, join(folder, "page"), async (page, complaints) => {
      const losses = lossesIn((await page.textContent("#log")) as string);
      expect(losses).toHaveLength(40);
      expect(losses[39]).toBeLessThan(losses[0] - 0.3);
      expect(await page.locator("canvas").count()).toBe(3);
      expect(await page.getAttribute("a[download]", "href")).toMatch(/^blob:/);
      expect(complaints).toEqual([]);
    });
  });
});
