// The options of `losskit bench`: which losses, how many voxels, how often.

import { availableParallelism } from "node:os";
import type { defineCommand, ParsedArgs } from "citty";
import { type Activation, type Loss, LosskitError } from "losskit";
import { LabError } from "../errors.js";
import { parseLossSpecification, type SpecifiedLoss } from "../experiment/loss-specification.js";
import { readWholeNumber } from "./arguments.js";
import { DEFAULT_LOSSES } from "./compare-options.js";

export const benchArgs = {
  loss: { type: "positional", required: false, description: "Losses, as compare --loss takes them; several" },
  voxels: { type: "string", valueHint: "n", description: "Voxels (default 2^20)" },
  channels: { type: "string", valueHint: "n", description: "Channels; from 2 on with softmax (default 1)" },
  rounds: { type: "string", valueHint: "n", description: "Rounds that medians are taken of (default 9)" },
  threads: { type: "string", valueHint: "n", description: "Most threads (default one per processor)" },
  json: { type: "boolean", description: "Print all figures as JSON" },
} as const satisfies Parameters<typeof defineCommand>[0]["args"];

export type BenchArgs = Partial<Pick<ParsedArgs<typeof benchArgs>, keyof typeof benchArgs>>;

/** The head and sizes of a benchmark. */
export interface BenchSettings {
  readonly voxels: number;
  readonly channels: number;
  readonly activation: Activation;
  readonly rounds: number;
  readonly threads: number;
}

const DEFAULT_VOXELS = 2 ** 20;
const DEFAULT_ROUNDS = 9;
const MOST_ROUNDS = 1000;
/** Logits and gradient are needed twice, in the library's memory and outside: 4 GiB with so many numbers in each. */
const MOST_LOGITS = 2 ** 28;
const MOST_THREADS = 64;
/** Labels are bytes. */
const MOST_CHANNELS = 256;

/**
 * @param specifications of losses; without any, those that `compare` would compare
 * @throws LabError USAGE or INCOMPATIBLE_LOSS; LosskitError for a loss that cannot be read
 */
export function readBenchOptions(
  args: BenchArgs,
  specifications: readonly string[],
): { readonly losses: readonly SpecifiedLoss[]; readonly settings: BenchSettings } {
  const channels = args.channels === undefined ? 1 : readWholeNumber("--channels", args.channels, 1, MOST_CHANNELS);
  const voxels = args.voxels === undefined ? DEFAULT_VOXELS : readVoxels(args.voxels);
  if (voxels * channels > MOST_LOGITS) {
    throw new LabError(
      "USAGE",
      `--voxels ${voxels} with ${channels} channels are ${voxels * channels} logits; the benchmark holds at most ${MOST_LOGITS} (2^28)`,
    );
  }
  const activation = channels === 1 ? "sigmoid" : "softmax";
  const settings: BenchSettings = {
    voxels,
    channels,
    activation,
    rounds: args.rounds === undefined ? DEFAULT_ROUNDS : readWholeNumber("--rounds", args.rounds, 1, MOST_ROUNDS),
    threads:
      args.threads === undefined
        ? Math.min(availableParallelism(), MOST_THREADS)
        : readWholeNumber("--threads", args.threads, 1, MOST_THREADS),
  };
  const named = specifications.length > 0 ? specifications : DEFAULT_LOSSES[activation];
  const losses = named.map((specification) => parseLossSpecification(specification));
  const labels = losses.map(({ label }) => label);
  const twice = labels.find((label, i) => labels.indexOf(label) !== i);
  if (twice !== undefined) throw new LabError("USAGE", `the loss ${twice} is given more than once`);
  const refusals = losses.flatMap(({ label, loss }) => {
    const reason = loss.refusal(settings) ?? unmeasurable(loss, settings);
    return reason === undefined ? [] : [`\n  ${label}: ${reason}`];
  });
  if (refusals.length > 0) {
    const head = channels === 1 ? "one sigmoid channel" : `${channels} softmax channels`;
    throw new LabError(
      "INCOMPATIBLE_LOSS",
      `these losses cannot be measured on ${head}:${refusals.join("")}\ngive others, or other --channels`,
    );
  }
  return { losses, settings };
}

/** What only a call tells, and what a benchmark has no arrays for: found before anything is measured. */
function unmeasurable(loss: Loss, { channels, activation }: BenchSettings): string | undefined {
  const fields = loss.terms.flatMap(({ definition }) => Object.keys(definition.fields ?? {}));
  if (fields.length > 0) return `it needs arrays that a benchmark does not have: ${fields.join(", ")}`;
  const classes = Math.max(2, channels);
  const labels = Uint8Array.from({ length: classes }, (_, voxel) => voxel);
  try {
    loss.value(new Float32Array(channels * classes), labels, { shape: [1, channels, classes], activation });
  } catch (error) {
    // Zeros may be where a formula has no value; the arrays of the benchmark are not zero.
    if (!(error instanceof LosskitError)) throw error;
    if (error.code !== "NOT_FINITE") return error.message;
  }
  return undefined;
}

/** 1048576 or 2^20. */
function readVoxels(text: string): number {
  const [, base, exponent] = text.match(/^(\d{1,10})(?:\^(\d{1,2}))?$/u) ?? [];
  const value = base === undefined ? Number.NaN : Number(base) ** Number(exponent ?? 1);
  if (value >= 1 && value <= MOST_LOGITS) return value;
  throw new LabError("USAGE", `--voxels is "${text}"; it is a whole number from 1 to 2^28, such as 1048576 or 2^20`);
}
