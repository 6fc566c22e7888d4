// The example for jax-js at work. It uses the built library.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../../../..", import.meta.url));

it("examples/jax-js.mjs trains", () => {
  const printed = execFileSync(process.execPath, ["examples/jax-js.mjs", "30"], { cwd: root, encoding: "utf8" });
  const losses = [...printed.matchAll(/^step \d+: loss ([\d.]+)$/gm)].map(([, loss]) => Number(loss));
  expect(losses).toHaveLength(4);
  expect(losses[3]).toBeLessThan(losses[0] - 0.3);
});
