// A reservation that fails in any pass is an error with a code, leaves nothing reserved, and the next call works.

import { expect, it, vi } from "vitest";
import type * as Memory from "../../src/backends/wasm/memory.js";
import { LosskitError } from "../../src/errors.js";

/** The reservation that fails, counted from the start of a call; none where it is not reached. */
const failing = vi.hoisted(() => ({ at: Number.POSITIVE_INFINITY, count: 0 }));

vi.mock("../../src/backends/wasm/memory.js", async (original) => {
  const memory = await original<typeof Memory>();
  const countedThen =
    <Arguments extends unknown[], Result>(run: (...args: Arguments) => Result) =>
    (...args: Arguments): Result => {
      if (failing.count++ === failing.at) throw new LosskitError("MEMORY", "no more memory, says the test");
      return run(...args);
    };
  return { ...memory, reserve: countedThen(memory.reserve), allocate: countedThen(memory.allocate) };
});

const { reservedBytes } = await import("../../src/backends/wasm/memory.js");
const { add, bce, ce, dice, lovaszSoftmax } = await import("../../src/index.js");
const { sameBits, wasmCall } = await import("./conformance-calls.js");

it.each([
  ["one pass", bce(), 1],
  ["two passes", dice(), 1],
  ["two passes over the classes", add(dice(), ce()), 6],
  ["a routine between two passes", lovaszSoftmax(), 3],
])("%s", (_, loss, channels) => {
  const head = { channels, activation: channels > 1 ? "softmax" : "sigmoid" } as const;
  const { logits, target, options } = wasmCall(41, head, 1003);
  const run = () => loss.valueAndGradient(logits, target, { ...options, backend: "wasm", threads: 1 });
  const before = run();
  const held = reservedBytes();
  failing.count = 0;
  run();
  const reservations = failing.count;
  expect(reservations).toBeGreaterThan(0);
  for (let at = 0; at < reservations; at++) {
    Object.assign(failing, { at, count: 0 });
    expect(run, `reservation ${at}`).toThrow(expect.objectContaining({ code: "MEMORY" }));
    expect(reservedBytes(), `reservation ${at}`).toBe(held);
    failing.at = Number.POSITIVE_INFINITY;
    expect(sameBits(run(), before)).toBe(true);
  }
});
