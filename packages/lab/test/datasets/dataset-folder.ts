// Writes small data sets into a temporary folder that is removed after the test.

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { LabError, type LabErrorCode } from "../../src/errors.js";
import { greyPng } from "../volumes/png-file.js";

/** A folder with these files (objects become JSON); returns its path. */
export async function folderWith(files: Readonly<Record<string, Uint8Array | object | string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "losskit-datasets-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(
      path,
      content instanceof Uint8Array || typeof content === "string" ? content : JSON.stringify(content),
    );
  }
  return folder;
}

/** A 4 x 3 image whose pixels all differ; `step` sets its contrast. */
export const image = (step = 1): Uint8Array =>
  greyPng(
    4,
    3,
    Array.from({ length: 12 }, (_, i) => i * step),
  );

/** A 4 x 3 mask whose first pixels have the given values, the rest 0. */
export const mask = (...values: number[]): Uint8Array =>
  greyPng(4, 3, [...values, ...Array(12 - values.length).fill(0)]);

/** `images/a.png`, `masks/a.png`, … for each name. */
export function pairs(names: readonly string[], content = mask(255, 255)): Record<string, Uint8Array> {
  return Object.fromEntries(
    names.flatMap((name, i) => [
      [`images/${name}.png`, image(i + 1)],
      [`masks/${name}.png`, content],
    ]),
  );
}

/** The error of an action that must fail with this code. */
export async function failure(code: LabErrorCode, act: () => unknown): Promise<string> {
  let error: unknown;
  try {
    await act();
  } catch (thrown) {
    error = thrown;
  }
  if (!(error instanceof LabError)) throw new Error(`expected a LabError ${code}, got ${error}`, { cause: error });
  if (error.code !== code) throw new Error(`expected ${code}, got ${error.code}: ${error.message}`);
  return error.message;
}
