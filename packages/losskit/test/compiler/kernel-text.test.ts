// The WebAssembly text of a plan: a module for each pass, with the instructions that are run.

import { describe, expect, test } from "vitest";
import { kernelModules } from "../../src/backends/wasm/emit.js";
import { hasShared } from "../../src/backends/wasm/memory.js";
import type { Kernel } from "../../src/compiler/kernel.js";
import { kernelText } from "../../src/plan.js";
import { PLANS } from "./plan-changes.js";

describe.each(Object.entries(PLANS))("%s", (_, make) => {
  const plan = make();
  const kernels = plan.passes.flatMap(({ kernel }) => (kernel ? [kernel] : []));
  const modules = kernelText(plan).split(/^(?=;; pass )/mu);

  test("one module for each pass, with its size and its parameters", () => {
    expect(modules).toHaveLength(kernels.length);
    modules.forEach((text, i) => {
      expect(text).toMatch(
        new RegExp(`^;; pass ${i + 1} of ${kernels.length}, \\d+ bytes\\n;; parameters: scratch, `, "u"),
      );
      for (const { name } of kernels[i].arrays) expect(text.split("\n")[1]).toContain(name);
      expect([...text.matchAll(/\(/gu)].length).toBe([...text.matchAll(/\)/gu)].length);
    });
  });

  test("every instruction has a line", () => {
    modules.forEach((text, i) => {
      const body = kernelModules(kernels[i] as Kernel, hasShared).whole.module.functions.flatMap((part) => part.body);
      const instructions = text.split("\n").filter((line) => /^\s+[a-z]/u.test(line));
      expect(instructions.map((line) => line.trim().split(" ")[0])).toEqual(body.map(([op]) => op));
      expect(text).not.toMatch(/undefined|NaN/u);
    });
  });
});
