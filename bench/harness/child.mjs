// Contestants as processes of their own: started with arguments, asked over a pipe, one question at a time.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** Contestants that run; whatever ends this program ends them. */
const running = new Set();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Longest wait for one answer, ms: a slow contestant at the largest size needs some seconds a call. */
const PATIENCE = 180_000;

/**
 * Starts a contestant and waits until it is ready.
 *
 * @param {{ command: string, arguments: string[], environment?: Record<string, string> }} program
 * @param {Record<string, unknown>} settings key=value arguments; those undefined are left out
 * @returns {Promise<{ skip: string } | { facts: object, ask: (order: string) => Promise<object>, stop: () => Promise<void> }>}
 *   `skip` says why it cannot take part
 */
export async function startContestant(program, settings) {
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  const child = spawn(program.command, [...program.arguments, ...given.map(([key, value]) => `${key}=${value}`)], {
    env: { ...process.env, ...program.environment },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let complaint = "";
  child.stderr.on("data", (text) => {
    complaint = (complaint + text).slice(-4000);
  });
  // Orders to a contestant that has died are answered by its end, below.
  child.stdin.on("error", () => {});
  const ended = new Promise((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", (code, signal) => resolve(lastLine(complaint) ?? `it ended with ${signal ?? `code ${code}`}`));
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const kill = () => child.kill("SIGKILL");
  running.add(child);
  ended.then(() => running.delete(child));

  async function nextMessage() {
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${PATIENCE / 1000} s`)), PATIENCE);
    });
    try {
      // A program that cannot be started never closes its pipes.
      const line = await Promise.race([lines.next(), late, ended.then(() => lines.next())]);
      if (line.done) throw new Error(await ended);
      return JSON.parse(line.value);
    } catch (error) {
      kill();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async function stop() {
    child.stdin.end();
    const timer = setTimeout(kill, 5000);
    await ended;
    clearTimeout(timer);
  }

  let first;
  try {
    first = await nextMessage();
  } catch (error) {
    return { skip: error.message };
  }
  if (first.skip !== undefined) {
    await stop();
    return { skip: first.skip };
  }
  const ask = (order) => {
    child.stdin.write(`${order}\n`);
    return nextMessage();
  };
  return { facts: first.ready, ask, stop };
}

/** What a program that fails says last, which names the error in Python, Node and C alike. */
function lastLine(text) {
  const said = text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("Node.js v"));
  return said.find((line) => /^\w*Error\b/.test(line)) ?? said.at(-1);
}
