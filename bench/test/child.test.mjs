// Tests of the pipe: a contestant that is not there, one that fails, one that answers.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startContestant } from "../harness/child.mjs";
import { contestants } from "../harness/contestants.mjs";
import { writeData } from "../harness/data.mjs";

const node = (script) => ({ command: process.execPath, arguments: ["-e", script, "--"] });

test("a program that is not installed is skipped with the reason", async () => {
  const { skip } = await startContestant({ command: "no-such-program", arguments: [] }, {});
  assert.match(skip, /no-such-program/);
});

test("a program that fails is skipped with what it said last", async () => {
  const { skip } = await startContestant(node("throw new TypeError('no tensors today')"), {});
  assert.match(skip, /no tensors today/);
});

test("a contestant that dies while it works is an error", async () => {
  const script = "console.log('{\"ready\": {}}'); process.stdin.once('data', () => process.exit(3))";
  const contestant = await startContestant(node(script), {});
  await assert.rejects(contestant.ask("run 0 1 0"), /code 3/);
  await contestant.stop();
});

test("the hand-written loop answers, and its gradient lands in the file", async () => {
  const folder = mkdtempSync(join(tmpdir(), "losskit-bench-test-"));
  try {
    const { files, labels } = writeData({ voxels: 1000, classes: 1, spread: "usual" }, folder);
    assert.deepEqual(new Uint8Array(readFileSync(files.labels)), labels);
    const { program } = contestants({ library: "" })["JS loop"];
    const loop = await startContestant(program, { work: "bce-dice", ...files });
    const { ms, cpu } = await loop.ask("run 1 3 0");
    assert.equal(ms.length, 3);
    assert.equal(cpu.length, 3);
    assert.ok(ms.every((time) => time > 0));
    writeFileSync(join(folder, "g"), "");
    const { value } = await loop.ask(`check ${join(folder, "g")}`);
    assert.ok(value > 0 && value < 2);
    assert.equal(readFileSync(join(folder, "g")).length, 4000);
    await loop.stop();
    const { skip } = await startContestant(program, { work: "unheard-of", ...files });
    assert.match(skip, /unheard-of/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
