// Writes docs/losses/ and the table of docs/exports.md from the losses. Run `npm run build` before; --measure runs PyTorch and Keras anew first (Debian: python3-torch).

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { FRAMEWORKS, figuresText, renewed } from "../packages/lab/dist/documents/agreement-figures.js";
import { lossPages } from "../packages/lab/dist/documents/loss-pages.js";
import { withSupportTable } from "../packages/lab/dist/documents/support-table.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(root, "docs/losses");
const figuresFile = join(folder, "agreement.json");

const readJson = (path) => JSON.parse(readFileSync(path, "utf8"));

/** The tests of the exports run every loss; with LOSSKIT_AGREEMENT they leave what they measured in that folder. */
function measure(stored) {
  const scratch = mkdtempSync(join(tmpdir(), "losskit-agreement-"));
  try {
    const tests = FRAMEWORKS.map((framework) => `packages/losskit/test/export/${framework}.test.ts`);
    const env = { ...process.env, LOSSKIT_AGREEMENT: scratch };
    const vitest = join(root, "node_modules/vitest/vitest.mjs");
    spawnSync(process.execPath, [vitest, "run", ...tests], { cwd: root, env, stdio: "inherit" });
    return Object.fromEntries(
      FRAMEWORKS.map((name) => [name, renewed(stored[name] ?? {}, readJson(join(scratch, `${name}.json`)))]),
    );
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

mkdirSync(folder, { recursive: true });
let figures = { pytorch: {}, keras: {} };
try {
  figures = readJson(figuresFile);
} catch (error) {
  if (error.code !== "ENOENT") throw error;
}
if (process.argv.includes("--measure")) {
  figures = measure(figures);
  writeFileSync(figuresFile, figuresText(figures));
}

const pages = lossPages(figures);
for (const [name, text] of pages) writeFileSync(join(folder, name), text);
for (const name of readdirSync(folder)) {
  if (name.endsWith(".md") && !pages.has(name)) rmSync(join(folder, name));
}

const exportsPage = join(root, "docs/exports.md");
writeFileSync(exportsPage, withSupportTable(readFileSync(exportsPage, "utf8")));
