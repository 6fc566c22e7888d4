// The options of `losskit compare`: from arguments to the plan of an experiment.

import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import type { defineCommand, ParsedArgs } from "citty";
import type { Dataset } from "../datasets/dataset.js";
import { DEFAULT_COUNTS } from "../datasets/phantoms/phantom-dataset.js";
import { parsePreset } from "../datasets/phantoms/presets.js";
import { LabError } from "../errors.js";
import { checkSettings, type DataSource, type ExperimentPlan } from "../experiment/plan.js";
import { readList, readWholeNumber } from "./arguments.js";
import { readQueue } from "./queue-option.js";

export const compareArgs = {
  data: { type: "positional", required: false, description: "Folder of images and masks; phantoms without it" },
  losses: { type: "string", valueHint: "a,b", description: "Losses by name (see: losskit list)" },
  loss: { type: "string", valueHint: "spec", description: "A loss in full; may be repeated" },
  seeds: { type: "string", valueHint: "n", description: "Trainings of each loss (default 3)" },
  steps: { type: "string", valueHint: "n", description: "Training steps (300, volumes 600, phantoms 200)" },
  batch: { type: "string", valueHint: "n", description: "Crops in a step (default 8)" },
  crop: { type: "string", valueHint: "n", description: "Crop edge in pixels (default 128, phantoms 64)" },
  classes: { type: "string", valueHint: "a,b", description: "Classes to learn; the rest is background" },
  preset: { type: "string", valueHint: "name", description: "Phantoms to use (default lesions)" },
  rate: {
    type: "string",
    valueHint: "x",
    description: "Peak learning rate (0.006, volumes and phantoms 0.01)",
  },
  width: { type: "string", valueHint: "n", description: "Channels of the first level (default 8)" },
  depth: { type: "string", valueHint: "n", description: "Poolings of the U-Net (default 3)" },
  jobs: { type: "string", valueHint: "n", description: "Trials side by side (default one per core)" },
  queue: { type: "string", valueHint: "url", description: "Send trials to losskit worker, as redis://host:6379" },
  out: { type: "string", valueHint: "dir", description: "Results (default losskit-report)" },
  resume: { type: "boolean", description: "Go on with the results in --out" },
  force: { type: "boolean", description: "Replace the results in --out" },
  json: { type: "boolean", description: "Print the result as JSON" },
} as const satisfies Parameters<typeof defineCommand>[0]["args"];

export type CompareArgs = ParsedArgs<typeof compareArgs>;

/** Names of the settings on the command line, for messages. */
export const OPTION_NAMES = {
  steps: "--steps",
  batch: "--batch",
  crop: "--crop",
  peakRate: "--rate",
  baseChannels: "--width",
  depth: "--depth",
} as const;

/** The losses of the page the project starts from; for several classes, those of the library that take them. */
export const DEFAULT_LOSSES = {
  sigmoid: ["dice", "bce-dice", "iou", "focal", "tversky", "focal-tversky", "lovasz-hinge", "combo"],
  softmax: ["ce", "dice", "dice+ce", "iou", "tversky", "focal-tversky", "lovasz-softmax"],
} as const;

/** What all recipes share. */
const RECIPE = { batch: 8, baseChannels: 8, depth: 3 } as const;
/**
 * Separates losses in about a minute and a half of one core each. At a rate of 0.004 Dice loss ended at 0.894 on nuclei, at 0.007 at 0.906; at 0.01 cross entropy
 * begins to catch up on rare objects.
 */
const FOR_IMAGES = { steps: 300, crop: 128, peakRate: 6e-3 } as const;
/** Slices of volumes are small, so steps are cheap, and cross entropy needs more of them: at 300 one hippocampus run in three stayed below 0.4. */
const FOR_VOLUMES = { steps: 600, crop: 128, peakRate: 1e-2 } as const;
/** So few steps with so small crops only get somewhere at a higher rate: BCE-Dice 0.60 instead of 0.49 in 200 steps. */
const FOR_PHANTOMS = { steps: 200, crop: 64, peakRate: 1e-2 } as const;
const DEFAULT_SEEDS = 3;
const MOST_SEEDS = 100;

const PHANTOMS = { preset: "lesions", seed: 1, ...DEFAULT_COUNTS } as const;

/** What the command says, before the data is opened; absent where it says nothing. */
export interface CompareOptions {
  readonly out: string;
  readonly jobs: number;
  /** URL of the Redis server that trials go through to workers. */
  readonly queue?: string;
  readonly resume: boolean;
  readonly force: boolean;
  readonly json: boolean;
  readonly data: DataSource | undefined;
  readonly losses: readonly string[] | undefined;
  readonly settings: Partial<ExperimentPlan["settings"]>;
}

/**
 * Reads the options as far as they can be without the data.
 *
 * @param specifications values of every `--loss`
 * @throws LabError USAGE
 */
export function readOptions(args: CompareArgs, specifications: readonly string[]): CompareOptions {
  if (args.resume && args.force) {
    throw new LabError("USAGE", "--resume keeps the results in --out and --force removes them; give one of the two");
  }
  const named = args.losses === undefined ? [] : readList("--losses", args.losses);
  const losses = [...named, ...specifications];
  const whole = (text: string | undefined, option: string) =>
    text === undefined ? undefined : readWholeNumber(option, text, 1, Number.MAX_SAFE_INTEGER);
  const seeds = args.seeds === undefined ? undefined : readWholeNumber("--seeds", args.seeds, 1, MOST_SEEDS);
  const settings = {
    steps: whole(args.steps, "--steps"),
    batch: whole(args.batch, "--batch"),
    crop: whole(args.crop, "--crop"),
    seeds: seeds && Array.from({ length: seeds }, (_, index) => index + 1),
    peakRate: args.rate === undefined ? undefined : readRate(args.rate),
    baseChannels: whole(args.width, "--width"),
    depth: whole(args.depth, "--depth"),
  };
  return {
    out: resolve(args.out ?? "losskit-report"),
    jobs: args.jobs === undefined ? availableParallelism() : readWholeNumber("--jobs", args.jobs, 1, 256),
    ...(args.queue !== undefined && { queue: readQueue(args.queue, args.jobs) }),
    resume: args.resume ?? false,
    force: args.force ?? false,
    json: args.json ?? false,
    data: readSource(args),
    losses: losses.length === 0 ? undefined : losses,
    settings: Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)),
  };
}

function readRate(text: string): number {
  const rate = Number(text);
  if (text.trim() !== "" && Number.isFinite(rate)) return rate;
  throw new LabError("USAGE", `--rate is "${text}"; it is a number such as 0.004`);
}

function readSource({ data, preset, classes }: CompareArgs): DataSource | undefined {
  const names = classes === undefined ? undefined : readList("--classes", classes);
  if (data !== undefined) {
    if (preset !== undefined) {
      throw new LabError(
        "USAGE",
        `--preset is for phantoms, and the folder ${data} is given; leave one of the two away`,
      );
    }
    return { kind: "files", path: resolve(data), ...(names && { classes: names }) };
  }
  if (names !== undefined) {
    throw new LabError("USAGE", "--classes chooses among the classes of a folder of images; give that folder too");
  }
  return preset === undefined ? undefined : { kind: "phantoms", ...PHANTOMS, preset: parsePreset(preset) };
}

/** Where the images come from: as said, else as an experiment that goes on has it, else phantoms. */
export const chooseSource = (options: CompareOptions, stored: ExperimentPlan | undefined): DataSource =>
  options.data ?? stored?.data ?? { kind: "phantoms", ...PHANTOMS };

/**
 * The whole plan: what the command says, else what an experiment that goes on has, else the defaults.
 *
 * @param typicalExtent edge of a typical training image: without `--crop`, a crop is about as large at most
 * @throws LabError USAGE for a setting out of its range
 */
export function completePlan(
  options: CompareOptions,
  stored: ExperimentPlan | undefined,
  data: DataSource,
  { classes, dimension }: Pick<Dataset, "classes" | "dimension">,
  typicalExtent: number,
  versions: Readonly<Record<string, string>>,
): ExperimentPlan {
  const known = { ...stored?.settings, ...options.settings };
  const usual = dimension === 3 ? FOR_VOLUMES : data.kind === "files" ? FOR_IMAGES : FOR_PHANTOMS;
  const depth = known.depth ?? RECIPE.depth;
  // A multiple of what the poolings need. Padding teaches nothing and costs time: volumes of 35 × 50 learn better from crops of 40 than of 64.
  const multiple = 2 ** Math.min(depth, 16);
  const crop = Math.max(multiple, Math.round(Math.min(usual.crop, typicalExtent) / multiple) * multiple);
  const settings = {
    ...usual,
    ...RECIPE,
    crop,
    seeds: Array.from({ length: DEFAULT_SEEDS }, (_, index) => index + 1),
    ...known,
  };
  checkSettings(settings, OPTION_NAMES);
  const losses = options.losses ?? stored?.losses ?? DEFAULT_LOSSES[classes.length === 1 ? "sigmoid" : "softmax"];
  return { schema: "losskit-experiment/1", versions, data, losses, settings };
}
