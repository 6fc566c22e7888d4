// Folders are made with those above them, and what cannot be made is an error and no wait.

import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { makeFolder } from "../src/make-folder.js";

const base = mkdtempSync(join(tmpdir(), "losskit-folders-"));
afterAll(() => rmSync(base, { recursive: true }));

it("makes the folders above, also when several ask at once", async () => {
  const path = join(base, "a", "b", "c");
  await Promise.all([makeFolder(path), makeFolder(join(base, "a", "b", "d")), makeFolder(path)]);
  expect(statSync(path).isDirectory()).toBe(true);
  expect(existsSync(join(base, "a", "b", "d"))).toBe(true);
});

it("leaves a folder that is there as it is", async () => {
  mkdirSync(join(base, "there"));
  writeFileSync(join(base, "there", "file"), "");
  await makeFolder(join(base, "there"));
  expect(existsSync(join(base, "there", "file"))).toBe(true);
});

it("refuses a file in the way", async () => {
  writeFileSync(join(base, "file"), "");
  await expect(makeFolder(join(base, "file"))).rejects.toMatchObject({ code: "EEXIST" });
  await expect(makeFolder(join(base, "file", "below"))).rejects.toMatchObject({ code: "ENOTDIR" });
});

it.runIf(process.platform === "linux")("does not wait for ever where the system makes no folder", async () => {
  await expect(makeFolder("/proc/losskit")).rejects.toMatchObject({ code: "ENOENT" });
  await expect(makeFolder("/proc/losskit/below")).rejects.toMatchObject({ code: "ENOENT" });
});
