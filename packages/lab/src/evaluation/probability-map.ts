// Probability maps: checked, turned into label maps, and the probability of a structure.

import { SUM_TOLERANCE } from "losskit/metrics";
import { LabError } from "../errors.js";
import { type Structure, spoken } from "./structures.js";

/** How probability maps are read; the same for all cases. */
export interface ProbabilitySettings {
  /** Label 1 is where a map of one channel is at least this; 0.5 where absent. Of several channels the largest is taken. */
  readonly threshold?: number;
}

/** The probabilities of labels. */
export interface ProbabilityMap {
  readonly file: string;
  /** 1: of label 1. More: of the labels 0 (the background), 1, 2, … */
  readonly channels: number;
  /** `[channels, ...shape]`, from 0 to 1. */
  readonly values: Float32Array | Float64Array;
}

/** Sigmoids, slopes of headers and resampling may leave a little beyond 0 and 1; that is cut off. */
const RANGE_ROUNDING = 1e-4;
export const DEFAULT_THRESHOLD = 0.5;

/**
 * Checks what a file holds and cuts off what rounding left beyond 0 and 1.
 *
 * @param values `[channels, ...shape]`; changed in place
 * @throws LabError PROBABILITY_RANGE
 */
export function probabilityMap(file: string, values: ProbabilityMap["values"], channels: number): ProbabilityMap {
  const voxels = values.length / channels;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value >= 0 && value <= 1) continue;
    if (!(value >= -RANGE_ROUNDING && value <= 1 + RANGE_ROUNDING)) {
      const place = channels === 1 ? `voxel ${i}` : `voxel ${i % voxels} of channel ${Math.floor(i / voxels)}`;
      throw new LabError(
        "PROBABILITY_RANGE",
        `${file} holds ${value} at ${place}; probabilities are from 0 to 1: apply sigmoid or softmax to logits first, divide what is ` +
          "stored in per cent or bytes, and leave --probabilities away for label maps",
      );
    }
    values[i] = value < 0 ? 0 : 1;
  }
  if (channels > 1) checkSums(file, values, channels);
  return { file, channels, values };
}

function checkSums(file: string, values: ProbabilityMap["values"], channels: number): void {
  const voxels = values.length / channels;
  for (let i = 0; i < voxels; i++) {
    let sum = 0;
    for (let at = i; at < values.length; at += voxels) sum += values[at]!;
    if (Math.abs(sum - 1) <= SUM_TOLERANCE) continue;
    throw new LabError(
      "PROBABILITY_RANGE",
      `the ${channels} channels of ${file} add up to ${Number(sum.toPrecision(4))} at voxel ${i}, not 1; they are the probabilities of the labels 0 ` +
        `(the background) to ${channels - 1}. Score regions that overlap one by one, each from a file of one channel`,
    );
  }
}

/** What a file of probabilities gives: the label map it stands for, and the probabilities. Errors as below. */
export function readProbabilities(
  file: string,
  stored: ProbabilityMap["values"],
  channels: number,
  settings: ProbabilitySettings,
) {
  const probabilities = probabilityMap(file, stored, channels);
  return { values: mostProbableLabels(probabilities, settings), probabilities, white: undefined };
}

/**
 * The label map that a probability map stands for.
 *
 * @throws LabError USAGE for a threshold on several channels
 */
export function mostProbableLabels(
  { file, channels, values }: ProbabilityMap,
  settings: ProbabilitySettings,
): Uint8Array | Uint16Array {
  if (channels > 1 && settings.threshold !== undefined) {
    throw new LabError(
      "USAGE",
      `${file} has ${channels} channels, of which the most probable label is taken; --threshold is for maps of one channel`,
    );
  }
  const voxels = values.length / channels;
  const labels = new (channels <= 256 ? Uint8Array : Uint16Array)(voxels);
  if (channels === 1) {
    const { threshold = DEFAULT_THRESHOLD } = settings;
    // Rounded as the map is, so that its own 0.7 reaches 0.7.
    const bound = values instanceof Float32Array ? Math.fround(threshold) : threshold;
    for (let i = 0; i < voxels; i++) if (values[i]! >= bound) labels[i] = 1;
    return labels;
  }
  const largest = values.slice(0, voxels);
  for (let label = 1; label < channels; label++) {
    for (let i = 0, at = label * voxels; i < voxels; i++, at++) {
      // Of equal ones the first is kept, as by NumPy's argmax.
      if (values[at]! > largest[i]!) {
        largest[i] = values[at]!;
        labels[i] = label;
      }
    }
  }
  return labels;
}

/**
 * The probability that a voxel is of a structure: the sum over its labels.
 *
 * @throws LabError UNDECLARED_LABEL for a label that has no channel
 */
export function structureProbabilities(
  { file, channels, values }: ProbabilityMap,
  { name, labels }: Structure,
): Float32Array | Float64Array {
  const last = Math.max(1, channels - 1);
  const missing = labels.find((label) => label > last);
  if (missing !== undefined) {
    const has =
      channels === 1 ? "one channel, the probability of label 1" : `${channels} channels, of the labels 0 to ${last}`;
    const whose = spoken(name) === `label ${missing}` ? "" : `, which ${spoken(name)} has`;
    throw new LabError(
      "UNDECLARED_LABEL",
      `${file} has ${has}, and none for label ${missing}${whose}; choose what is scored with --labels, or give a channel for every label`,
    );
  }
  const voxels = values.length / channels;
  const channel = (label: number) => {
    const start = channels === 1 ? 0 : label * voxels;
    return values.subarray(start, start + voxels);
  };
  const [first, ...rest] = labels;
  if (rest.length === 0) return channel(first!);
  const sum = channel(first!).slice();
  for (const label of rest) for (const [i, value] of channel(label).entries()) sum[i] = Math.min(1, sum[i]! + value);
  return sum;
}

/** The labels that have a channel, the background aside. */
export const labelsOfChannels = ({ channels }: ProbabilityMap): number[] =>
  channels === 1 ? [1] : Array.from({ length: channels - 1 }, (_, index) => index + 1);
