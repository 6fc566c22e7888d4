// Dice + BCE, value and gradient at 2^20 voxels: the reference backend against a loop written by hand for this one loss.

import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { add, bce, bceDice, dice } from "../packages/losskit/dist/index.js";
import { interleave, ratioTable } from "./interleave.mjs";

const SIDE = 1024;
const VOXELS = SIDE * SIDE;
const SMOOTH = 1e-5;

/** What a careful person writes for this one loss: two loops in float64, the probabilities kept between them. */
function byHand(logits, labels) {
  const n = logits.length;
  const p = new Float64Array(n);
  let [overlap, predicted, labelled, entropy] = [0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    const x = logits[i];
    const y = labels[i];
    p[i] = 1 / (1 + Math.exp(-x));
    overlap += p[i] * y;
    predicted += p[i];
    labelled += y;
    entropy += Math.max(x, 0) - x * y + Math.log1p(Math.exp(-Math.abs(x)));
  }
  const top = 2 * overlap + SMOOTH;
  const bottom = predicted + labelled + SMOOTH;
  const gradient = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    const y = labels[i];
    const slope = -(2 * y * bottom - top) / (bottom * bottom);
    gradient[i] = (p[i] - y) / n + slope * p[i] * (1 - p[i]);
  }
  return { value: entropy / n + 1 - top / bottom, gradient };
}

// A fixed sequence (Lehmer, modulus 2^31 - 1), so that every run times the same numbers.
let state = 12345;
function random() {
  state = (state * 48271) % 2147483647;
  return state / 2147483647;
}
const logits = Float32Array.from({ length: VOXELS }, () => 8 * random() - 4);
const labels = Uint8Array.from({ length: VOXELS }, () => (random() < 0.1 ? 1 : 0));
const call = { shape: [1, 1, SIDE, SIDE], backend: "reference" };

const fused = bceDice();
const sum = add(bce(), dice());
const expected = byHand(logits, labels);
const ours = fused.valueAndGradient(logits, labels, call);
const largest = expected.gradient.reduce((max, g) => Math.max(max, Math.abs(g)), 0);
const worst = expected.gradient.reduce((max, g, i) => Math.max(max, Math.abs(g - ours.gradient[i])), 0);
if (Math.abs(ours.value - expected.value) > 1e-9 || worst > 1e-6 * largest) throw new Error("the two do not agree");

const results = interleave({
  "hand-written loop": () => byHand(logits, labels),
  "losskit reference, bceDice()": () => fused.valueAndGradient(logits, labels, call),
  "losskit reference, add(bce(), dice())": () => sum.valueAndGradient(logits, labels, call),
});
const text = [
  "# Dice + BCE, value and gradient, 2^20 voxels, one thread",
  "",
  `Node ${process.versions.node}, ${cpus()[0].model.trim()}. 15 rounds, turn by turn. Target for the reference backend: a ratio of at most 2.`,
  "",
  ratioTable(results),
  "",
].join("\n");
const folder = new URL("results/", import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL("reference.md", folder), text);
console.log(text);
