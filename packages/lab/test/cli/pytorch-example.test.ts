// examples/pytorch trains in PyTorch with the file that the built command exports.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { pythonWith } from "../../../../test-support/programs.js";

const folder = fileURLToPath(new URL("../../../../examples/pytorch/", import.meta.url));
const python = pythonWith("torch");

test.skipIf(!python).each(["dice + ce", "mine = 1 - 2*sum(p*y) / (sum(p) + sum(y) + 1)"])(
  "examples/pytorch/train.py learns with %s",
  (specification) => {
    const text = execFileSync(python as string, ["-B", "train.py", specification, "30"], {
      cwd: folder,
      encoding: "utf8",
    });
    const losses = [...text.matchAll(/^step \d+: loss ([\d.]+)$/gmu)].map(([, loss]) => Number(loss));
    expect(losses).toHaveLength(3);
    expect(losses[2]).toBeLessThan(losses[0] / 2);
  },
);
