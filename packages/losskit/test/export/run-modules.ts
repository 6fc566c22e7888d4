// Runs exported Python on arrays beside our own reference, and says where the two differ.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Loss } from "../../src/losses/loss.js";
import type { ExportCase } from "./export-cases.js";

const PROGRAMS = { pytorch: "run_pytorch.py", keras: "run_keras.py" };
export type Framework = keyof typeof PROGRAMS;

export interface Run extends ExportCase {
  readonly loss: Loss;
  /** The exported file. */
  readonly text: string;
  /** "bfloat16" for logits of that type within mixed precision, all else being float32. */
  readonly dtype: "float64" | "float32" | "bfloat16";
}

interface Result {
  readonly values?: readonly number[];
  readonly gradient?: readonly number[];
  readonly error?: string;
  /** Keras rounds what its losses give to float32, whatever they compute in. */
  readonly rounded?: boolean;
}

const array = (data: ArrayLike<number>, shape: readonly number[], dtype: "float" | "int64") => ({
  data: Array.from(data),
  shape,
  dtype,
});

/** All cases in one process: PyTorch takes seconds to start. */
function results(framework: Framework, python: string, runs: readonly Run[]): Result[] {
  const modules = Object.fromEntries(runs.map(({ text }) => [text, text]));
  const cases = runs.map(({ text, shape, logits, target, options, fields, weights, call, dtype }) => {
    const voxels = [shape[0], ...shape.slice(2)];
    const extra = Object.entries(fields).map(([name, data]) => [
      name,
      array(data, data.length === logits.length ? shape : voxels, "float"),
    ]);
    return {
      module: text,
      class: /^class (\w+)/mu.exec(text)?.[1],
      arguments: text.includes("spacing:") && call.spacing ? { spacing: call.spacing } : {},
      dtype,
      logits: array(logits, shape, "float"),
      target: options.head === "multiclass" ? array(target, voxels, "int64") : array(target, shape, "float"),
      extra: Object.fromEntries([...extra, ...(weights ? [["weights", array(weights, voxels, "float")]] : [])]),
    };
  });
  const program = fileURLToPath(new URL(PROGRAMS[framework], import.meta.url));
  const { stdout, stderr, status } = spawnSync(python, ["-B", program], {
    input: JSON.stringify({ modules, cases }),
    encoding: "utf8",
    maxBuffer: 1 << 30,
  });
  if (status !== 0) throw new Error(stderr);
  const lines = stdout.trim().split("\n");
  return lines.map((line) => JSON.parse(line));
}

/** Why a float32 gradient may be farther off than 1e-6 of its largest element. */
const FLOAT32_GRADIENT: Readonly<Record<string, number>> = {
  // Each erosion is divided by its largest value, which magnifies what was rounded before.
  "hausdorff-erosion": 5e-6,
};

/** Largest difference of two arrays, beside the largest element of the first or a scale of its own. */
function difference(expected: ArrayLike<number>, found: ArrayLike<number>, scale: number): number {
  if (expected.length !== found.length) return Number.POSITIVE_INFINITY;
  let [worst, largest] = [0, scale];
  for (let i = 0; i < expected.length; i++) {
    const apart = Math.abs(expected[i] - found[i]);
    // Not Math.max, which a NaN would pass through unseen by the comparison below.
    if (!(apart <= worst)) worst = apart;
    largest = Math.max(largest, Math.abs(expected[i]));
  }
  return Number.isNaN(worst) ? Number.POSITIVE_INFINITY : worst / largest;
}

export const nameOf = (loss: Loss) => loss.terms.map(({ definition }) => definition.name).join(" + ");

/** How far a run is from our value and gradient, or what it raised. */
export interface Comparison {
  readonly value: number;
  readonly gradient: number;
  readonly error?: string;
  readonly rounded?: boolean;
}

/** For each run, how far its value and gradient are from ours. */
export function compared(framework: Framework, python: string, runs: readonly Run[]): Comparison[] {
  const found = results(framework, python, runs);
  return runs.map(({ loss, logits, target, call }, i) => {
    const { values, gradient, error, rounded } = found[i];
    if (error !== undefined || !values || !gradient) {
      return { value: Number.POSITIVE_INFINITY, gradient: Number.POSITIVE_INFINITY, error: String(error) };
    }
    const ours = loss.valueAndGradient(logits, target, call);
    return {
      // Of two parts that nearly cancel, each is rounded by itself: beside 1, or what is larger.
      value: difference(ours.values, values, 1),
      gradient: difference(ours.gradient, gradient, 1e-3),
      ...(rounded && { rounded }),
    };
  });
}

/** What is wrong with a run; undefined where value and gradient are ours: to 1e-9 in float64, 1e-6 in float32. */
export function disagreement({ loss, dtype, title }: Run, comparison: Comparison): string | undefined {
  const { value, gradient, error, rounded } = comparison;
  if (error !== undefined) return `${title}: ${error}`;
  const isDouble = dtype === "float64" && !rounded;
  const bound = isDouble ? 1e-9 : 1e-6;
  // A gradient in bfloat16 has 8 binary digits.
  const coarse = dtype === "bfloat16" ? 2 ** -8 : bound;
  const boundOfGradient = isDouble ? bound : Math.max(FLOAT32_GRADIENT[nameOf(loss)] ?? 0, coarse);
  if (value <= bound && gradient <= boundOfGradient) return undefined;
  return `${title}, ${dtype}: value differs by ${value}, gradient by ${gradient}`;
}

/** For each run, what is wrong with it. */
export function disagreements(framework: Framework, python: string, runs: readonly Run[]): (string | undefined)[] {
  const comparisons = compared(framework, python, runs);
  return runs.map((run, i) => disagreement(run, comparisons[i]));
}
