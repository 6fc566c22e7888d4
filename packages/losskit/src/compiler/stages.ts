// Orders what a kernel does into stages: rounds over the classes, with what must be kept in rows from one to the next.

import type { Effect, Kernel, KernelValue, Stage } from "./kernel.js";

/** What a kernel is made for; where it happens follows from its value. */
export type Wanted =
  | Exclude<Effect, { kind: "row" | "overClasses" | "check" }>
  | { readonly kind: "check"; readonly check: number; readonly array: number; readonly perClass: boolean };

/** Values that are kept from one stage to the next rather than computed again. */
const EXPENSIVE: ReadonlySet<KernelValue["op"]> = new Set([
  "exp",
  "expNegative",
  "expDifference",
  "sigmoidOfNegative",
  "log",
  "log1p",
  "log1pUnit",
  "log1pPositive",
  "expm1",
  "pow",
  "div",
  "sqrt",
  "matmul",
]);

/** Operations from which on a row, which is written once and read once, is cheaper than computing a value of a class again. */
const WORTH_A_ROW = 6;

/**
 * Whether a value is kept for later stages rather than computed again: where that takes long, and where every class would compute what is
 * the same for all of them.
 */
function isKept(value: KernelValue): boolean {
  if (value.uniform || value.mask || value.args.length === 0) return false;
  if (EXPENSIVE.has(value.op)) return true;
  return value.perClass ? operations(value, WORTH_A_ROW) >= WORTH_A_ROW : value.level > 0;
}

/** Operations that a value takes, up to a limit; what rows hold already is free. */
function operations(value: KernelValue, limit: number): number {
  const seen = new Set<KernelValue>();
  const stack = [value];
  for (let next = stack.pop(); next && seen.size < limit; next = stack.pop()) {
    if (seen.has(next) || next.uniform || next.op === "load" || next.op === "overClasses") continue;
    if (next !== value && EXPENSIVE.has(next.op)) continue;
    seen.add(next);
    stack.push(...next.args);
  }
  return seen.size;
}

export interface Staged {
  readonly stages: readonly Stage[];
  readonly rows: readonly boolean[];
  readonly kept: ReadonlyMap<number, { readonly row: number; readonly afterStage: number }>;
}

/** Rounds over the classes alternate with stages per voxel: 2 × level for what is per voxel, one more for what is per class. */
const position = (level: number, perClass: boolean) => 2 * level + (perClass ? 1 : 0);

/** @param kernel its arrays and sums, by their slots: where results go may be per class when the values are not */
export function stage(wanted: readonly Wanted[], { arrays, sums }: Pick<Kernel, "arrays" | "sums">): Staged {
  const effects = new Map<number, Effect[]>();
  const rows: boolean[] = [];
  const kept = new Map<number, { row: number; at: number }>();
  const visited = new Set<string>();
  const at = (place: number): Effect[] => {
    const list = effects.get(place) ?? [];
    effects.set(place, list);
    return list;
  };
  const keepIn = (value: KernelValue, place: number, make: (row: number) => Effect) => {
    const row = rows.push(value.perClass) - 1;
    kept.set(value.id, { row, at: place });
    at(place).push(make(row));
  };

  /** Sees to it that a value can be had at a place. */
  function need(value: KernelValue, place: number): void {
    const key = `${value.id}|${place}`;
    if (visited.has(key) || value.args.length === 0) return;
    visited.add(key);
    if (value.op === "overClasses") {
      if (kept.has(value.id)) return;
      const [arg] = value.args;
      const before = position(arg.level, true);
      const how = value.data === 1 ? "max" : "add";
      need(arg, before);
      keepIn(value, before, (row) => ({ kind: "overClasses", row, how, value: arg }));
      return;
    }
    const home = position(value.level, value.perClass);
    if (home !== place && isKept(value)) {
      keepAtHome(value);
      return;
    }
    // A matrix needs its vector of all classes at once.
    if (value.op === "matmul") keepAtHome(value.args[0]);
    else for (const arg of value.args) need(arg, place);
  }

  /** Keeps a value in a row from where it can first be had. */
  function keepAtHome(value: KernelValue): void {
    if (kept.has(value.id)) return;
    const home = position(value.level, value.perClass);
    if (value.op === "matmul") keepAtHome(value.args[0]);
    else for (const arg of value.args) need(arg, home);
    keepIn(value, home, (row) => ({ kind: "row", row, value }));
  }

  for (const entry of wanted) {
    if (entry.kind === "check") continue;
    const { perClass } = entry.kind === "write" ? arrays[entry.array] : sums[entry.sum];
    const place = position(entry.value.level, perClass);
    need(entry.value, place);
    if (entry.kind === "sum" && entry.product) need(entry.product, place);
    at(place).push(entry);
  }

  const places = [...effects.keys()].sort((a, b) => a - b);
  const stages = places.map((place) => ({ perClass: place % 2 === 1, effects: at(place) }));
  for (const entry of wanted) {
    if (entry.kind !== "check") continue;
    const { check, array } = entry;
    // What has no stretch per class is checked once per voxel where there is such a stage.
    const first = stages.find(({ perClass }) => perClass === entry.perClass) ?? stages[0];
    first.effects.unshift({ kind: "check", check, array });
  }
  const afterStage = (place: number) => places.indexOf(place);
  return {
    stages,
    rows,
    kept: new Map([...kept].map(([id, { row, at: place }]) => [id, { row, afterStage: afterStage(place) }])),
  };
}
