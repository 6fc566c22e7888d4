// Memory stays flat over thousands of calls, in the library's memory and outside it.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { libraryMemory, reservedBytes } from "../../src/backends/wasm/memory.js";
import { add, allocate, bceDice, ce, dice, focal, free, lovaszHinge, lovaszSoftmax } from "../../src/index.js";
import type { Loss } from "../../src/losses/loss.js";
import { inLibraryMemory, type WasmCall, wasmCall } from "./conformance-calls.js";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const CALLS = 10_000;

/** Losses of one pass, of two with the stash, with rounds over the classes, with a routine; lengths with and without a rest. */
const ROUND: readonly (readonly [Loss, WasmCall])[] = [
  [bceDice(), wasmCall(1, { channels: 1, activation: "sigmoid" }, 130)],
  [focal(), wasmCall(2, { channels: 1, activation: "sigmoid" }, 64)],
  [add(dice(), ce()), wasmCall(3, { channels: 3, activation: "softmax" }, 100)],
  [add(dice(), ce()), wasmCall(4, { channels: 7, activation: "softmax" }, 33)],
  [lovaszSoftmax(), wasmCall(5, { channels: 3, activation: "softmax" }, 40)],
  [lovaszHinge(), wasmCall(6, { channels: 1, activation: "sigmoid" }, 17)],
];

/** Bytes of the process that calls could pile up: objects, arrays, and what engines keep for modules. */
function heldBytes(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe("ten thousand calls", () => {
  it.each([
    ["of ordinary arrays", false],
    ["of arrays in the library's memory", true],
  ])("%s leave nothing behind", (_, inside) => {
    const call = ([loss, { logits, target, options }]: (typeof ROUND)[number]) => {
      const { value } = loss.valueAndGradient(logits, target, { ...options, backend: "wasm" });
      loss.value(logits, target, { ...options, backend: "wasm" });
      return value;
    };
    const callInside = ([loss, { logits, target, options }]: (typeof ROUND)[number]) =>
      inLibraryMemory(logits, target, options, (x, y, own) => loss.valueAndGradient(x, y, { ...own, backend: "wasm" }))
        .value;
    const run = inside ? callInside : call;
    const reserved = reservedBytes();
    const values = ROUND.map(run);
    for (let i = 0; i < 1000; i++) run(ROUND[i % ROUND.length]);
    const pages = libraryMemory().buffer.byteLength;
    const before = heldBytes();
    for (let i = 0; i < CALLS; i++) run(ROUND[i % ROUND.length]);
    // 100 bytes for each call would be a megabyte.
    expect(heldBytes() - before).toBeLessThan(2 ** 20);
    expect(reservedBytes()).toBe(reserved);
    expect(libraryMemory().buffer.byteLength).toBe(pages);
    expect(ROUND.map(run)).toEqual(values);
  });

  it("with a mistake in every other one leave nothing behind either", () => {
    const [loss, { logits, target, options }] = ROUND[2];
    const bad = logits.slice();
    bad[200] = Number.NaN;
    const good = loss.value(logits, target, { ...options, backend: "wasm" });
    const run = () => {
      expect(() => loss.valueAndGradient(bad, target, { ...options, backend: "wasm" })).toThrow(/NaN at/);
      if (loss.value(logits, target, { ...options, backend: "wasm" }) !== good) throw new Error("another value");
    };
    for (let i = 0; i < 500; i++) run();
    const [before, reserved] = [heldBytes(), reservedBytes()];
    for (let i = 0; i < CALLS / 2; i++) run();
    expect(heldBytes() - before).toBeLessThan(2 ** 20);
    expect(reservedBytes()).toBe(reserved);
  });
});

it("arrays that are freed make room for others, in any order and of any size", () => {
  const reserved = reservedBytes();
  const lengths = [1, 1000, 70_000, 16, 333_333];
  const fill = () => lengths.map((length) => allocate(length));
  const pages = () => libraryMemory().buffer.byteLength;
  for (const array of fill()) free(array);
  const before = pages();
  for (let round = 0; round < 200; round++) {
    const arrays = fill();
    arrays.sort((a, b) => ((a.length * (round + 7)) % 11) - ((b.length * (round + 7)) % 11));
    for (const array of arrays) free(array);
  }
  expect(reservedBytes()).toBe(reserved);
  expect(pages()).toBe(before);
});
