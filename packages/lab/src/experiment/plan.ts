// The plan of a comparison: everything that decides its numbers, as plain data that is stored beside the results.

import { isDeepStrictEqual } from "node:util";
import { LabError } from "../errors.js";
import type { CompareResult } from "./results.js";

/** Where the images come from; a trial opens it again in its own process. */
export type DataSource =
  | { readonly kind: "files"; readonly path: string; readonly classes?: readonly string[] }
  | {
      readonly kind: "phantoms";
      readonly preset: string;
      readonly seed: number;
      readonly train: number;
      readonly validation: number;
      readonly test: number;
    };

export interface ExperimentPlan {
  readonly schema: "losskit-experiment/1";
  readonly versions: Readonly<Record<string, string>>;
  readonly data: DataSource;
  /** Specifications, in the order of the command. */
  readonly losses: readonly string[];
  readonly settings: CompareResult["settings"];
}

const LIMITS: Readonly<Record<Exclude<keyof CompareResult["settings"], "seeds" | "peakRate">, [number, number]>> = {
  steps: [1, 1_000_000],
  batch: [1, 1024],
  crop: [8, 2048],
  baseChannels: [1, 256],
  depth: [1, 6],
};

/** Largest learning rate that is read; Adam at 1 already moves every weight by about 1 a step. */
const LARGEST_RATE = 1;

/**
 * Checks the settings that a network and its training have limits on.
 *
 * @throws LabError USAGE that names the option, its value and what is allowed.
 */
export function checkSettings(
  settings: CompareResult["settings"],
  optionNames: Readonly<Record<string, string>>,
): void {
  const refuse = (key: string, value: unknown, allowed: string): never => {
    throw new LabError("USAGE", `${optionNames[key] ?? key} is ${value}; ${allowed}`);
  };
  for (const key of Object.keys(LIMITS) as (keyof typeof LIMITS)[]) {
    const [low, high] = LIMITS[key];
    const value = settings[key];
    if (!(Number.isInteger(value) && value >= low && value <= high)) {
      refuse(key, value, `it is a whole number from ${low} to ${high}`);
    }
  }
  const { peakRate, crop, depth } = settings;
  if (!(peakRate > 0 && peakRate <= LARGEST_RATE)) {
    refuse("peakRate", peakRate, `it is a number above 0 and at most ${LARGEST_RATE}`);
  }
  const multiple = 2 ** depth;
  if (crop % multiple !== 0) {
    const near = Math.max(multiple, Math.round(crop / multiple) * multiple);
    refuse("crop", crop, `a network with ${depth} poolings needs a multiple of ${multiple}, such as ${near}`);
  }
}

/** What differs between a stored plan and the one asked for, one sentence each; empty where they are equal. */
export function planDifferences(stored: ExperimentPlan, asked: ExperimentPlan): string[] {
  const before = flatten(stored);
  const now = flatten(asked);
  const keys = [...new Set([...before.keys(), ...now.keys()])];
  return keys
    .filter((key) => !isDeepStrictEqual(before.get(key), now.get(key)))
    .map((key) => `${key}: ${show(before.get(key))} there, ${show(now.get(key))} now`);
}

const show = (value: unknown): string => (value === undefined ? "nothing" : JSON.stringify(value));

/** Leaves of a plan by their path; lists stay whole. */
function flatten(value: object, prefix = ""): Map<string, unknown> {
  const leaves = new Map<string, unknown>();
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue;
    const path = prefix === "" ? key : `${prefix}.${key}`;
    if (typeof item === "object" && item !== null && !Array.isArray(item)) {
      for (const [inner, leaf] of flatten(item, path)) leaves.set(inner, leaf);
    } else {
      leaves.set(path, item);
    }
  }
  return leaves;
}
