// Writes small label maps to files, for tests of evaluation.

import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writePng } from "../../src/volumes/png.js";
import { makeNifti, type NiftiParts } from "../volumes/nifti-file.js";

/** Writes files under a folder, which are made as needed. */
export async function writeFiles(folder: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
}

/** A grey PNG of rows of labels. */
export function labelPng(rows: readonly (readonly number[])[]): Uint8Array {
  const [first = []] = rows;
  return writePng({ width: first.length, height: rows.length, data: Uint8Array.from(rows.flat()) });
}

/** A NIfTI file of bytes; an sform with steps along x, y, z and an origin where these are given. */
export function labelNifti(
  size: readonly [number, number, number],
  stored: readonly number[],
  place?: { readonly steps: readonly [number, number, number]; readonly origin?: readonly [number, number, number] },
  parts: Partial<NiftiParts> = {},
): Uint8Array {
  const [a, b, c] = place?.steps ?? [1, 1, 1];
  const [x, y, z] = place?.origin ?? [0, 0, 0];
  const rows = [
    [a, 0, 0, x],
    [0, b, 0, y],
    [0, 0, c, z],
  ];
  return makeNifti({ size, stored, datatype: 2, ...(place && { sform: { code: 1, rows } }), ...parts });
}
