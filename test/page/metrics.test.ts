// The metrics in a page: bundled by Vite they are small, need nothing besides themselves, and give Node's numbers in Chromium.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import type { Rolldown } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
// The types alone: the script runs from its bundle.
import type {} from "./app/metrics.js";
import { buildScript } from "./build-page.js";
import { chromiumPath, startChromium } from "./chromium.js";
import { serve } from "./server.js";

const folder = mkdtempSync(join(tmpdir(), "losskit-metrics-page-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const chunks = new Map<string, Rolldown.OutputChunk>();
beforeAll(async () => {
  for (const script of ["metrics", "only-hd95"]) {
    chunks.set(script, await buildScript(join(folder, script), `${script}.ts`));
  }
}, 60_000);

/** Files of the built library of which something is in the bundle. */
const filesOf = ({ modules }: Rolldown.OutputChunk) =>
  Object.entries(modules)
    .filter(([, { renderedLength }]) => renderedLength > 0)
    .map(([path]) => /losskit\/dist\/(.*)\.js$/.exec(path.replaceAll("\\", "/"))?.[1])
    .filter((file) => file !== undefined);

describe.each([
  // Kilobytes that docs/in-a-page.md promises, and a few.
  { script: "metrics", kilobytes: 20 },
  { script: "only-hd95", kilobytes: 8 },
])("$script", ({ script, kilobytes }) => {
  it("holds no loss and no compiler, and needs nothing besides itself", () => {
    const chunk = chunks.get(script)!;
    const files = filesOf(chunk);
    expect(files).toContain("metrics/hausdorff");
    expect(files.filter((file) => /^(losses|formula|gradient|compiler|backends\/reference)\//.test(file))).toEqual([]);
    expect([...chunk.imports, ...chunk.dynamicImports]).toEqual([]);
  });

  it("is small", () => {
    expect(gzipSync(chunks.get(script)!.code, { level: 9 }).length).toBeLessThan(kilobytes * 1024);
  });
});

const path = chromiumPath();

it.skipIf(!path)(
  "HD95 by each definition and other metrics of 128³ voxels equal Node's in Chromium",
  async () => {
    const { fileName } = chunks.get("metrics")!;
    await import(pathToFileURL(join(folder, "metrics", fileName)).href);
    const expected = globalThis.measureMasks();
    writeFileSync(
      join(folder, "metrics/index.html"),
      `<link rel="icon" href="data:,"><script type="module" src="/${fileName}"></script>`,
    );
    const server = await serve(join(folder, "metrics"), {});
    const browser = await startChromium(path!);
    try {
      const page = await browser.newPage();
      await page.goto(server.address);
      await page.waitForFunction(() => "measureMasks" in globalThis);
      const measured = await page.evaluate(() => globalThis.measureMasks());
      expect(measured).toEqual(expected);
      // They say something: three definitions with three values, in millimetres, of masks that differ.
      const values = measured.hd95.map(({ value }) => value);
      expect(new Set(values).size).toBe(3);
      for (const value of values) expect(value).toBeGreaterThan(2);
      expect(measured.overlap.dice).toBeGreaterThan(0.8);
      expect(measured.overlap.dice).toBeLessThan(1);
    } finally {
      await browser.close();
      await server.close();
    }
  },
  60_000,
);
