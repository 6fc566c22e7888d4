// Which cases of an evaluation become pictures, and their slices read from the files.

import { join } from "node:path";
import { listReadable } from "../datasets/image-listing.js";
import { readImage } from "../datasets/read-image.js";
import { LabError } from "../errors.js";
import { higherIsBetter, type MetricKey, metricOf } from "../evaluation/metric-catalogue.js";
import { matchNames } from "../evaluation/pairs.js";
import { type LabelPair, pairOptions, readPair } from "../evaluation/read-pair.js";
import type { EvaluationResult, MeasuredCase } from "../evaluation/results.js";
import type { Structure } from "../evaluation/structures.js";
import { countedValue, scoresOf } from "../evaluation/summary.js";
import type { Slice } from "../report/contours.js";
import type { WorstCase } from "../report/evaluation-page.js";
import { stemOf } from "../volumes/file-name.js";

/** Of each structure, and in all: each picture weighs some kilobytes in the page. */
const WORST = 6;
const MOST_PICTURES = 24;

/** A case to be shown for a structure. */
export interface Choice {
  readonly one: MeasuredCase;
  readonly structure: Structure;
  readonly value: number;
}

/** The metric by which cases are bad: the first that is shown and has a better side. */
export const rankingMetric = (metrics: readonly MetricKey[]): MetricKey =>
  metrics.find((key) => higherIsBetter(metricOf(key)) !== undefined) ?? "dice";

/** The worst cases of each structure, worst first. */
export function worstCases({ cases, structures, settings, emptyMasks }: EvaluationResult, most = WORST): Choice[] {
  const key = rankingMetric(settings.metrics);
  const sign = higherIsBetter(metricOf(key)) ? 1 : -1;
  const each = Math.max(1, Math.min(most, Math.floor(MOST_PICTURES / structures.length)));
  return structures
    .flatMap((structure) =>
      cases
        .flatMap((one): Choice[] => {
          const value = countedValue(one, scoresOf(one, structure), key, emptyMasks);
          return value === null ? [] : [{ one, structure, value }];
        })
        .sort((a, b) => sign * (a.value - b.value))
        .slice(0, each),
    )
    .slice(0, MOST_PICTURES);
}

/**
 * Reads the chosen cases. One whose files have become unreadable since is left out.
 *
 * @param imageFolders where the images of the cases may lie
 */
export async function loadWorstCases(result: EvaluationResult, imageFolders: readonly string[]): Promise<WorstCase[]> {
  const choices = worstCases(result);
  const images = await imagesOf(
    choices.map(({ one }) => one),
    imageFolders,
  );
  const pictures: WorstCase[] = [];
  for (const { one, structure, value } of choices) {
    try {
      const pair = await readPair(one.reference, one.prediction, pairOptions(result.settings));
      const grey = await readGrey(images.get(one.case), pair);
      pictures.push({
        case: one.case,
        structure: structure.name,
        value,
        ...sliceOf(pair, structure, grey, result.settings.ignore),
      });
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
    }
  }
  return pictures;
}

/** The image of each case: its name, with nnU-Net's channel or without. */
async function imagesOf(cases: readonly MeasuredCase[], folders: readonly string[]): Promise<Map<string, string>> {
  const paths = new Map<string, string>();
  for (const folder of folders) {
    for (const name of await listReadable(folder))
      if (!paths.has(stemOf(name))) paths.set(stemOf(name), join(folder, name));
  }
  const stems = new Map(cases.map((one) => [stemOf(one.reference), one.case]));
  const partners = matchNames([...stems.keys()], [...paths.keys()]);
  return new Map([...partners].map(([stem, image]) => [stems.get(stem)!, paths.get(image)!]));
}

/** The image as bytes, black at the 0.5th and white at the 99.5th percentile; undefined where there is none on the grid of the labels. */
async function readGrey(path: string | undefined, { shape }: LabelPair): Promise<Uint8Array | undefined> {
  if (path === undefined) return undefined;
  const image = await readImage(path);
  if (image.shape.join() !== shape.join()) return undefined;
  const voxels = image.data.length / image.channels;
  const grey = new Float32Array(voxels);
  for (let c = 0; c < image.channels; c++) {
    for (let i = 0; i < voxels; i++) grey[i]! += image.data[c * voxels + i]! / image.channels;
  }
  const sorted = grey.filter((_, i) => i % Math.ceil(voxels / 100_000) === 0).sort();
  const [low, high] = [
    sorted[Math.floor(0.005 * (sorted.length - 1))]!,
    sorted[Math.ceil(0.995 * (sorted.length - 1))]!,
  ];
  const range = high > low ? high - low : 1;
  return Uint8Array.from(grey, (value) => Math.max(0, Math.min(255, Math.round((255 * (value - low)) / range))));
}

/** The slice with the most wrong voxels of the structure; of those with none the one with the most of it. */
export function sliceOf(
  { shape, spacing, reference, prediction }: LabelPair,
  { labels }: Structure,
  grey: Uint8Array | undefined,
  ignore?: number,
): { readonly slice: Slice; readonly place?: string } {
  const [height, width] = shape.slice(-2) as [number, number];
  const size = height * width;
  const slices = reference.length / size;
  const inside = (map: LabelPair["reference"], i: number) => reference[i] !== ignore && labels.includes(map[i]!);
  let best = { slice: 0, wrong: -1, right: -1 };
  for (let slice = 0; slice < slices; slice++) {
    let [wrong, right] = [0, 0];
    for (let i = slice * size; i < (slice + 1) * size; i++) {
      const [r, p] = [inside(reference, i), inside(prediction, i)];
      if (r !== p) wrong++;
      else if (r) right++;
    }
    if (wrong > best.wrong || (wrong === best.wrong && right > best.right)) best = { slice, wrong, right };
  }
  const volume = shape.length === 3;
  const start = best.slice * size;
  // Volumes lie with the patient's left and back first; radiologists look from the feet, with the right on the left and the front above: both
  // axes turned is the slice backwards.
  const at = (i: number) => (volume ? start + size - 1 - i : start + i);
  const mask = (map: LabelPair["reference"]) =>
    Uint8Array.from({ length: size }, (_, i) => (inside(map, at(i)) ? 1 : 0));
  const [rowEdge, columnEdge] = spacing.slice(-2) as [number, number];
  return {
    slice: {
      width,
      height,
      reference: mask(reference),
      prediction: mask(prediction),
      ...(grey && { image: Uint8Array.from({ length: size }, (_, i) => grey[at(i)]!) }),
      pixelAspect: rowEdge / columnEdge,
    },
    ...(volume && slices > 1 && { place: `slice ${best.slice + 1} of ${slices}` }),
  };
}
