// Entry point `losskit/plan`: what the WebAssembly backend makes of a loss, for people to read.

import { printModule } from "./backends/wasm/assembler.js";
import { kernelModules } from "./backends/wasm/emit.js";
import { hasShared } from "./backends/wasm/memory.js";
import type { Plan } from "./compiler/plan.js";

export { checkPlan } from "./compiler/check-plan.js";
export type { Plan } from "./compiler/plan.js";
export { printPlan } from "./compiler/print-plan.js";

/**
 * The kernels of a plan in the WebAssembly text format, one module for each pass over the voxels, with comments that say which.
 * They are those for whole vectors; the last few voxels of an image go through a narrower one.
 *
 * @example kernelText(dice().plan(logits, labels, { shape: [1, 1, 256, 256] }))
 */
export function kernelText(plan: Plan): string {
  const kernels = plan.passes.flatMap(({ kernel }) => (kernel ? [kernel] : []));
  const modules = kernels.map((kernel, i) => {
    const { module, bytes } = kernelModules(kernel, hasShared).whole;
    const arrays = kernel.arrays.map(({ name, perClass, class: own }) => {
      if (perClass) return `${name}, bytes from class to class`;
      return own === undefined ? name : `${name} of class ${own}`;
    });
    return [
      `;; pass ${i + 1} of ${kernels.length}, ${bytes.length} bytes`,
      `;; parameters: scratch, voxels, classes, constants, partial sums, ${arrays.join(", ")}`,
      printModule(module),
    ].join("\n");
  });
  return modules.join("\n");
}
