// Every loss on both backends, with 1, 2 and 4 threads and lengths that fill no vector, some vectors, and several chunks.

import { describe, expect, it } from "vitest";
import type { CallOptions, FloatArray, Target } from "../../src/formula/options.js";
import { allLosses } from "../../src/losses/all.js";
import type { LossFactory } from "../../src/losses/loss.js";
import { headsOf, largest } from "../losses/calls.js";
import {
  type Head,
  inLibraryMemory,
  type LogitKind,
  reference,
  sameBits,
  type WasmCall,
  wasmCallFor,
} from "./conformance-calls.js";
import { problemsOf, ranksApart } from "./float32-bounds.js";

const LENGTHS = [1, 3, 63, 64, 65, 4097];
const THREADS = [1, 2, 4];
const named = allLosses.map((factory) => [factory.definition.name, factory] as const);

const ranks = ({ definition }: LossFactory) => definition.formula.includes("lovasz(");
/** Losses that pick extremes among neighbours: of saturated probabilities, which round to equal numbers, anyone's. */
const picks = ({ definition }: LossFactory) => /soft_skeleton|soft_erosions|_gradient\(/.test(definition.formula);

/** Runs a call on kernels where it lies, and in the library's memory with several numbers of threads: all must have the same bits. */
function kernels(factory: LossFactory, logits: Float32Array, target: Target, options: CallOptions) {
  const loss = factory();
  const plain = loss.valueAndGradient(logits, target, { ...options, backend: "wasm", threads: 1 });
  expect(plain.backend).toBe("wasm");
  for (const threads of THREADS) {
    inLibraryMemory(logits, target, options, (x, y, own) => {
      const result = loss.valueAndGradient(x, y, { ...own, backend: "wasm", threads });
      expect(sameBits(result, plain), `${threads} threads`).toBe(true);
    });
  }
  return plain;
}

/** Of a Lovász loss the elements whose rank float32 can tell; all of other losses. */
function comparable(factory: LossFactory, head: Head, { logits, target }: WasmCall, voxels: number, kind: LogitKind) {
  if (picks(factory) && kind !== "usual") return () => false;
  if (!ranks(factory)) return undefined;
  const truth = Float64Array.from(logits);
  const label = (c: number, v: number) => Number(target[v] === (head.channels === 1 ? 1 : c));
  const probability = (c: number, v: number) => {
    if (head.activation === "none") return truth[c * voxels + v];
    if (head.activation === "sigmoid") return 1 / (1 + Math.exp(-truth[c * voxels + v]));
    const e = Array.from({ length: head.channels }, (_, k) => Math.exp(truth[k * voxels + v]));
    return e[c] / e.reduce((sum, own) => sum + own, 0);
  };
  const hinge = factory.definition.name === "lovasz-hinge";
  const errors = Array.from({ length: head.channels }, (_, c) =>
    Float64Array.from({ length: voxels }, (__, v) =>
      hinge ? 1 - (2 * label(c, v) - 1) * truth[c * voxels + v] : Math.abs(label(c, v) - probability(c, v)),
    ),
  );
  // Hinge errors of up to 16 round by 2^-21, probabilities by 2 ULP below 1.
  const apart = ranksApart((c, v) => errors[c][v], label, head.channels, voxels, hinge ? 2 ** -20 : 2 ** -21);
  return (element: number) => apart(element % voxels);
}

function compare(factory: LossFactory, head: Head, voxels: number, kind: LogitKind, seed = voxels): void {
  const call = wasmCallFor(factory, seed, head, voxels, 1, kind);
  const { logits, target, options } = call;
  const result = kernels(factory, logits, target, options);
  const truth = reference(factory(), logits, target, options);
  expect(truth.backend).toBe("reference");
  const where = comparable(factory, head, call, voxels, kind);
  const problems = problemsOf(factory.definition, result, truth, logits, target, options, { isComparable: where });
  expect(problems, `${head.channels} channels, ${head.activation}, ${voxels} voxels, ${kind}`).toEqual([]);
}

describe.each(named)("%s", (_, factory) => {
  const heads = headsOf(factory);

  it.each(LENGTHS)("gives the truth within its bounds, whatever the threads, for %d voxels", (voxels) => {
    for (const head of heads) compare(factory, head, voxels, "usual");
  });

  it.each<LogitKind>(["near-perfect", "saturated"])("keeps its digits for %s logits of 16 to 20", (kind) => {
    // Saturated errors round to the same few floats, and ranks among them are anyone's.
    if (ranks(factory)) return;
    for (const head of heads) if (head.activation !== "none") compare(factory, head, 4099, kind);
  });

  it("gives the truth for 1,000,003 voxels", () => {
    // Ranks are compared at the smaller sizes; with so many voxels hardly one has no near neighbour.
    const [head] = heads;
    const { logits, target, options } = wasmCallFor(factory, 9, head, 1_000_003);
    const result = kernels(factory, logits, target, options);
    const truth = reference(factory(), logits, target, options);
    const all = ranks(factory) ? () => false : undefined;
    expect(problemsOf(factory.definition, result, truth, logits, target, options, { isComparable: all })).toEqual([]);
  });
});

describe("masks that are empty or full", () => {
  const counted = named.filter(([, factory]) => !ranks(factory));

  it.each(counted)("have their exact gradient with %s", (_, factory) => {
    for (const head of headsOf(factory)) {
      for (const label of [0, Math.max(1, head.channels - 1)]) {
        const { logits, options } = wasmCallFor(factory, 5, head, 5000);
        const forms: Target[] = [new Uint8Array(5000).fill(label)];
        if (head.channels === 1) forms.push(new Float32Array(5000).fill(label));
        for (const target of forms) {
          const result = factory().valueAndGradient(logits, target, { ...options, backend: "wasm" });
          const truth = reference(factory(), logits, target, options);
          expect(problemsOf(factory.definition, result, truth, logits, target, options)).toEqual([]);
        }
      }
    }
  });
});

describe("logits of an exploding network", () => {
  it.each(named.filter(([, factory]) => !ranks(factory)))("have the value and the gradient of %s", (_, factory) => {
    for (const head of headsOf(factory)) {
      if (head.activation === "none") continue;
      for (const size of [1e4, 1e10, 1e20]) {
        const { logits, target, options } = wasmCallFor(factory, 6, head, 100);
        const large = logits.map((x) => x * size);
        const result = factory().valueAndGradient(large, target, { ...options, backend: "wasm" });
        const truth = reference(factory(), large, target, options);
        // Where p is clipped at 1 - 1e-7, float32 clips at 1 - 2^-23: a wrong voxel costs log(2^-23), not log(1e-7).
        const clips = factory.definition.formula.includes("clamp(p,");
        const bound = clips ? 1 - Math.log(2 ** -23) / Math.log(1e-7) : 1e-6;
        expect(Math.abs(result.value - truth.value)).toBeLessThanOrEqual(bound * Math.max(1, Math.abs(truth.value)));
        const error = result.gradient.map((slope, i) => slope - truth.gradient[i]);
        // Kernels stop exponentials at exp(-64), 1.6e-28, where float64 goes on or is 0; a power of 0.3 makes 4.8e-9 of it, over 100 voxels.
        const rest = factory.definition.name === "exp-log" ? 4.8e-11 : 1e-21;
        expect(largest(error)).toBeLessThanOrEqual(1e-6 * largest(truth.gradient) + rest);
      }
    }
  });
});

describe("equal logits everywhere", () => {
  // A long float32 sum of equal numbers rounds each time the same way.
  it.each(named.filter(([, factory]) => !ranks(factory)))("do not bias the value of %s", (_, factory) => {
    const [head] = headsOf(factory);
    for (const x of [0.3, 0.7, 0.9]) {
      const call = wasmCallFor(factory, 8, head, 70_000);
      const logits: FloatArray = new Float32Array(call.logits.length).fill(x);
      const result = factory().valueAndGradient(logits, call.target, { ...call.options, backend: "wasm" });
      const truth = reference(factory(), logits, call.target, call.options);
      // The rounding of a logarithm of its own, times the powers, is the same at every voxel too.
      const bound = /\^gamma|top_mean|hard_mean/.test(factory.definition.formula) ? 5e-7 : 2e-7;
      expect(Math.abs(result.value - truth.value)).toBeLessThanOrEqual(bound * Math.max(Math.abs(truth.value), 0.5));
    }
  });
});
