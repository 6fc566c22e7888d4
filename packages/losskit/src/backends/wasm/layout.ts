// Where things lie in the memory of a kernel: constants, partial sums, checks and the rows of a tile.

import type { Kernel } from "../../compiler/kernel.js";
import { TILE } from "../../compiler/kernel.js";

const FLOAT = 4;
const DOUBLE = 8;
const VECTOR = 16;

/** What is the same for all classes comes first, then one record per class. */
interface Region {
  /** Offset of each entry: from the start of the region, or of its class's record. */
  readonly offsets: readonly number[];
  /** Where the records per class start. */
  readonly perClassStart: number;
  /** Bytes of a record. */
  readonly perClassBytes: number;
}

export interface KernelLayout {
  /** float32, several where a constant has several columns; "ignore" as an integer where labels are integers. */
  readonly constants: Region;
  /** float64, one per sum of a chunk. */
  readonly sums: Region;
  /** 16 bytes each: the largest bits of every lane; they come before the sums. */
  readonly checks: readonly number[];
  /** float32 rows of a tile. */
  readonly rows: Region;
}

export function layOut(kernel: Pick<Kernel, "constants" | "sums" | "checks" | "rows">): KernelLayout {
  const checks = kernel.checks.map((_, i) => i * VECTOR);
  return {
    constants: region(
      kernel.constants.map(({ perClass, columns = [0] }) => ({ perClass, bytes: columns.length * FLOAT })),
      0,
    ),
    sums: region(
      kernel.sums.map(({ perClass }) => ({ perClass, bytes: DOUBLE })),
      checks.length * VECTOR,
    ),
    checks,
    rows: region(
      kernel.rows.map((perClass) => ({ perClass, bytes: TILE * FLOAT })),
      0,
    ),
  };
}

function region(entries: readonly { readonly perClass: boolean; readonly bytes: number }[], start: number): Region {
  let common = start;
  let record = 0;
  const offsets = entries.map(({ perClass, bytes }) => {
    const offset = perClass ? record : common;
    if (perClass) record += bytes;
    else common += bytes;
    return offset;
  });
  return { offsets, perClassStart: common, perClassBytes: record };
}

/** Bytes of a region with so many classes. */
export const bytesOf = ({ perClassStart, perClassBytes }: Region, classes: number): number =>
  perClassStart + perClassBytes * classes;

/** Offset of an entry of a region, for one class where it differs between them. */
export const offsetIn = (region: Region, entry: number, perClass: boolean, c: number): number =>
  region.offsets[entry] + (perClass ? region.perClassStart + region.perClassBytes * c : 0);
