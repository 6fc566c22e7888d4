// Contestant: what a careful person writes by hand in JavaScript, one function a loss: plain loops, buffers made once.

import { readArguments, readBytes, readFloats, serve, skip } from "./serve.mjs";

const given = readArguments();
const [voxels, classes] = [Number(given.voxels), Number(given.classes)];
const SMOOTH = 1;
const logits = readFloats(given.logits);
const target = given.targets ? readFloats(given.targets) : readBytes(given.labels);
const gradient = new Float32Array(logits.length);

function bceDice(x, y, g) {
  const n = x.length;
  let [overlap, predicted, labelled, entropy] = [0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    const p = 1 / (1 + Math.exp(-x[i]));
    g[i] = p;
    overlap += p * y[i];
    predicted += p;
    labelled += y[i];
    entropy += Math.max(x[i], 0) - x[i] * y[i] + Math.log1p(Math.exp(-Math.abs(x[i])));
  }
  const top = 2 * overlap + SMOOTH;
  const bottom = predicted + labelled + SMOOTH;
  for (let i = 0; i < n; i++) {
    const p = g[i];
    g[i] = (p - y[i]) / n - ((2 * y[i] * bottom - top) / (bottom * bottom)) * p * (1 - p);
  }
  return entropy / n + 1 - top / bottom;
}

function focalTversky(x, y, g, alpha = 0.7, beta = 0.3, gamma = 4 / 3) {
  const n = x.length;
  let [truePositives, falsePositives, falseNegatives] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const p = 1 / (1 + Math.exp(-x[i]));
    g[i] = p;
    truePositives += p * y[i];
    falsePositives += p * (1 - y[i]);
    falseNegatives += (1 - p) * y[i];
  }
  const top = truePositives + SMOOTH;
  const bottom = top + alpha * falseNegatives + beta * falsePositives;
  const index = top / bottom;
  const outer = (1 - index) ** (1 / gamma - 1) / gamma;
  for (let i = 0; i < n; i++) {
    const p = g[i];
    const slope = y[i] - index * (y[i] + beta * (1 - y[i]) - alpha * y[i]);
    g[i] = ((-outer * slope) / bottom) * p * (1 - p);
  }
  return (1 - index) ** (1 / gamma);
}

function ceDice(x, labels, g) {
  const overlap = new Float64Array(classes);
  const predicted = new Float64Array(classes);
  const labelled = new Float64Array(classes);
  let entropy = 0;
  for (let i = 0; i < voxels; i++) {
    let largest = x[i];
    for (let c = 1; c < classes; c++) largest = Math.max(largest, x[c * voxels + i]);
    let sum = 0;
    for (let c = 0; c < classes; c++) {
      const e = Math.exp(x[c * voxels + i] - largest);
      g[c * voxels + i] = e;
      sum += e;
    }
    for (let c = 0; c < classes; c++) {
      const p = g[c * voxels + i] / sum;
      g[c * voxels + i] = p;
      predicted[c] += p;
    }
    const label = labels[i];
    overlap[label] += g[label * voxels + i];
    labelled[label]++;
    entropy += Math.log(sum) + largest - x[label * voxels + i];
  }
  let value = entropy / voxels;
  const whenLabel = new Float64Array(classes);
  const otherwise = new Float64Array(classes);
  for (let c = 0; c < classes; c++) {
    const top = 2 * overlap[c] + SMOOTH;
    const bottom = predicted[c] + labelled[c] + SMOOTH;
    value += (1 - top / bottom) / classes;
    otherwise[c] = top / (bottom * bottom * classes);
    whenLabel[c] = otherwise[c] - 2 / (bottom * classes);
  }
  for (let i = 0; i < voxels; i++) {
    const label = labels[i];
    let mean = 0;
    for (let c = 0; c < classes; c++) mean += g[c * voxels + i] * (c === label ? whenLabel[c] : otherwise[c]);
    for (let c = 0; c < classes; c++) {
      const p = g[c * voxels + i];
      const slope = c === label ? whenLabel[c] : otherwise[c];
      g[c * voxels + i] = (p - (c === label ? 1 : 0)) / voxels + p * (slope - mean);
    }
  }
  return value;
}

// Errors above 0 as the high word of a double, the voxel as the low word: such doubles sort as their errors do.
const keys = given.work === "lovasz-hinge" ? new Float64Array(voxels) : undefined;
const words = keys && new Uint32Array(keys.buffer);
const bits = new Float32Array(1);
const bitsAsWord = new Uint32Array(bits.buffer);

function lovaszHinge(x, y, g) {
  let positives = 0;
  let kept = 0;
  for (let i = 0; i < voxels; i++) {
    positives += y[i];
    g[i] = 0;
    bits[0] = 1 - (2 * y[i] - 1) * x[i];
    if (!(bits[0] > 0)) continue;
    words[2 * kept] = i;
    words[2 * kept + 1] = bitsAsWord[0];
    kept++;
  }
  keys.subarray(0, kept).sort();
  let [value, jaccard, intersection, union] = [0, 0, positives, positives];
  for (let k = kept - 1; k >= 0; k--) {
    const i = words[2 * k];
    bitsAsWord[0] = words[2 * k + 1];
    if (y[i] === 1) intersection--;
    else union++;
    const reached = 1 - intersection / union;
    value += bits[0] * (reached - jaccard);
    g[i] = y[i] === 1 ? jaccard - reached : reached - jaccard;
    jaccard = reached;
  }
  return value;
}

const loops = { "bce-dice": bceDice, "focal-tversky": focalTversky, "ce-dice": ceDice, "lovasz-hinge": lovaszHinge };
const loop = loops[given.work] ?? skip(`${given.work} is not written as a loop`);
const call = () => loop(logits, target, gradient);
serve({ version: `Node ${process.versions.node}` }, call, () => ({ value: call(), output: gradient }));
