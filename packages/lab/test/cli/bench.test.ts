// `losskit bench`: samples in turn, quantiles, a table that fits the terminal, JSON, and Ctrl-C.

import { spawn, spawnSync } from "node:child_process";
import { PassThrough } from "node:stream";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { showBenchProgress } from "../../src/cli/bench.js";
import { readBenchOptions } from "../../src/cli/bench-options.js";
import { type Contestant, type Measurement, summarise, timeInTurn } from "../../src/cli/bench-run.js";
import { benchTable, fastest, gigabytesPerSecond, speedup, spread, threeDigits } from "../../src/cli/bench-table.js";
import { styleFor, visibleWidth } from "../../src/cli/terminal.js";
import { randomStream } from "../../src/random-stream.js";

const program = fileURLToPath(new URL("../../bin/losskit.js", import.meta.url));
const environment = { ...process.env, NO_COLOR: "1", LOSSKIT_STACK: "" };
const losskit = (...args: string[]) =>
  spawnSync(process.execPath, [program, ...args], { encoding: "utf8", env: environment });

/** A clock that contestants move on. */
function simulated(costs: Partial<Record<Contestant, number>>) {
  let time = 0;
  const order: Contestant[] = [];
  return {
    order,
    contestants: Object.entries(costs).map(([name, cost]) => ({
      name: name as Contestant,
      run() {
        order.push(name as Contestant);
        time += cost;
      },
    })),
    surroundings: { now: () => time, pause: async () => {} },
  };
}

describe("timing", () => {
  test("each round takes every contestant once, in orders that differ, and long enough for the clock", async () => {
    const { contestants, surroundings, order } = simulated({ reference: 50, plain: 2, single: 0.5 });
    const rounds: number[] = [];
    const times = await timeInTurn(contestants, {
      rounds: 20,
      random: randomStream("test"),
      signal: new AbortController().signal,
      surroundings,
      onRound: (round) => rounds.push(round),
    });
    expect(rounds).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(times.get("reference")).toEqual(Array(20).fill(50));
    expect(times.get("single")?.every((time) => Math.abs(time - 0.5) < 1e-9)).toBe(true);
    // Three calls to warm up each, then a sample of 5 ms: 1, 3 and 10 calls.
    const perRound = 1 + 3 + 10;
    expect(order.length).toBe(9 + 20 * perRound);
    const sequences = Array.from({ length: 20 }, (_, round) =>
      [...new Set(order.slice(9 + round * perRound, 9 + (round + 1) * perRound))].join(),
    );
    expect(sequences.every((sequence) => sequence.split(",").length === 3)).toBe(true);
    expect(new Set(sequences).size).toBeGreaterThan(3);
  });

  test("stops between samples when it is asked to", async () => {
    const { contestants, surroundings, order } = simulated({ reference: 50 });
    const controller = new AbortController();
    const running = timeInTurn(contestants, {
      rounds: 100,
      random: randomStream("test"),
      signal: controller.signal,
      surroundings,
      onRound: (round) => {
        if (round === 4) controller.abort();
      },
    });
    await expect(running).rejects.toMatchObject({ code: "INTERRUPTED" });
    expect(order.length).toBe(3 + 3);
  });

  test("quantiles in nanoseconds per voxel", () => {
    expect(summarise([5, 1, 4, 2, 3], 1000)).toEqual({
      median: 3000,
      lowerQuartile: 2000,
      upperQuartile: 4000,
      minimum: 1000,
      maximum: 5000,
    });
  });
});

const settings = { voxels: 2 ** 20, channels: 1, activation: "sigmoid", rounds: 9, threads: 2 } as const;
const times = (median: number) => ({
  median,
  lowerQuartile: 0.95 * median,
  upperQuartile: 1.05 * median,
  minimum: 0.9 * median,
  maximum: 2 * median,
});
const rows: readonly Measurement[] = [
  {
    loss: "bce-dice",
    work: "value",
    bytesPerVoxel: 5,
    times: { reference: times(45.25), plain: times(1.5), single: times(1), threads: times(0.5) },
  },
  {
    loss: "bce-dice",
    work: "value and gradient",
    bytesPerVoxel: 9,
    times: { reference: times(123.4), plain: times(3), single: times(2), threads: times(1.25) },
  },
  { loss: "my-own-formula", work: "value", bytesPerVoxel: 5, times: { reference: times(60) } },
];

describe("table", () => {
  test("figures of a row", () => {
    expect(fastest(rows[0])).toBe(0.5);
    expect(gigabytesPerSecond(rows[0], 0.5)).toBe(10);
    expect(speedup(rows[0])).toBeCloseTo(90.5, 9);
    expect(spread(rows[0])).toBeCloseTo(0.1, 9);
    expect(speedup(rows[2])).toBeUndefined();
    expect([0.123, 1, 9.99, 9.996, 45.25, 99.96, 1234.5].map(threeDigits)).toEqual(
      ["0.12", "1.00", "9.99", "10.0", "45.3", "100", "1235"].map((text, i) => (i === 4 ? (45.25).toFixed(1) : text)),
    );
  });

  test("a row for value and one for the gradient, with what the columns mean", () => {
    const lines = benchTable(rows, settings, 100, styleFor({})).split("\n");
    expect(lines[0].trim().split(/\s{2,}/u)).toEqual([
      "loss",
      "reference",
      "plain",
      "1 thread",
      "2 threads",
      "GB/s",
      "faster",
      "spread",
    ]);
    expect(lines[1].trim().split(/\s{2,}/u)).toEqual([
      "bce-dice",
      "value",
      threeDigits(45.25),
      "1.50",
      "1.00",
      "0.50",
      "10.0",
      "90.5x",
      "10 %",
    ]);
    expect(lines[2].trim().split(/\s{2,}/u)).toEqual([
      "+ gradient",
      "123",
      "3.00",
      "2.00",
      "1.25",
      "7.20",
      "98.7x",
      "10 %",
    ]);
    expect(lines[3].trim().split(/\s{2,}/u)).toEqual([
      "my-own-formula",
      "value",
      "60.0",
      "–",
      "–",
      "–",
      "–",
      "–",
      "10 %",
    ]);
    const rest = lines.slice(4).join(" ");
    expect(rest).toContain("medians of 9 rounds: 2^20 voxels, 1 channel");
    for (const word of ["reference:", "plain:", "1 thread:", "2 threads:", "GB/s:", "faster:", "spread:"]) {
      expect(rest).toContain(word);
    }
    expect(rest).not.toContain("something else was running");
  });

  test.each([120, 80, 70, 60])("fits %i columns", (width) => {
    const lines = benchTable(rows, settings, width, styleFor({})).split("\n");
    expect(Math.max(...lines.map(visibleWidth))).toBeLessThanOrEqual(width);
    for (const head of ["loss", "reference", "1 thread", "2 threads"]) expect(lines[0]).toContain(head);
    if (width >= 80) expect(lines[0]).toContain("faster");
    if (width >= 120) expect(lines[0]).toContain("spread");
  });

  test("no column for threads that nobody used; a warning where the machine was busy", () => {
    const { reference, single } = rows[0].times;
    const busy = { ...times(1), upperQuartile: 3 };
    const alone = [{ ...rows[0], times: { reference, single, plain: busy } }];
    const text = benchTable(alone, settings, 100, styleFor({}));
    expect(text).not.toContain("2 threads");
    expect(text.replace(/\s+/gu, " ")).toContain("The spread reaches 205 %: something else was running");
  });
});

describe("progress", () => {
  const shown = (isTTY: boolean, columns: number) => {
    const output = Object.assign(new PassThrough(), { isTTY, columns }) as unknown as NodeJS.WriteStream;
    const progress = showBenchProgress(2, 2, output);
    for (const loss of ["dice", "a-loss-with-a-long-name"]) {
      for (const work of ["value", "value and gradient"] as const) {
        for (const round of [1, 2]) progress.onRound(loss, work, round);
      }
    }
    progress.stop();
    return (output as unknown as PassThrough).read().toString() as string;
  };

  test("in a terminal one line that fits and is gone at the end", () => {
    const lines = shown(true, 30).split("\r\u001b[K");
    expect(lines.slice(1, 3)).toEqual([" 0 %  dice: value, round 1 o…", "12 %  dice: value, round 2 o…"]);
    expect(lines).toHaveLength(10);
    expect(lines.at(-1)).toBe("");
    expect(Math.max(...lines.map(visibleWidth))).toBeLessThan(30);
  });

  test("elsewhere a line for each loss", () => {
    expect(shown(false, 80)).toBe("measuring dice\nmeasuring a-loss-with-a-long-name\n");
  });
});

describe("options", () => {
  test("defaults", () => {
    const { losses, settings: own } = readBenchOptions({}, []);
    expect(losses.map(({ label }) => label)).toContain("bce-dice");
    expect(own).toMatchObject({ voxels: 2 ** 20, channels: 1, activation: "sigmoid", rounds: 9 });
    const several = readBenchOptions({ channels: "4" }, []);
    expect(several.losses.map(({ label }) => label)).toContain("dice+ce");
    expect(several.settings.activation).toBe("softmax");
  });

  test.each([
    ["2^16", 65536],
    ["1000003", 1000003],
    ["1", 1],
  ])("--voxels %s", (voxels, value) => {
    expect(readBenchOptions({ voxels }, ["dice"]).settings.voxels).toBe(value);
  });

  test.each<[Parameters<typeof readBenchOptions>[0], string[], string]>([
    [{ voxels: "2^40" }, [], '--voxels is "2^40"'],
    [{ voxels: "0" }, [], '--voxels is "0"'],
    [{ voxels: "1e6" }, [], '--voxels is "1e6"'],
    [{ voxels: "2^28", channels: "2" }, [], "at most 268435456"],
    [{ rounds: "0" }, [], '--rounds is "0"'],
    [{ threads: "65" }, [], '--threads is "65"'],
    [{ channels: "x" }, [], '--channels is "x"'],
    [{}, ["dicee"], 'there is no loss "dicee"; did you mean "dice"?'],
    [{}, ["dice", "dice"], "the loss dice is given more than once"],
    [{}, ["m = instances_mean(sum_by(components(y), p))"], 'm: m cannot take images "together"'],
    [{}, ["ce", "dice", "lovasz-softmax"], "cannot be measured on one sigmoid channel:\n  ce: "],
  ])("%j %j is refused", (args, losses, message) => {
    expect(() => readBenchOptions(args, losses)).toThrow(message);
  });
});

describe("the command", () => {
  test("measures, and prints JSON", () => {
    const args = ["dice", "bce+dice", "--voxels", "4097", "--rounds", "7", "--threads", "1", "--json"];
    const { status, stdout, stderr } = losskit("bench", ...args);
    expect(status).toBe(0);
    expect(stderr).toBe("measuring dice\nmeasuring bce+dice\n");
    const record = JSON.parse(stdout);
    expect(record).toMatchObject({
      schema: "losskit-bench/1",
      settings: { voxels: 4097, channels: 1, activation: "sigmoid", rounds: 7, threads: 1 },
      interrupted: false,
    });
    expect(record.results.map((row: Measurement) => [row.loss, row.work, row.bytesPerVoxel])).toEqual([
      ["dice", "value", 5],
      ["dice", "value and gradient", 9],
      ["bce+dice", "value", 5],
      ["bce+dice", "value and gradient", 9],
    ]);
    for (const row of record.results) {
      expect(Object.keys(row.times)).toEqual(["reference", "plain", "single"]);
      for (const { minimum, lowerQuartile, median, upperQuartile, maximum } of Object.values<
        Measurement["times"]["plain"] & object
      >(row.times)) {
        expect(minimum).toBeGreaterThan(0);
        expect([minimum, lowerQuartile, median, upperQuartile, maximum]).toEqual(
          [minimum, lowerQuartile, median, upperQuartile, maximum].sort((a, b) => a - b),
        );
      }
      expect(row.fasterThanReference).toBeGreaterThan(0);
    }
  });

  // With more steps per voxel than a kernel takes.
  const terms = Array.from({ length: 800 }, (_, i) => `abs(p-.${100 + i})`);
  const own = `own = mean(${terms.join("+")})`;

  test("prints a table of several channels, with what only the reference computes", () => {
    const { status, stdout, stderr } = losskit(
      "bench",
      "dice+ce",
      own,
      "--channels",
      "4",
      "--voxels",
      "2^10",
      "--rounds",
      "7",
    );
    expect(stderr).toBe("measuring dice+ce\nmeasuring own\n");
    expect(status).toBe(0);
    expect(stdout).toMatch(/^.+, Node [\d.]+, losskit [\d.]+\n\nloss /u);
    expect(stdout).toMatch(/^dice\+ce +value +[\d.]+ /mu);
    expect(stdout).toContain("2^10 voxels, 4 channels");
    expect(stdout).toMatch(/^own +value +[\d.]+ +– +– /mu);
  });

  test("Ctrl-C: what is measured is shown, and the status says so", async () => {
    const child = spawn(
      process.execPath,
      [program, "bench", "dice", "focal", "--voxels", "2^14", "--rounds", "1000", "--json"],
      {
        env: environment,
      },
    );
    let [out, err] = ["", ""];
    child.stdout.on("data", (data) => {
      out += data;
    });
    const exited = new Promise<number | null>((resolve) => child.on("exit", resolve));
    const closed = new Promise((resolve) => child.on("close", resolve));
    await new Promise<void>((resolve) =>
      child.stderr.on("data", (data) => {
        err += data;
        if (err.includes("measuring")) resolve();
      }),
    );
    child.kill("SIGINT");
    expect(await exited).toBe(130);
    await closed;
    expect(err).toMatch(/Stopped after \d of 4 measurements\.\n$/u);
    expect(JSON.parse(out)).toMatchObject({ interrupted: true });
  });

  test.each<[string[], string]>([
    [["--voxels", "many"], '--voxels is "many"'],
    [["--voxel", "3"], "there is no option --voxel; did you mean --voxels?"],
    [["tversky:alpha=-1"], "error [PARAMETER]"],
    [["ce"], "error [INCOMPATIBLE_LOSS]"],
  ])("losskit bench %j ends with 2", (args, message) => {
    const { status, stdout, stderr } = losskit("bench", ...args);
    expect(stderr).toContain(message);
    expect(status).toBe(2);
    expect(stdout).toBe("");
  });

  test("help says that several losses may be given", () => {
    expect(losskit("bench", "--help").stdout).toContain("losskit bench [OPTIONS] [LOSS…]");
  });
});
