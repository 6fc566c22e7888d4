// Orders what a kernel does into stages: rounds over the classes, with what must be kept in rows from one to the next.

import type { Effect, Kernel, KernelValue, Stage } from "./kernel.js";

/** What a kernel is made for; where it happens follows from its value. */
export type Wanted =
  | Extract<Effect, { kind: "write" }>
  /** A sum, with `factor` × log(1 + product) added to the value where there is one. */
  | (Extract<Effect, { kind: "sum" }> & { readonly product?: KernelValue; readonly factor?: KernelValue })
  | { readonly kind: "check"; readonly check: number; readonly array: number; readonly perClass: boolean };

/** Operations that are long chains of instructions, each of which waits for the one before. */
export const FUNCTIONS: ReadonlySet<KernelValue["op"]> = new Set([
  "exp",
  "expNegative",
  "expDifference",
  "sigmoidNegative",
  "preciseSigmoidNegative",
  "log",
  "log1p",
  "log1pUnit",
  "log1pPositive",
  "expm1",
  "pow",
]);

/** Values that are kept from one stage to the next rather than computed again. */
const EXPENSIVE: ReadonlySet<KernelValue["op"]> = new Set([...FUNCTIONS, "div", "sqrt", "matmul"]);

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

/**
 * A position has up to 8 places, each a stage: first those of its functions, by how many of them stand inside one another, then the one for all that is
 * made of them. A machine is kept busy by functions of several vectors at once, which need all its registers: there sums, and the functions
 * that come next, would only be in the way.
 */
const PLACES = 8;
const functionsPlace = (at: number, depth: number) => PLACES * at + Math.min(depth, PLACES - 1) - 1;
const lastPlace = (at: number) => PLACES * at + PLACES - 1;
const positionOf = (place: number) => Math.floor(place / PLACES);

/**
 * @param kernel its arrays and sums, by their slots: where results go may be per class when the values are not
 * @param apart whether functions have stages of their own
 */
export function stage(
  wanted: readonly Wanted[],
  { arrays, sums }: Pick<Kernel, "arrays" | "sums">,
  apart: boolean,
): Staged {
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

  const depths = new Map<KernelValue, number>();
  /** How many functions of its position stand inside one another in a value, itself included. */
  function depthOf(value: KernelValue): number {
    const before = depths.get(value);
    if (before !== undefined) return before;
    const own = position(value.level, value.perClass);
    const inside = value.args.filter(({ level, perClass }) => position(level, perClass) === own).map(depthOf);
    const depth = Math.max(0, ...inside) + (FUNCTIONS.has(value.op) && !value.uniform ? 1 : 0);
    depths.set(value, depth);
    return depth;
  }

  const placeOfDepth = (at: number, depth: number) => (apart && depth > 0 ? functionsPlace(at, depth) : lastPlace(at));

  /** Where a value that is kept is computed. */
  function home(value: KernelValue, perClass: boolean): number {
    const own = position(value.level, perClass);
    return EXPENSIVE.has(value.op) ? placeOfDepth(own, depthOf(value)) : lastPlace(own);
  }

  /** Sees to it that a value can be had at a place. */
  function need(value: KernelValue, place: number): void {
    const key = `${value.id}|${place}`;
    if (visited.has(key) || value.args.length === 0) return;
    visited.add(key);
    if (value.op === "overClasses") {
      if (kept.has(value.id)) return;
      const [arg] = value.args;
      const before = home(arg, true);
      const how = value.data === 1 ? "max" : "add";
      need(arg, before);
      keepIn(value, before, (row) => ({ kind: "overClasses", row, how, value: arg }));
      return;
    }
    // Within a position only what belongs to its functions is kept: all else is computed where it is needed.
    if (home(value, value.perClass) < place && isKept(value)) {
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
    const place = home(value, value.perClass);
    if (value.op === "matmul") keepAtHome(value.args[0]);
    else for (const arg of value.args) need(arg, place);
    keepIn(value, place, (row) => ({ kind: "row", row, value }));
  }

  for (const entry of wanted) {
    if (entry.kind === "check") continue;
    const { perClass } = entry.kind === "write" ? arrays[entry.array] : sums[entry.sum];
    const place = lastPlace(position(entry.value.level, perClass));
    need(entry.value, place);
    if (entry.kind === "write") {
      at(place).push(entry);
      continue;
    }
    const { sum, value, product, factor } = entry;
    at(place).push({ kind: "sum", sum, value });
    if (!product || !factor) continue;
    const inside = placeOfDepth(position(product.level, perClass), depthOf(product));
    need(product, inside);
    at(inside).push({ kind: "product", sum, value: product, factor });
  }

  const places = [...effects.keys()].sort((a, b) => a - b);
  const stages = places.map((place) => ({ perClass: positionOf(place) % 2 === 1, effects: at(place) }));
  const backwards = [...stages].reverse();
  for (const entry of wanted) {
    if (entry.kind !== "check") continue;
    const { check, array } = entry;
    // What has no stretch per class is checked once per voxel where there is such a stage; the last one reads what sums are made of.
    const place = backwards.find(({ perClass }) => perClass === entry.perClass) ?? backwards[0];
    place.effects.unshift({ kind: "check", check, array });
  }
  const afterStage = (place: number) => places.indexOf(place);
  return {
    stages,
    rows,
    kept: new Map([...kept].map(([id, { row, at: place }]) => [id, { row, afterStage: afterStage(place) }])),
  };
}
