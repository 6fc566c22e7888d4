// Finds the values of a kernel that a formula has names for: probabilities and their logarithms.

import { valuesIn } from "./check-kernel-values.js";
import type { KernelValue } from "./kernel.js";
import { createKernelValues } from "./kernel-values.js";
import {
  fromStash,
  givenProbabilities,
  type Probabilities,
  sigmoidOf,
  softmaxOf,
  softmaxOfFew,
} from "./lower-inputs.js";
import type { Plan, PlanPass } from "./plan.js";
import type { createMarks } from "./print-kernel.js";
import { unrollClasses, writesOutClasses } from "./unroll-classes.js";

/** Names by the marks of the values: made here the way the compiler makes them, and found again in the kernel of the pass. */
export function knownNames(
  { context }: Plan,
  { stash }: PlanPass,
  marksOf: ReturnType<typeof createMarks>,
): ReadonlyMap<string, string> {
  const { channels, activation } = context;
  const many = channels > 1;
  const few = writesOutClasses(context);
  const names = new Map<string, string>();
  const k = createKernelValues();
  const source = stash === "finds" ? "gradient" : "logits";
  const array = { name: source, perClass: many, type: "float32", access: "read" } as const;
  const x = k.load(0, many);

  function givens(): Probabilities[] {
    if (stash === "finds") return [fromStash(k, x)];
    if (activation === "softmax") return [few ? softmaxOfFew(k, x, channels) : softmaxOf(k, x)];
    if (activation === "none") return [givenProbabilities(k, x)];
    return [sigmoidOf(k, x, "fast"), sigmoidOf(k, x, "precise")];
  }
  /** The first name stays: of two classes 1 - p of one is p of the other. */
  const call = (mark: string | undefined, name: string) => {
    if (mark !== undefined && !names.has(mark)) names.set(mark, name);
  };
  function add(value: KernelValue, name: string): void {
    if (!few) {
      const marks = marksOf({ arrays: [array], constants: [] }, valuesIn([value]));
      call(marks.get(value), many ? `${name}[c]` : name);
      return;
    }
    const out = { ...array, name: "out", access: "write" } as const;
    const wanted = [{ kind: "write", array: 1, value } as const];
    const parts = { arrays: [array, out], constants: [], sums: [], checks: [], wanted };
    const unrolled = unrollClasses(parts, channels, () => false);
    unrolled.wanted.forEach((entry, c) => {
      if (entry.kind === "write") call(marksOf(unrolled, valuesIn([entry.value])).get(entry.value), `${name}[${c}]`);
    });
  }

  for (const given of givens()) {
    const p = available(given.p);
    // Where p is one of two sides: the smaller of p and 1 - p, and 1 less that.
    if (p?.op === "select") {
      add(p.args[1], "large");
      add(p.args[2], "small");
    }
    if (p) add(p, "p");
    for (const [name, make] of [
      ["q", given.q],
      ["log_p", given.logP],
      ["log_q", given.logQ],
    ] as const) {
      const value = available(make);
      if (value) add(value, name);
    }
  }
  return names;
}

/** What an activation cannot have throws where it is asked for. */
function available(make: () => KernelValue): KernelValue | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
