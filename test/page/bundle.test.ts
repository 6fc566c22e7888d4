// What a page loads that wants one loss: none of the others, and not much.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Rolldown } from "vite";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildScript } from "./build-page.js";

const folder = mkdtempSync(join(tmpdir(), "losskit-bundle-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let chunk: Rolldown.OutputChunk;
/** Files of the built library of which something is in the bundle. */
let files: string[];

beforeAll(async () => {
  chunk = await buildScript(folder, "only-dice.ts");
  files = Object.entries(chunk.modules)
    .filter(([, { renderedLength }]) => renderedLength > 0)
    .map(([path]) => /losskit\/dist\/(.*)\.js$/.exec(path.replaceAll("\\", "/"))?.[1])
    .filter((file) => file !== undefined);
}, 60_000);

it("holds the loss that is used, and no other", () => {
  expect(files.filter((file) => file.startsWith("losses/")).sort()).toEqual([
    "losses/bind",
    "losses/conventions",
    "losses/define",
    "losses/dice",
    "losses/smoothing",
  ]);
});

it("leaves out metrics, references and errata", () => {
  expect(files.filter((file) => /metrics|references|errata|catalogue/.test(file))).toEqual([]);
  expect(chunk.code.includes("@article")).toBe(false);
});

it("needs nothing besides itself, from Node least of all", () => {
  expect(chunk.imports).toEqual([]);
  expect(chunk.dynamicImports).toEqual([]);
  // What Vite puts in the place of Node's modules.
  expect(Object.keys(chunk.modules).filter((id) => id.includes("browser-external"))).toEqual([]);
});

it("is small", () => {
  expect(gzipSync(chunk.code, { level: 9 }).length).toBeLessThan(72 * 1024);
});
