// The options of `losskit evaluate`: from arguments to what is measured and where it goes.

import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import type { defineCommand, ParsedArgs } from "citty";
import type { EmptyPolicy } from "losskit/metrics";
import { LabError } from "../errors.js";
import { type Limit, parseLimits } from "../evaluation/limits.js";
import { DEFAULT_METRICS, findMetric, type MetricKey, PROBABILITY_METRICS } from "../evaluation/metric-catalogue.js";
import { CONNECTIVITIES, MATCHINGS } from "../evaluation/object-scores.js";
import type { MeasureSettings } from "../evaluation/results.js";
import { checkNames, parseLabels, parseRegions, type Structures, structuresOfFile } from "../evaluation/structures.js";
import { BORDERS, borderFor, DEFAULT_SURFACE, HD_DEFINITIONS } from "../evaluation/surface-scores.js";
import { readChoice, readList, readWholeNumber } from "./arguments.js";
import { readBoundary, readObjects } from "./object-options.js";
import { readProbabilities } from "./probability-options.js";
import { readQueue } from "./queue-option.js";

export const evaluateArgs = {
  reference: { type: "positional", required: true, description: "File, folder, data set, or CSV of pairs" },
  prediction: { type: "positional", required: false, description: "File or folder (none with a CSV)" },
  labels: { type: "string", valueHint: "1=a,2=b", description: "Labels to score, by name (default all)" },
  regions: { type: "string", valueHint: "w=1+2", description: "Regions of several labels to score" },
  ignore: { type: "string", valueHint: "n", description: "Label of voxels that do not count" },
  metrics: { type: "string", valueHint: "a,b", description: `Default ${DEFAULT_METRICS.join(",")}` },
  tolerance: { type: "string", valueHint: "x", description: "Of NSD, in mm or pixels (default 1)" },
  hausdorff: { type: "string", valueHint: "name", description: `HD95 as ${HD_DEFINITIONS.join(", ")}` },
  border: { type: "string", valueHint: "name", description: `Surfaces as ${BORDERS.join(" or ")}` },
  matching: { type: "string", valueHint: "name", description: `Objects match: ${MATCHINGS.join(", ")}` },
  "match-iou": { type: "string", valueHint: "x", description: "IoU above which objects match (default 0.5)" },
  connectivity: {
    type: "string",
    valueHint: "name",
    description: `Objects hang together: ${CONNECTIVITIES.join(", ")}`,
  },
  "boundary-width": { type: "string", valueHint: "w", description: "Of boundary IoU: voxels, or 2% (default)" },
  probabilities: { type: "boolean", description: "PREDICTION is probability maps, not label maps" },
  threshold: { type: "string", valueHint: "p", description: "Of one-channel probabilities (default 0.5)" },
  empty: { type: "string", valueHint: "policy", description: "Empty masks: nan, one, skip, penalty (default nan)" },
  spacing: { type: "string", valueHint: "y,x", description: "Millimetres per pixel of PNG files" },
  "allow-missing": { type: "boolean", description: "Leave out files without a partner" },
  "allow-spacing-mismatch": { type: "boolean", description: "Where spacings differ, use the reference's" },
  "allow-orientation-mismatch": {
    type: "boolean",
    description: "Where orientations differ, use the reference's for both",
  },
  compare: { type: "boolean", description: "Compare two predictions: REFERENCE A B" },
  "fail-under": { type: "string", valueHint: "dice=x", description: "Status 5 where a mean is under x" },
  "fail-over": { type: "string", valueHint: "hd95=x", description: "Status 5 where a mean is over x" },
  out: { type: "string", valueHint: "dir", description: "Write report, summary.json, CSV there" },
  images: { type: "string", valueHint: "dir", description: "Images of the cases, for the report" },
  resume: { type: "boolean", description: "Go on with the cases in --out" },
  force: { type: "boolean", description: "Replace the results in --out" },
  jobs: { type: "string", valueHint: "n", description: "Cases side by side (default one per core, at most 8)" },
  queue: { type: "string", valueHint: "url", description: "Send cases to losskit worker, as redis://host:6379" },
  json: { type: "boolean", description: "Print all results as JSON" },
  ndjson: { type: "boolean", description: "Print each case as a line of JSON, as it is done" },
  csv: { type: "boolean", description: "Print a row per case and structure" },
} as const satisfies Parameters<typeof defineCommand>[0]["args"];

export type EvaluateArgs = ParsedArgs<typeof evaluateArgs>;

export const OUTPUT_FORMS = ["json", "ndjson", "csv"] as const;

export interface EvaluateOptions extends Omit<MeasureSettings, "structures"> {
  readonly labels?: readonly string[];
  readonly regions?: readonly string[];
  readonly empty: EmptyPolicy;
  readonly allowMissing: boolean;
  readonly limits: readonly Limit[];
  readonly out?: string;
  readonly images?: string;
  readonly resume: boolean;
  readonly force: boolean;
  readonly jobs: number;
  /** URL of the Redis server that cases go through to workers. */
  readonly queue?: string;
  /** What goes to stdout. */
  readonly form: "table" | (typeof OUTPUT_FORMS)[number];
}

const POLICIES = ["nan", "one", "skip", "penalty"] as const satisfies readonly EmptyPolicy[];
const MOST_JOBS = 256;
/** Each has a pair of volumes in memory: more than these may not fit where there are many cores. */
const USUAL_JOBS = 8;
const LARGEST_LABEL = 65_535;

/** @throws LabError USAGE */
export function readEvaluateOptions(args: EvaluateArgs): EvaluateOptions {
  const forms = OUTPUT_FORMS.filter((form) => args[form]);
  if (forms.length > 1) {
    throw new LabError(
      "USAGE",
      `--${forms[0]} and --${forms[1]} both print to stdout; give one, and --out for all of them`,
    );
  }
  if ((args.resume || args.force) && args.out === undefined) {
    throw new LabError("USAGE", `--${args.resume ? "resume" : "force"} needs --out, the folder of the results`);
  }
  if (args.resume && args.force)
    throw new LabError("USAGE", "--resume keeps results and --force replaces them; give one");
  const limits = (["under", "over"] as const).flatMap((side) => {
    const text = args[`fail-${side}`];
    return text === undefined ? [] : parseLimits(readList(`--fail-${side}`, text), side);
  });
  const metrics = readMetrics(args.metrics, limits, args.probabilities ? PROBABILITY_METRICS : []);
  const probabilities = readProbabilities(args, metrics);
  const [boundary, objects] = [readBoundary(args, metrics), readObjects(args, metrics)];
  const hausdorff = readChoice("--hausdorff", args.hausdorff, HD_DEFINITIONS, DEFAULT_SURFACE.hausdorff);
  return {
    ...(args.labels !== undefined && { labels: readList("--labels", args.labels) }),
    ...(args.regions !== undefined && { regions: readList("--regions", args.regions) }),
    ...(args.ignore !== undefined && { ignore: readWholeNumber("--ignore", args.ignore, 0, LARGEST_LABEL) }),
    metrics,
    surface: {
      tolerance: args.tolerance === undefined ? DEFAULT_SURFACE.tolerance : readTolerance(args.tolerance),
      hausdorff,
      border: readChoice("--border", args.border, BORDERS, borderFor(hausdorff)),
    },
    ...(boundary && { boundary }),
    ...(objects && { objects }),
    ...(probabilities && { probabilities }),
    empty: readChoice("--empty", args.empty, POLICIES, "nan"),
    ...(args.spacing !== undefined && { pixelSpacing: readSpacing(args.spacing) }),
    allowMissing: args["allow-missing"] === true,
    allow: {
      ...(args["allow-spacing-mismatch"] && { spacing: true }),
      ...(args["allow-orientation-mismatch"] && { orientation: true }),
    },
    limits,
    ...(args.out !== undefined && { out: resolve(args.out) }),
    ...(args.images !== undefined && { images: resolve(args.images) }),
    resume: args.resume === true,
    force: args.force === true,
    jobs:
      args.jobs === undefined
        ? Math.min(availableParallelism(), USUAL_JOBS)
        : readWholeNumber("--jobs", args.jobs, 1, MOST_JOBS),
    ...(args.queue !== undefined && { queue: readQueue(args.queue, args.jobs) }),
    form: forms[0] ?? "table",
  };
}

/** Those of --metrics, where it is absent the usual ones and those besides; and those that a limit is set for. */
function readMetrics(text: string | undefined, limits: readonly Limit[], besides: readonly MetricKey[]): MetricKey[] {
  const named =
    text === undefined
      ? [...DEFAULT_METRICS, ...besides]
      : readList("--metrics", text).map((name) => findMetric(name, "--metrics").key);
  const twice = named.find((key, index) => named.indexOf(key) !== index);
  if (twice !== undefined) throw new LabError("USAGE", `--metrics names ${twice} twice; name each metric once`);
  return [...new Set([...named, ...limits.map(({ metric }) => metric)])];
}

function readTolerance(text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new LabError("USAGE", `--tolerance is "${text}"; it is a number from 0, in mm (of PNG files in pixels)`);
}

function readSpacing(text: string): number[] {
  const values = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  const all = values.length === 1 ? [values[0]!, values[0]!] : values;
  if (all.length === 2 && all.every((value) => Number.isFinite(value) && value > 0)) return all;
  throw new LabError(
    "USAGE",
    `--spacing is "${text}"; give the height and width of a pixel in mm, as in --spacing 0.5,0.5`,
  );
}

/**
 * What is scored: `--labels` and `--regions`; else what the data set declares, with the regions added; else every label that is found.
 *
 * @throws LabError USAGE, BAD_DATASET, UNREADABLE_FILE
 */
export async function chooseStructures(
  { labels, regions, ignore }: EvaluateOptions,
  labelFile: string | undefined,
): Promise<Structures> {
  const declared: Structures = labelFile === undefined ? {} : await structuresOfFile(labelFile);
  const ignored = ignore ?? declared.ignore;
  const known = declared.structures ?? [];
  const chosen = labels === undefined ? undefined : parseLabels(labels, known);
  const named = chosen ?? declared.structures;
  const added = regions === undefined ? [] : parseRegions(regions, [...(chosen ?? []), ...known]);
  const structures = named === undefined && added.length === 0 ? undefined : [...(named ?? []), ...added];
  if (structures !== undefined) checkNames(structures, "--labels and --regions", "USAGE");
  return { ...(structures && { structures }), ...(ignored !== undefined && { ignore: ignored }) };
}
