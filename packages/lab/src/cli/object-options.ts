// The options of `losskit evaluate` that say how objects are found and matched, and how wide a boundary is.

import { LabError } from "../errors.js";
import { isObjectMetric, isPartMetric, type MetricKey } from "../evaluation/metric-catalogue.js";
import {
  CONNECTIVITIES,
  MATCHINGS,
  type ObjectDefinition,
  objectDefinition,
  withoutValue,
} from "../evaluation/object-scores.js";
import { type BoundaryWidth, DEFAULT_BOUNDARY } from "../evaluation/part-scores.js";
import { readChoice } from "./arguments.js";

export interface ObjectArgs {
  readonly matching?: string;
  readonly "match-iou"?: string;
  readonly connectivity?: string;
  readonly "boundary-width"?: string;
}

/**
 * How objects are found and matched; undefined where no metric of objects is asked for.
 *
 * @throws LabError USAGE for an option without such a metric, a value out of its range, or a metric that the matching gives no value for
 */
export function readObjects(args: ObjectArgs, metrics: readonly MetricKey[]): ObjectDefinition | undefined {
  const asked = metrics.filter(isObjectMetric);
  const given = (["matching", "match-iou", "connectivity"] as const).find((name) => args[name] !== undefined);
  if (asked.length === 0) {
    if (given !== undefined) refuseAlone(given, "metrics of objects", "detectionF1");
    return undefined;
  }
  const usual = objectDefinition();
  const matching = readChoice("--matching", args.matching, MATCHINGS, usual.matching);
  const connectivity = readChoice("--connectivity", args.connectivity, CONNECTIVITIES, usual.connectivity);
  const text = args["match-iou"];
  const threshold = text === undefined ? undefined : readThreshold(text, matching);
  const definition = objectDefinition({ matching, connectivity, ...(threshold !== undefined && { threshold }) });
  const without = withoutValue(asked, definition);
  if (without !== undefined) {
    throw new LabError(
      "USAGE",
      `${without} needs matches one to one, which --matching ${matching} does not give; take iou-above or greedy-iou, or leave the metric away`,
    );
  }
  return definition;
}

function readThreshold(text: string, matching: ObjectDefinition["matching"]): number {
  if (matching === "any-overlap") {
    throw new LabError(
      "USAGE",
      "--match-iou has no meaning with --matching any-overlap; take greedy-iou, or leave it away",
    );
  }
  const least = matching === "iou-above" ? 0.5 : 0;
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (value >= least && value < 1) return value;
  const lower = matching === "iou-above" ? "; --matching greedy-iou takes lower ones" : "";
  throw new LabError(
    "USAGE",
    `--match-iou is "${text}"; with ${matching} it is an IoU from ${least} to below 1${lower}`,
  );
}

/**
 * How wide the part is that boundary IoU looks at; undefined where it is not asked for.
 *
 * @throws LabError USAGE for the option without the metric, or a value that is no width
 */
export function readBoundary(args: ObjectArgs, metrics: readonly MetricKey[]): BoundaryWidth | undefined {
  const text = args["boundary-width"];
  if (!metrics.filter(isPartMetric).includes("boundaryIou")) {
    if (text !== undefined) refuseAlone("boundary-width", "boundary IoU", "boundaryIou");
    return undefined;
  }
  if (text === undefined) return DEFAULT_BOUNDARY;
  const [, number = "", percent = ""] = /^(\d+(?:\.\d+)?) ?(%?)$/u.exec(text.trim()) ?? [];
  const value = number === "" ? Number.NaN : Number(number);
  if (percent !== "" && value > 0 && value <= 100) return { share: value / 100 };
  if (percent === "" && Number.isInteger(value) && value >= 1) return { distance: value };
  throw new LabError(
    "USAGE",
    `--boundary-width is "${text}"; it is a whole number of voxels from 1, or a share of the image's diagonal, as in 2%`,
  );
}

function refuseAlone(option: string, what: string, example: MetricKey): never {
  throw new LabError(
    "USAGE",
    `--${option} is for ${what}, and none is asked for; add one, as in --metrics dice,${example}`,
  );
}
