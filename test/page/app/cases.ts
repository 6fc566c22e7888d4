// The calls that Node, a page and a worker of the page make alike, and what came of them.

import {
  add,
  allocate,
  bce,
  type CallOptions,
  ce,
  dice,
  focal,
  focalTversky,
  free,
  type Loss,
  LosskitError,
  type LossResult,
  lossFromFormula,
  lovaszHinge,
  lovaszSoftmax,
} from "losskit";

/** How a case is computed. */
export interface How {
  /** Arrays of the garbage collector, or of the library's memory. */
  readonly arrays: "plain" | "allocate";
  readonly call: "valueAndGradient" | "valueAndGradientAsync";
  readonly threads: number;
  readonly backend?: "reference";
}

export interface Outcome {
  readonly value: number;
  /** SHA-256 of the gradient's bytes: equal for equal bits, and quicker to hand over than a million numbers. */
  readonly gradient: string;
  /** Share of the gradient that is not 0. */
  readonly nonZero: number;
  readonly backend: string;
}

async function summary({ value, gradient, backend }: LossResult<Float32Array>): Promise<Outcome> {
  // A copy, because what is shared with threads is not digested.
  const digest = await crypto.subtle.digest("SHA-256", gradient.slice());
  const gradientHash = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return { value, gradient: gradientHash, nonZero: gradient.filter((g) => g !== 0).length / gradient.length, backend };
}

interface Case {
  readonly loss: Loss;
  readonly shape: readonly number[];
  readonly target: "bytes" | "integers" | "floats";
  readonly layout?: "channels-last";
  readonly weighted?: boolean;
  /** Label of a part of the voxels, which do not count. */
  readonly ignore?: number;
  /** Name of a field with a number per voxel. */
  readonly field?: string;
}

/** Extents that no vector divides, so that all of a kernel's endings run; those of "threads" are large enough to wake threads up. */
const CASES = {
  "binary, a map of bytes": { loss: add(dice(), [0.5, bce()]), shape: [2, 1, 37, 41], target: "bytes" },
  "binary, soft target, weights": { loss: focal(), shape: [2, 1, 37, 41], target: "floats", weighted: true },
  "softmax, an ignored label": { loss: add(ce(), dice()), shape: [2, 4, 19, 23], target: "bytes", ignore: 255 },
  "softmax, channels last": {
    loss: focalTversky(),
    shape: [1, 19, 23, 3],
    target: "integers",
    layout: "channels-last",
    ignore: -100,
  },
  "a formula with a field": {
    loss: lossFromFormula("mean(cost * p) + log(1 + mean((p - y)^2))", { fields: { cost: "voxel" } }),
    shape: [1, 2, 7, 11, 13],
    target: "bytes",
    weighted: true,
    field: "cost",
  },
  "Lovász hinge": { loss: lovaszHinge(), shape: [1, 1, 37, 41], target: "bytes" },
  "Lovász-Softmax": { loss: lovaszSoftmax(), shape: [1, 4, 19, 23], target: "bytes" },
  "distances and a share of the worst": {
    loss: lossFromFormula("mean(p * signed_distance(y)) + top_mean(abs(y - p), 0.1)"),
    shape: [1, 1, 7, 11, 13],
    target: "bytes",
  },
  "threads, binary": { loss: add(dice(), bce()), shape: [1, 1, 3, 301, 337], target: "bytes" },
  "threads, softmax": { loss: add(ce(), dice()), shape: [1, 4, 259, 257], target: "bytes", weighted: true },
  // Powers cannot share their work: more code than browsers of all ages compile at once on a page's main thread.
  "a large sum": {
    loss: add(
      ...[0.5, 1.5, 2.5, 3.5, 4.5, 5.5].map((power) =>
        lossFromFormula(`mean(y * log(0.1 + p^${power}) + (1 - y) * log(0.1 + (1 - p)^${power}))`),
      ),
    ),
    shape: [1, 1, 37, 41],
    target: "floats",
    weighted: true,
  },
} as const satisfies Record<string, Case>;

export type CaseName = keyof typeof CASES;

export const caseNames = Object.keys(CASES) as CaseName[];

/** Integers from 0 to 2^32 - 1, the same everywhere (xorshift32). */
function randomIntegers(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** The arrays of a case, and the options of its call. */
function inputs(name: CaseName, { arrays, threads, backend }: How) {
  const { shape, target, layout, weighted, ignore, field }: Case = CASES[name];
  const lent: ArrayBufferView[] = [];
  const make = <A extends Float32Array | Uint8Array | Int32Array>(array: A): A => {
    if (arrays === "plain") return array;
    const type = array instanceof Float32Array ? "float32" : array instanceof Uint8Array ? "uint8" : "int32";
    const copy = allocate(array.length, type) as A;
    copy.set(array);
    lent.push(copy);
    return copy;
  };
  const random = randomIntegers(20240229);
  const floats = (length: number, low: number, high: number) =>
    make(Float32Array.from({ length }, () => low + ((high - low) * random()) / 2 ** 32));
  const all = shape.reduce((product, extent) => product * extent, 1);
  const classes = layout ? shape[shape.length - 1] : shape[1];
  const voxels = all / classes;

  const logits = floats(all, -8, 8);
  const labels = Array.from({ length: voxels }, () => {
    const label = random() % (Math.max(2, classes) + (ignore === undefined ? 0 : 1));
    return label < Math.max(2, classes) ? label : (ignore as number);
  });
  const targets = {
    bytes: () => make(Uint8Array.from(labels)),
    integers: () => make(Int32Array.from(labels)),
    floats: () => floats(all, 0, 1),
  };
  const options: CallOptions = {
    shape,
    layout,
    ignore,
    threads,
    backend,
    weights: weighted ? floats(voxels, 0, 2) : undefined,
    fields: field ? { [field]: floats(voxels, -5, 5) } : undefined,
    gradient: make(new Float32Array(all)),
  };
  return { logits, target: targets[target](), options, release: () => lent.forEach(free) };
}

export async function compute(name: CaseName, how: How): Promise<Outcome> {
  const { loss } = CASES[name];
  const { logits, target, options, release } = inputs(name, how);
  try {
    return await summary(await loss[how.call](logits, target, options));
  } finally {
    release();
  }
}

/** Compiles a case's kernels ahead. */
export async function prepare(name: CaseName): Promise<void> {
  const { logits, target, options } = inputs(name, { arrays: "plain", call: "valueAndGradient", threads: 1 });
  await CASES[name].loss.prepare(logits, target, options);
}

/** The code of the error that computing a case ends with, if it does. */
export async function errorCode(name: CaseName, how: How): Promise<string | undefined> {
  try {
    await compute(name, how);
    return undefined;
  } catch (error) {
    return error instanceof LosskitError ? error.code : String(error);
  }
}
