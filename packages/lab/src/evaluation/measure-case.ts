// Scores of one case: counts of every structure from one confusion matrix; surfaces, parts and objects of its masks where they are asked for.

import { type ConfusionCounts, confusionMatrix, MAX_CLASSES, overlapScores, whichEmpty } from "losskit/metrics";
import { LabError } from "../errors.js";
import { isObjectMetric, isPartMetric, isProbabilityMetric, isSurfaceMetric } from "./metric-catalogue.js";
import { objectDefinition, objectScores } from "./object-scores.js";
import { DEFAULT_BOUNDARY, partScores } from "./part-scores.js";
import { labelsOfChannels } from "./probability-map.js";
import { probabilityScores } from "./probability-scores.js";
import { type LabelPair, pairOptions, readPair } from "./read-pair.js";
import type { CaseFiles, MeasuredCase, MeasureSettings, StructureScores } from "./results.js";
import { maskCutter } from "./structure-masks.js";
import { type Structure, structureOf } from "./structures.js";
import { surfaceScores } from "./surface-scores.js";

/**
 * Reads and scores one case.
 *
 * @throws LabError of a file that cannot be used
 */
export async function measureCase(files: CaseFiles, settings: MeasureSettings): Promise<MeasuredCase> {
  const started = performance.now();
  const pair = await readPair(files.reference, files.prediction, pairOptions(settings));
  const { scores, voxels, notes } = scorePair(pair, settings);
  return {
    ...files,
    status: "measured",
    shape: pair.shape,
    spacing: pair.spacing,
    unit: pair.unit,
    voxels,
    scores,
    notes: [...pair.notes, ...notes],
    seconds: (performance.now() - started) / 1000,
  };
}

/** Scores of label maps in memory. */
export function scorePair(
  pair: LabelPair,
  settings: MeasureSettings,
): { scores: StructureScores[]; voxels: number; notes: string[] } {
  const { structures, ignore } = settings;
  const table = countPairs(pair, ignore);
  const scored =
    structures ?? labelsFound(pair, table, ignore).map((label) => structureOf(label, pair.names?.get(label)));
  const voxelVolume = pair.spacing.reduce((product, edge) => product * edge, 1);
  const measureMasks = maskMeasure(pair, settings);
  const ofProbabilities = settings.metrics.filter(isProbabilityMetric);
  const scores = scored.map((structure): StructureScores => {
    const counts = countsOf(structure, table);
    const empty = whichEmpty(
      counts.truePositives + counts.falseNegatives,
      counts.truePositives + counts.falsePositives,
    );
    const { values, objects } = measureMasks(structure);
    return {
      structure: structure.name,
      labels: structure.labels,
      ...counts,
      empty,
      ...(objects && { objects }),
      values: {
        ...overlapScores(counts, { voxelVolume }),
        ...values,
        ...probabilityScores(pair, structure, ofProbabilities, ignore),
      },
    };
  });
  return { scores, voxels: table.voxels, notes: structures ? undeclared(table, structures, ignore) : [] };
}

/** Labels that are in a map or have a probability, without the background and what is ignored; ascending. */
function labelsFound({ probabilities }: LabelPair, { labels }: PairTable, ignore: number | undefined): number[] {
  const all = new Set([...labels, ...(probabilities ? labelsOfChannels(probabilities) : [])]);
  return [...all].filter((label) => label !== 0 && label !== ignore).sort((a, b) => a - b);
}

/** Measures what is asked for that needs the masks of a structure themselves. */
function maskMeasure(
  pair: LabelPair,
  { ignore, metrics, surface, boundary = DEFAULT_BOUNDARY, objects = objectDefinition() }: MeasureSettings,
): (structure: Structure) => Pick<StructureScores, "values" | "objects"> {
  const asked = {
    surface: metrics.filter(isSurfaceMetric),
    parts: metrics.filter(isPartMetric),
    objects: metrics.filter(isObjectMetric),
  };
  if (Object.values(asked).every((keys) => keys.length === 0)) return () => ({ values: {} });
  const cut = maskCutter(pair, ignore);
  return (structure) => {
    const masks = cut(structure);
    const found = asked.objects.length > 0 ? objectScores(masks, asked.objects, objects) : undefined;
    return {
      values: {
        ...(asked.surface.length > 0 && surfaceScores(masks, asked.surface, surface)),
        ...(asked.parts.length > 0 && partScores(masks, asked.parts, boundary, pair.shape)),
        ...found?.values,
      },
      ...(found && { objects: found.objects }),
    };
  };
}

/** How often each label of the reference meets each of the prediction. */
interface PairTable {
  /** Ascending; those in either map. */
  readonly labels: readonly number[];
  /** Voxels of `labels[r]` in the reference and `labels[p]` in the prediction, at r x labels.length + p. */
  readonly cells: Float64Array;
  /** Voxels of each label in the reference, and in the prediction where the reference counts. */
  readonly inReference: Float64Array;
  readonly inPrediction: Float64Array;
  readonly voxels: number;
}

const LABEL_VALUES = 65_536;

/** @throws LabError UNDECLARED_LABEL for more labels than can be counted */
function countPairs({ reference, prediction }: LabelPair, ignore: number | undefined): PairTable {
  const present = new Uint8Array(LABEL_VALUES);
  for (let i = 0; i < reference.length; i++) {
    present[reference[i]!] = 1;
    present[prediction[i]!] = 1;
  }
  const labels: number[] = [];
  for (let label = 0; label < LABEL_VALUES; label++) if (present[label] === 1) labels.push(label);
  if (labels.length > MAX_CLASSES) {
    throw new LabError(
      "UNDECLARED_LABEL",
      `the label maps hold ${labels.length} labels, and at most ${MAX_CLASSES} can be counted; where they number the objects of one class, write ` +
        "1 in place of all numbers, and take metrics of objects, as in --metrics detectionF1,panopticQuality",
    );
  }
  // Numbered by their place among the labels there are: instance numbers may be few and large.
  const place = new Uint16Array(LABEL_VALUES);
  for (const [index, label] of labels.entries()) place[label] = index;
  const dense = labels.at(-1) === labels.length - 1;
  const numbered = (map: Uint8Array | Uint16Array) => {
    if (dense) return map;
    const numbers = new (labels.length <= 256 ? Uint8Array : Uint16Array)(map.length);
    for (let i = 0; i < map.length; i++) numbers[i] = place[map[i]!]!;
    return numbers;
  };
  const ignored = ignore !== undefined && present[ignore] === 1 ? place[ignore] : undefined;
  const { cells } = confusionMatrix(numbered(reference), numbered(prediction), {
    classes: labels.length,
    ...(ignored !== undefined && { ignore: ignored }),
  });
  return { labels, cells, ...totals(cells, labels.length) };
}

function totals(cells: Float64Array, size: number): Pick<PairTable, "inReference" | "inPrediction" | "voxels"> {
  const [inReference, inPrediction] = [new Float64Array(size), new Float64Array(size)];
  let voxels = 0;
  for (let r = 0, at = 0; r < size; r++) {
    for (let p = 0; p < size; p++, at++) {
      inReference[r]! += cells[at]!;
      inPrediction[p]! += cells[at]!;
      voxels += cells[at]!;
    }
  }
  return { inReference, inPrediction, voxels };
}

/** Of a region all its labels count as one. Only its own cells are read: there may be thousands of labels. */
function countsOf(structure: Structure, { labels, cells, inReference, inPrediction, voxels }: PairTable) {
  const own = labels.flatMap((label, place) => (structure.labels.includes(label) ? [place] : []));
  let [truePositives, expected, predicted] = [0, 0, 0];
  for (const r of own) {
    expected += inReference[r]!;
    predicted += inPrediction[r]!;
    for (const p of own) truePositives += cells[r * labels.length + p]!;
  }
  return {
    truePositives,
    falsePositives: predicted - truePositives,
    falseNegatives: expected - truePositives,
    trueNegatives: voxels - expected - predicted + truePositives,
  } satisfies ConfusionCounts;
}

/** Labels of the maps that belong to no structure; they count as background. */
function undeclared({ labels }: PairTable, structures: readonly Structure[], ignore: number | undefined): string[] {
  const known = new Set([0, ignore, ...structures.flatMap((structure) => structure.labels)]);
  const unknown = labels.filter((label) => !known.has(label));
  if (unknown.length === 0) return [];
  const shown = unknown.slice(0, 8).join(", ") + (unknown.length > 8 ? ", …" : "");
  return [`the label maps hold ${shown}, which no structure has; counted as background`];
}
