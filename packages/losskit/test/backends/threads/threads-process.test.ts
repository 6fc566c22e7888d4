// What a program sees of the threads: it ends by itself, and idle threads cost no time.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const source = fileURLToPath(new URL("../../../src", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "losskit-threads-"));

/** The modules that the pool consists of, as plain JavaScript that a Node without any loader runs. */
const MODULES = [
  "errors",
  "backends/wasm/memory",
  ...["control", "host", "job", "pool", "worker-source"].map((name) => `backends/wasm/threads/${name}`),
];

function compile(from: string, to: string): void {
  const options = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ES2022 };
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, ts.transpileModule(readFileSync(from, "utf8"), { compilerOptions: options }).outputText);
}

beforeAll(() => {
  for (const name of MODULES) compile(join(source, `${name}.ts`), join(folder, `${name}.js`));
  compile(fileURLToPath(new URL("./test-module.ts", import.meta.url)), join(folder, "test-module.js"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a program that has the pool and a job of 64 calls at hand; gives what it printed and how long it took. */
function runProgram(text: string, nodeOptions: string[] = []): { printed: string; milliseconds: number } {
  const file = join(folder, "program.js");
  writeFileSync(
    file,
    `import { availableThreads, runJob, runJobAsync, startPool } from "./backends/wasm/threads/pool.js";
    import { reserve } from "./backends/wasm/memory.js";
    import { testModule } from "./test-module.js";
    const base = reserve(256);
    const items = new Int32Array(192).map((_, i) => [base, (i / 3) | 0, 0][i % 3]);
    const job = { id: 1, bytes: testModule(1), exportName: "mark", items, width: 3, scratchArgument: -1 };
    ${text}`,
  );
  const start = performance.now();
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [...nodeOptions, file], {
    encoding: "utf8",
    timeout: 20_000,
  });
  expect({ status, error, stderr }).toEqual({ status: 0, error: undefined, stderr: "" });
  return { printed: stdout.trim(), milliseconds: performance.now() - start };
}

/** Milliseconds that Node needs to start and end, on this machine at this time. */
function bareStart(): number {
  const start = performance.now();
  execFileSync(process.execPath, ["-e", "0"]);
  return performance.now() - start;
}

describe("a program ends by itself within a second", () => {
  it.each([
    ["with idle threads", "await startPool(4, 1024); console.log(runJob(job, 4));", "true"],
    ["while the threads start", "console.log(runJob(job, 4));", "false"],
    ["after a job it waited for", "await startPool(2, 1024); console.log(await runJobAsync(job, 2));", "true"],
    ["by process.exit", "await startPool(2, 1024); console.log(runJob(job, 2)); process.exit();", "true"],
    [
      "after a job was given up",
      "await startPool(2, 1024, 100); try { runJob({ ...job, exportName: 'hang' }, 2); } catch ({ code }) { console.log(code); }",
      "THREADS",
    ],
  ])("%s", (_, text, expected) => {
    const bare = bareStart();
    const { printed, milliseconds } = runProgram(text);
    expect(printed).toBe(expected);
    expect(milliseconds - bare).toBeLessThan(1000);
  });
});

it("threads at rest use no time of a processor", () => {
  const { printed } = runProgram(`
    await startPool(4, 1024);
    for (let i = 0; i < 100; i++) runJob(job, 4);
    const before = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { user, system } = process.cpuUsage(before);
    console.log(user + system);`);
  // In microseconds. One thread that spins would use 300 000.
  expect(Number(printed)).toBeLessThan(30_000);
});

it("a host that forbids threads is one thread, not an error", () => {
  // What Node's permissions do: the constructor throws.
  const { printed } = runProgram(`
    const { createRequire } = await import("node:module");
    const threads = createRequire(import.meta.url)("node:worker_threads");
    threads.Worker = class { constructor() { throw new Error("not allowed here"); } };
    const first = runJob(job, 2);
    const problem = await startPool(2, 1024).catch(({ code, message }) => code + " " + message);
    console.log(first, runJob(job, 2), await runJobAsync(job, 2), availableThreads(), problem);`);
  expect(printed).toMatch(/^false false false 1 THREADS .*not allowed here/);
});

it("a thread that cannot start is not tried again and again", () => {
  const { printed } = runProgram(`
    const { createRequire } = await import("node:module");
    const threads = createRequire(import.meta.url)("node:worker_threads");
    const { Worker } = threads;
    let started = 0;
    let ended = 0;
    threads.Worker = class extends Worker {
      constructor(_, options) {
        started++;
        super("throw new Error('broken')", options);
        this.on("exit", () => ended++);
      }
    };
    runJob(job, 2);
    while (ended < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    for (let i = 0; i < 5; i++) runJob(job, 2);
    console.log(started, availableThreads());`);
  expect(printed).toBe("2 1");
});
