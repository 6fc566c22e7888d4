// Follows docs/adding-a-loss.md as a stranger would, in a copy of the library: one file, one line.

import { spawnSync } from "node:child_process";
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, expect, it } from "vitest";
import type { LossFactory } from "../packages/losskit/src/losses/loss.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const copy = mkdtempSync(join(tmpdir(), "losskit-adding-"));
afterAll(() => rmSync(copy, { recursive: true, force: true }));

it("works with one file and one line", async () => {
  const page = readFileSync(join(root, "docs/adding-a-loss.md"), "utf8");
  const [file, line] = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code);
  const fileName = /losses\/([a-z-]+\.ts)`/.exec(page)?.[1] as string;

  cpSync(join(root, "packages/losskit/src"), join(copy, "src"), { recursive: true });
  writeFileSync(join(copy, "package.json"), '{ "type": "module" }');
  // Types of the frameworks that adapters are for.
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"), "junction");
  writeFileSync(join(copy, "src/losses", fileName), file);
  appendFileSync(join(copy, "src/losses/catalogue.ts"), line);
  const options = {
    extends: join(root, "packages/losskit/tsconfig.json"),
    compilerOptions: { rootDir: "src", outDir: "dist" },
  };
  writeFileSync(join(copy, "tsconfig.json"), JSON.stringify({ ...options, include: ["src"] }));
  const tsc = spawnSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", copy], {
    encoding: "utf8",
  });
  expect(tsc.stdout + tsc.stderr).toBe("");

  const { allLosses, lossNamed } = (await import(pathToFileURL(join(copy, "dist/losses/all.js")).href)) as {
    allLosses: readonly LossFactory[];
    lossNamed: (name: string) => LossFactory;
  };
  expect(allLosses.map(({ definition }) => definition.name)).toContain("focal-dice");
  const loss = lossNamed("focal-dice")();
  const logits = Float64Array.from([1, -2, 0.5, 3]);
  const labels = Uint8Array.from([1, 0, 0, 1]);
  const call = { shape: [1, 1, 2, 2] };
  const { value, gradient } = loss.valueAndGradient(logits, labels, call);
  const p = logits.map((x) => 1 / (1 + Math.exp(-x)));
  const overlap = p.reduce((sum, pi, i) => sum + pi * labels[i], 0);
  const total = p.reduce((sum, pi) => sum + pi, 0) + 2;
  expect(value).toBeCloseTo(1 - Math.sqrt((2 * overlap + 1e-5) / (total + 1e-5)), 12);
  const h = 1e-6;
  for (let i = 0; i < 4; i++) {
    const at = (step: number) =>
      loss.value(
        Float64Array.from(logits, (x, j) => (i === j ? x + step : x)),
        labels,
        call,
      );
    expect(gradient[i]).toBeCloseTo((at(h) - at(-h)) / (2 * h), 8);
  }
});
