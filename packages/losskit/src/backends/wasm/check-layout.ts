// Refuses a layout by which a kernel would read or write beside its constants, sums, checks or rows.

import { type Kernel, TILE } from "../../compiler/kernel.js";
import { LosskitError } from "../../errors.js";
import { bytesOf, type KernelLayout, offsetIn } from "./layout.js";

const FLOAT = 4;
const DOUBLE = 8;
const VECTOR = 16;

interface Stretch {
  readonly name: string;
  readonly start: number;
  readonly bytes: number;
  /** What its start is a multiple of. */
  readonly unit: number;
}

/**
 * Holds every offset to its buffer: inside it for all classes, aligned, and no two on top of one another.
 *
 * @throws LosskitError INTERNAL, which names the entry
 */
export function checkLayout(
  kernel: Pick<Kernel, "constants" | "sums" | "checks" | "rows">,
  layout: KernelLayout,
  classes: number,
): void {
  const entries = (
    region: KernelLayout["rows"],
    list: readonly { readonly perClass: boolean; readonly columns?: readonly number[] }[],
    name: string,
    bytes: number,
  ): readonly Stretch[] =>
    list.flatMap(({ perClass, columns = [0] }, i) =>
      Array.from({ length: perClass ? classes : 1 }, (_, c) => ({
        name: perClass ? `${name} ${i} of class ${c}` : `${name} ${i}`,
        start: offsetIn(region, i, perClass, c),
        bytes: bytes * columns.length,
        unit: Math.min(bytes, VECTOR),
      })),
    );
  const constants = entries(layout.constants, kernel.constants, "constant", FLOAT);
  const ofRows = kernel.rows.map((perClass) => ({ perClass }));
  const rows = entries(layout.rows, ofRows, "row", TILE * FLOAT);
  const checks = kernel.checks.map((_, i) => ({
    name: `check ${i}`,
    start: layout.checks[i],
    bytes: VECTOR,
    unit: VECTOR,
  }));
  const sums = entries(layout.sums, kernel.sums, "sum", DOUBLE);
  checkBuffer("constants", constants, bytesOf(layout.constants, classes));
  checkBuffer("rows", rows, bytesOf(layout.rows, classes));
  checkBuffer("partial sums", [...checks, ...sums], bytesOf(layout.sums, classes));
}

function checkBuffer(buffer: string, stretches: readonly Stretch[], bytes: number): void {
  const fail = (problem: string): never => {
    throw new LosskitError("INTERNAL", `the layout of a kernel is wrong: ${problem}. This is a defect of losskit`);
  };
  let before: Stretch | undefined;
  for (const stretch of [...stretches].sort((a, b) => a.start - b.start)) {
    const { name, start, unit } = stretch;
    const end = start + stretch.bytes;
    if (!(Number.isInteger(start) && start >= 0 && end <= bytes)) {
      fail(`${name} takes bytes ${start} to ${end - 1} of the ${bytes} of the ${buffer}`);
    }
    if (start % unit !== 0) fail(`${name} starts at byte ${start}, which is not aligned`);
    if (before && start < before.start + before.bytes) fail(`${name} lies on top of ${before.name}`);
    before = stretch;
  }
}
