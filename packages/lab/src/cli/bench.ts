// `losskit bench`: how fast the losses are on this machine, by backend and threads.

import { cpus } from "node:os";
import { defineCommand } from "citty";
import { version } from "losskit";
import { LabError } from "../errors.js";
import { positionalValues } from "./arguments.js";
import { type BenchSettings, benchArgs, readBenchOptions } from "./bench-options.js";
import { type BenchProgress, type Measurement, runBench } from "./bench-run.js";
import { benchTable, fastest, gigabytesPerSecond, speedup } from "./bench-table.js";
import { EXIT } from "./exit-status.js";
import { onInterrupt } from "./interrupt.js";
import { styleFor, truncate } from "./terminal.js";

export const benchCommand = defineCommand({
  meta: { name: "bench", description: "Measure how fast the losses are on this machine" },
  args: benchArgs,
  async run({ args, rawArgs }) {
    const { losses, settings } = readBenchOptions(args, positionalValues(rawArgs, benchArgs));
    const interrupt = onInterrupt();
    const measurements: Measurement[] = [];
    const progress = showBenchProgress(losses.length, settings.rounds, process.stderr);
    let interrupted = false;
    try {
      await runBench(losses, settings, interrupt.signal, progress, (measurement) => measurements.push(measurement));
    } catch (error) {
      // What is measured is shown all the same.
      if (!(error instanceof LabError && error.code === "INTERRUPTED")) throw error;
      interrupted = true;
    } finally {
      progress.stop();
      interrupt.release();
    }
    const { columns = Number.POSITIVE_INFINITY } = process.stdout;
    if (args.json)
      process.stdout.write(`${JSON.stringify(benchRecord(measurements, settings, interrupted), null, 2)}\n`);
    else if (measurements.length > 0) {
      const machine = `${processor()}, Node ${process.versions.node}, losskit ${version}`;
      process.stdout.write(`${machine}\n\n${benchTable(measurements, settings, columns, styleFor(process.stdout))}`);
    }
    if (!interrupted) return EXIT.ok;
    const all = 2 * losses.length;
    process.stderr.write(
      `${styleFor(process.stderr).yellow("Stopped")} after ${measurements.length} of ${all} measurements.\n`,
    );
    return EXIT.interrupted;
  },
});

/** All figures, for programs. */
export function benchRecord(measurements: readonly Measurement[], settings: BenchSettings, interrupted: boolean) {
  return {
    schema: "losskit-bench/1",
    losskit: version,
    node: process.versions.node,
    machine: {
      processor: processor(),
      processors: cpus().length,
      platform: process.platform,
      architecture: process.arch,
    },
    date: new Date().toISOString(),
    settings,
    interrupted,
    unit: "nanoseconds per voxel",
    results: measurements.map((measurement) => {
      const best = fastest(measurement);
      return {
        ...measurement,
        gigabytesPerSecond: best === undefined ? null : gigabytesPerSecond(measurement, best),
        fasterThanReference: speedup(measurement) ?? null,
      };
    }),
  };
}

const processor = (): string => cpus()[0]?.model.trim().replace(/\s+/gu, " ") || "unknown processor";

const CLEAR_LINE = "\r\u001b[K";

/** On a terminal one line that is written over; elsewhere a line for each loss. */
export function showBenchProgress(
  losses: number,
  rounds: number,
  output: NodeJS.WriteStream,
): BenchProgress & { stop(): void } {
  const all = 2 * losses * rounds;
  let done = 0;
  let last = "";
  return {
    onRound(loss, work, round) {
      done++;
      if (output.isTTY) {
        const share = `${String(Math.floor((100 * (done - 1)) / all)).padStart(2)} %`;
        const text = `${share}  ${loss}: ${work}, round ${round} of ${rounds}`;
        output.write(CLEAR_LINE + truncate(text, (output.columns ?? 80) - 1));
      } else if (loss !== last) output.write(`measuring ${loss}\n`);
      last = loss;
    },
    stop() {
      if (output.isTTY) output.write(CLEAR_LINE);
    },
  };
}
