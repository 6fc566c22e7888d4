// Measures the losses: in the library's memory and outside, on one thread and several, against the reference, in turn.

import { quantileSorted } from "d3-array";
import { allocate, type CallOptions, free, type Loss, LosskitError } from "losskit";
import { LabError } from "../errors.js";
import type { SpecifiedLoss } from "../experiment/loss-specification.js";
import { type Random, randomStream } from "../random-stream.js";
import type { BenchSettings } from "./bench-options.js";

/** Nanoseconds per voxel. */
export interface Times {
  readonly median: number;
  readonly lowerQuartile: number;
  readonly upperQuartile: number;
  readonly minimum: number;
  readonly maximum: number;
}

export type Work = "value" | "value and gradient";

/**
 * Who computes: the float64 reference; kernels on one thread on ordinary arrays ("plain") and on arrays of the library's memory ("single"), and
 * there on all threads ("threads").
 */
export type Contestant = "reference" | "plain" | "single" | "threads";

export interface Measurement {
  readonly loss: string;
  readonly work: Work;
  /** Of logits, labels and gradient, each moved once. */
  readonly bytesPerVoxel: number;
  /** Without those that cannot compute the loss, or that this machine does not have. */
  readonly times: Readonly<Partial<Record<Contestant, Times>>>;
}

export interface BenchProgress {
  /** Before each round of a loss. */
  onRound(loss: string, work: Work, round: number): void;
}

/** A sample takes at least so long, of as many calls as that needs: clocks are coarse, and other work comes between. */
const SAMPLE_MS = 5;
/** Time for threads to start before they are measured. */
const WARM_UP_MS = 200;

/** What a clock and a break between samples are, for tests. */
export interface Surroundings {
  /** Milliseconds. */
  now(): number;
  /** Lets signals and threads have their turn. */
  pause(milliseconds: number): Promise<void>;
}

const REAL: Surroundings = {
  now: () => performance.now(),
  pause: (milliseconds) =>
    new Promise((resolve) => (milliseconds > 0 ? setTimeout(resolve, milliseconds) : setImmediate(resolve))),
};

/**
 * Milliseconds per call of each contestant, one number a round. Each round takes all in another order, so that what slows the machine
 * down for a while hits all of them.
 *
 * @throws LabError INTERRUPTED when the signal comes, after the sample that runs
 */
export async function timeInTurn(
  contestants: readonly { readonly name: Contestant; run(): void }[],
  options: {
    readonly rounds: number;
    readonly random: Random;
    readonly signal: AbortSignal;
    readonly surroundings?: Surroundings;
    onRound?(round: number): void;
  },
): Promise<ReadonlyMap<Contestant, readonly number[]>> {
  const { rounds, random, signal, onRound } = options;
  const { now, pause } = options.surroundings ?? REAL;
  const sample = (run: () => void, calls: number) => {
    const start = now();
    for (let i = 0; i < calls; i++) run();
    return (now() - start) / calls;
  };
  const rest = async (milliseconds = 0) => {
    await pause(milliseconds);
    if (signal.aborted) throw new LabError("INTERRUPTED", "stopped");
  };
  const calls = new Map<Contestant, number>();
  for (const { name, run } of contestants) {
    // The first call compiles, and asks for threads; the second shows how long one takes.
    run();
    await rest(name === "threads" ? WARM_UP_MS : 0);
    run();
    await rest();
    calls.set(name, Math.max(1, Math.ceil(SAMPLE_MS / Math.max(sample(run, 1), 1e-3))));
  }
  const times = new Map<Contestant, number[]>(contestants.map(({ name }) => [name, []]));
  for (let round = 1; round <= rounds; round++) {
    onRound?.(round);
    for (const { name, run } of shuffled(contestants, random)) {
      await rest();
      times.get(name)?.push(sample(run, calls.get(name) as number));
    }
  }
  return times;
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [result[i], result[j]] = [result[j], result[i]];
  }
  return result;
}

/** The measured times of a contestant, by quantiles. */
export function summarise(milliseconds: readonly number[], voxels: number): Times {
  const sorted = milliseconds.map((time) => (time * 1e6) / voxels).sort((a, b) => a - b);
  const at = (share: number) => quantileSorted(sorted, share) as number;
  return { median: at(0.5), lowerQuartile: at(0.25), upperQuartile: at(0.75), minimum: at(0), maximum: at(1) };
}

interface Arrays {
  readonly logits: Float32Array;
  readonly labels: Uint8Array;
  readonly gradient: Float32Array;
}

/**
 * Measures all losses, value and value with gradient. What is done when the signal comes is given out all the same.
 *
 * @param onResult gets each measurement as soon as it is there
 * @throws LabError INTERRUPTED; LosskitError MEMORY where the arrays do not fit
 */
export async function runBench(
  losses: readonly SpecifiedLoss[],
  settings: BenchSettings,
  signal: AbortSignal,
  progress: BenchProgress,
  onResult: (measurement: Measurement) => void,
): Promise<void> {
  const { voxels, channels, rounds } = settings;
  const allocated: ArrayBufferView[] = [];
  const own = <T extends ArrayBufferView>(array: T): T => {
    allocated.push(array);
    return array;
  };
  try {
    const plain = exampleArrays(settings);
    const inMemory: Arrays = {
      logits: own(allocate(voxels * channels)),
      labels: own(allocate(voxels, "uint8")),
      gradient: own(allocate(voxels * channels)),
    };
    inMemory.logits.set(plain.logits);
    inMemory.labels.set(plain.labels);
    for (const { label, loss } of losses) {
      for (const work of ["value", "value and gradient"] as const) {
        const contestants = contestantsFor(loss, work, settings, plain, inMemory);
        const times = await timeInTurn(contestants, {
          rounds,
          signal,
          random: randomStream("bench", label, work),
          onRound: (round) => progress.onRound(label, work, round),
        });
        onResult({
          loss: label,
          work,
          bytesPerVoxel: 4 * channels + 1 + (work === "value" ? 0 : 4 * channels),
          times: Object.fromEntries([...times].map(([name, list]) => [name, summarise(list, voxels)])),
        });
      }
    }
  } finally {
    for (const array of allocated) free(array);
  }
}

/** Logits and labels of an image as networks see them: objects a few hundred voxels long, most voxels right, some not. */
function exampleArrays({ voxels, channels }: BenchSettings): Arrays {
  const random = randomStream("bench", "arrays");
  try {
    const logits = new Float32Array(voxels * channels);
    const labels = new Uint8Array(voxels);
    const classes = Math.max(2, channels);
    for (let start = 0; start < voxels; ) {
      const end = Math.min(voxels, start + 50 + random.below(500));
      labels.fill(random.chance(0.6) ? 0 : random.below(classes), start, end);
      start = end;
    }
    for (let c = 0; c < channels; c++) {
      for (let voxel = 0; voxel < voxels; voxel++) {
        const own = channels === 1 ? labels[voxel] === 1 : labels[voxel] === c;
        logits[c * voxels + voxel] = (own ? 3 : -3) + 8 * (random.uniform() - 0.5);
      }
    }
    return { logits, labels, gradient: new Float32Array(voxels * channels) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new LabError(
      "USAGE",
      `there is no memory for ${voxels} voxels with ${channels} channels; give fewer --voxels`,
      {
        cause: error,
      },
    );
  }
}

function contestantsFor(
  loss: Loss,
  work: Work,
  { voxels, channels, activation, threads }: BenchSettings,
  plain: Arrays,
  inMemory: Arrays,
): { readonly name: Contestant; run(): void }[] {
  const contestant = (name: Contestant, { logits, labels, gradient }: Arrays, own: Partial<CallOptions>) => {
    const options: CallOptions = { shape: [1, channels, voxels], activation, ...own };
    return {
      name,
      run: () => {
        if (work === "value") loss.value(logits, labels, options);
        else loss.valueAndGradient(logits, labels, { ...options, gradient });
      },
    };
  };
  const reference = contestant("reference", plain, { backend: "reference" });
  if (!hasKernels(loss, plain, { shape: [1, channels, voxels], activation })) return [reference];
  return [
    reference,
    contestant("plain", plain, { backend: "wasm", threads: 1 }),
    contestant("single", inMemory, { backend: "wasm", threads: 1 }),
    ...(threads > 1 ? [contestant("threads", inMemory, { backend: "wasm", threads })] : []),
  ];
}

function hasKernels(loss: Loss, { logits, labels }: Arrays, options: CallOptions): boolean {
  try {
    loss.plan(logits, labels, options);
    return true;
  } catch (error) {
    if (error instanceof LosskitError && error.code === "UNSUPPORTED") return false;
    throw error;
  }
}
