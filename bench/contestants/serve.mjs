// The contestant's side of the pipe, for those that run in Node: reads orders from stdin, times itself, answers in JSON lines.
//
// Arguments are key=value. First line out: { ready } or { skip }. Orders, one a line:
//   run UNTIMED TIMED IDLE   calls without timing, then timed calls, each after IDLE ms of sleep  → { ms: [...], cpu: [...] }
//   check PATH               one call; the gradient (float32), distances or metrics (float64) go to PATH    → { value }

import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";

/** The arguments as a record of strings. */
export function readArguments() {
  return Object.fromEntries(
    process.argv.slice(2).map((argument) => {
      const at = argument.indexOf("=");
      return [argument.slice(0, at), argument.slice(at + 1)];
    }),
  );
}

const bytesOf = (path) => {
  const { buffer, byteOffset, byteLength } = readFileSync(path);
  return buffer.slice(byteOffset, byteOffset + byteLength);
};
export const readFloats = (path) => new Float32Array(bytesOf(path));
export const readDoubles = (path) => new Float64Array(bytesOf(path));
export const readBytes = (path) => new Uint8Array(bytesOf(path));

/**
 * Extents of space of an image: a square where the voxels make one, else a line.
 *
 * @param {number} voxels
 */
export function spaceOf(voxels) {
  const side = Math.round(Math.sqrt(voxels));
  return side * side === voxels ? [side, side] : [voxels];
}

const answer = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

/** Tells that this contestant cannot take part, and ends. */
export function skip(reason) {
  answer({ skip: reason });
  process.exit(0);
}

const pause = new Int32Array(new SharedArrayBuffer(4));
/** Sleeps without giving the event loop a turn, as a program that waits for something else does. */
const sleep = (milliseconds) => Atomics.wait(pause, 0, 0, milliseconds);

/**
 * Serves until stdin ends.
 *
 * @param {object} facts what the run's record says of this contestant: versions, backend
 * @param {() => unknown} call what is timed
 * @param {() => { value?: number, output: Float32Array | Float64Array }} check one call, with its results
 */
export function serve(facts, call, check) {
  answer({ ready: facts });
  const lines = createInterface({ input: process.stdin });
  lines.on("line", (line) => {
    const [order, ...words] = line.split(" ");
    if (order === "check") {
      const { value, output } = check();
      writeFileSync(line.slice("check ".length), new Uint8Array(output.buffer, output.byteOffset, output.byteLength));
      return answer({ value });
    }
    const [untimed, timed, idle] = words.map(Number);
    for (let i = 0; i < untimed; i++) call();
    const ms = [];
    const cpu = [];
    for (let i = 0; i < timed; i++) {
      if (idle > 0) sleep(idle);
      const used = process.cpuUsage();
      const start = performance.now();
      call();
      ms.push(performance.now() - start);
      const { user, system } = process.cpuUsage(used);
      cpu.push((user + system) / 1000);
    }
    answer({ ms, cpu });
  });
  lines.on("close", () => process.exit(0));
}
