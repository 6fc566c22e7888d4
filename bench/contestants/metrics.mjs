// Contestant: losskit's metrics of pairs of label maps.

import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { readArguments, readBytes, readDoubles, serve, skip } from "./serve.mjs";

const given = readArguments();
const entry = pathToFileURL(given.library);
const metricsEntry = new URL("./metrics/index.js", entry);
if (!existsSync(metricsEntry))
  skip(`${metricsEntry.pathname} is not there; run npm run build in the repository's folder`);
const losskit = await import(entry.href);
const metrics = await import(metricsEntry.href);

const shape = given.space.split("x").map(Number);
const voxels = shape.reduce((product, extent) => product * extent, 1);
const spacings = readDoubles(given.spacings);
const classes = Number(given.classes);
const HD95 = { percentile: 95 };
/** NSD's, in the unit of the spacing. */
const TOLERANCE = { tolerance: 1 };

/** Both maps, where the contestant wants them. */
const [reference, prediction] = [given.reference, given.prediction].map((path) => {
  const map = readBytes(path);
  if (given.arrays !== "allocated") return map;
  const inside = losskit.allocate(map.length, "uint8");
  inside.set(map);
  return inside;
});
const pairs = Array.from({ length: reference.length / voxels }, (_, pair) => {
  const part = (map) => map.subarray(pair * voxels, (pair + 1) * voxels);
  return {
    reference: part(reference),
    prediction: part(prediction),
    shape,
    spacing: [...spacings.subarray(3 * pair, 3 * pair + 3)],
  };
});

const surfaces = ({ reference, prediction, ...grid }, border) =>
  metrics.surfaceDistances(reference, prediction, { ...grid, border });

/** As surface-distance defines them. */
function ofSurfels(distances) {
  const average = (definition) => metrics.averageDistanceOf(distances, { definition }).value;
  return [
    metrics.hausdorffOf(distances, { ...HD95, definition: "surface-area" }).value,
    average("reference-to-prediction"),
    average("prediction-to-reference"),
    metrics.surfaceDiceOf(distances, TOLERANCE).value,
  ];
}

/** As MONAI defines them. */
const ofVoxels = (distances) => [
  metrics.hausdorffOf(distances, HD95).value,
  metrics.averageDistanceOf(distances).value,
  metrics.surfaceDiceOf(distances, TOLERANCE).value,
];

/** What `losskit evaluate` measures: all overlap scores of each class, and all surface metrics. */
function evaluated({ reference, prediction, shape, spacing }) {
  const voxelVolume = spacing.reduce((product, step) => product * step, 1);
  const scores = metrics
    .confusionCounts(reference, prediction, { classes })
    .flatMap((counts) => Object.values(metrics.overlapScores(counts, { voxelVolume })));
  const distances = surfaces({ reference, prediction, shape, spacing }, "voxels");
  return [
    ...scores,
    metrics.hausdorffOf(distances).value,
    metrics.hausdorffOf(distances, HD95).value,
    ...["prediction-to-reference", "assd", "masd"].map(
      (definition) => metrics.averageDistanceOf(distances, { definition }).value,
    ),
    metrics.surfaceDiceOf(distances, TOLERANCE).value,
  ];
}

/** That, every definition of HD95, surfaces as surfels, boundary IoU, clDice and the scores of objects. */
function everything(pair) {
  const { reference, prediction, shape } = pair;
  const distances = surfaces(pair, "voxels");
  return [
    ...evaluated(pair),
    metrics.hausdorffOf(distances, { ...HD95, definition: "pooled" }).value,
    ...ofSurfels(surfaces(pair, "surfels")),
    metrics.boundaryIou(reference, prediction, { shape }).value,
    metrics.centrelineDice(reference, prediction, { shape }).value,
    metrics.scoresOfMatches(metrics.matchInstances(reference, prediction, { shape })).panopticQuality,
  ];
}

/** Numbers of one pair, by the name of the work. */
const WORKS = {
  counts: ({ reference, prediction }) =>
    metrics
      .confusionCounts(reference, prediction, { classes })
      .flatMap((counts) => [...Object.values(counts), metrics.diceScore(counts)]),
  "surfaces as surfels": (pair) => ofSurfels(surfaces(pair, "surfels")),
  "surfaces as voxels": (pair) => ofVoxels(surfaces(pair, "voxels")),
  evaluated,
  everything,
};

const work = WORKS[given.work];
const call = () => pairs.map(work);
serve({ version: losskit.version, arrays: given.arrays === "allocated" ? "allocated" : "plain" }, call, () => ({
  output: Float64Array.from(call().flat(), (number) => number ?? Number.NaN),
}));
