// The compiled routines are those of their sources, small enough for any page, and run in a memory of either kind.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import bytePairs from "../../../src/backends/wasm/routines/byte-pairs.generated.js";
import roots from "../../../src/backends/wasm/routines/distance-roots.generated.js";
import rows from "../../../src/backends/wasm/routines/distance-rows.generated.js";
import ranks from "../../../src/backends/wasm/routines/lovasz-ranks.generated.js";
import voxels from "../../../src/backends/wasm/routines/lovasz-voxels.generated.js";
import { decodeBase64, fitToMemory } from "../../../src/backends/wasm/routines/routine-module.js";
import spaced from "../../../src/backends/wasm/routines/spaced-columns.generated.js";
import topMean from "../../../src/backends/wasm/routines/top-mean.generated.js";
import whole from "../../../src/backends/wasm/routines/whole-columns.generated.js";

const MODULES = {
  "lovasz-voxels": voxels,
  "lovasz-ranks": ranks,
  "top-mean": topMean,
  "distance-rows": rows,
  "whole-columns": whole,
  "spaced-columns": spaced,
  "distance-roots": roots,
  "byte-pairs": bytePairs,
};

it("holds the bytes of the sources", () => {
  const script = fileURLToPath(new URL("../../../scripts/build-routines.mjs", import.meta.url));
  expect(() => execFileSync(process.execPath, [script, "--check"], { stdio: "pipe" })).not.toThrow();
});

it("decodes base64", () => {
  for (const text of ["", "a", "ab", "abc", "\xff\x00\xfe\x80"]) {
    const bytes = Buffer.from(text, "latin1");
    expect([...decodeBase64(bytes.toString("base64"))]).toEqual([...bytes]);
  }
});

describe.each(Object.entries(MODULES))("%s", (_, text) => {
  const bytes = decodeBase64(text);

  it("has at most 4 KB, imports the memory alone and fills no part of it", () => {
    expect(bytes.length).toBeLessThanOrEqual(4096);
    const module = new WebAssembly.Module(bytes);
    expect(WebAssembly.Module.imports(module)).toEqual([{ module: "env", name: "memory", kind: "memory" }]);
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
    new WebAssembly.Instance(module, { env: { memory } });
    expect(new Uint8Array(memory.buffer).every((byte) => byte === 0)).toBe(true);
  });

  it.each([true, false])("runs in a memory that is shared: %s", (shared) => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared });
    const other = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: !shared });
    const module = new WebAssembly.Module(fitToMemory(bytes, shared));
    expect(() => new WebAssembly.Instance(module, { env: { memory } })).not.toThrow();
    expect(() => new WebAssembly.Instance(module, { env: { memory: other } })).toThrow(WebAssembly.LinkError);
  });
});
