// Predicts whole cases at native resolution: in overlapping tiles as large as the training crops, put together again.

import type { InferenceSession } from "onnxruntime-node";
import type { Case } from "../datasets/dataset.js";
import type { NetworkShape } from "./architecture.js";
import { dispose, type Runtime } from "./runtime.js";

/** Most pixels that go through the network at once; more only takes more memory. */
const PIXELS_AT_ONCE = 2 ** 18;

/** Neighbouring tiles share at least this part of their edge. A quarter would take half the time and cost 0.04 Dice on phantoms of lesions. */
const OVERLAP = 0.5;

/**
 * Class index of every voxel.
 *
 * Instance normalisation takes the mean and deviation of what it sees: of a crop in training. Of a whole image with its dark frame they are
 * others, and objects come out too faint: hard exudates of the IDRiD set had a sensitivity of 0.3. So the network sees tiles of the size of its crops,
 * padded as those were where an image is smaller. Where tiles overlap, probabilities are averaged, those in the middle of a tile counting most.
 *
 * One channel: foreground where its probability is at least 1/2. Several: the likeliest class.
 *
 * @param session of an inference graph of the same shape
 * @param crop edge of the training crops
 */
export async function predictCase(
  runtime: Runtime,
  session: InferenceSession,
  shape: NetworkShape,
  crop: number,
  testCase: Case,
): Promise<Uint8Array> {
  const [height, width] = testCase.shape.slice(-2);
  const slices = testCase.shape.length === 3 ? testCase.shape[0] : 1;
  const pixels = height * width;
  const size = { channels: shape.outputChannels, height, width };
  const tops = tileStarts(height, crop);
  const lefts = tileStarts(width, crop);
  const weights = tileWeights(crop);
  const ones = new Float32Array(crop * crop).fill(1);
  const totals = new Float32Array(pixels);
  for (const top of tops) {
    for (const left of lefts) addTile(totals, ones, weights, { slice: 0, top, left }, crop, { ...size, channels: 1 });
  }
  const together = Math.max(1, Math.floor(PIXELS_AT_ONCE / (crop * crop)));
  // A few slices at a time: the probabilities of all classes of a whole volume may be gigabytes.
  const slicesAtOnce = Math.max(1, Math.floor(together / (tops.length * lefts.length)));
  const labels = new Uint8Array(slices * pixels);
  for (let first = 0; first < slices; first += slicesAtOnce) {
    const count = Math.min(slicesAtOnce, slices - first);
    const tiles = Array.from({ length: count }, (_, i) =>
      tops.flatMap((top) => lefts.map((left) => ({ slice: first + i, top, left }))),
    ).flat();
    const sums = new Float32Array(count * shape.outputChannels * pixels);
    for (let start = 0; start < tiles.length; start += together) {
      const batch = tiles.slice(start, start + together);
      const input = new Float32Array(batch.length * shape.inputChannels * crop * crop);
      batch.forEach((tile, i) => {
        readTile(testCase, tile, crop, input.subarray(i * shape.inputChannels * crop * crop));
      });
      const image = new runtime.Tensor("float32", input, [batch.length, shape.inputChannels, crop, crop]);
      const outputs = await session.run({ image });
      const probabilities = outputs.probabilities.data as Float32Array;
      batch.forEach((tile, i) => {
        const own = probabilities.subarray(i * shape.outputChannels * crop * crop);
        addTile(sums, own, weights, { ...tile, slice: tile.slice - first }, crop, size);
      });
      dispose(outputs);
    }
    const found = shape.outputChannels > 1 ? likeliest(sums, count, size) : likely(sums, totals);
    labels.set(found, first * pixels);
  }
  return labels;
}

interface PlaneSize {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** 1 where the weighted mean of the probabilities is at least 1/2; the total weights are the same in all slices. */
const likely = (sums: Float32Array, totals: Float32Array) =>
  Uint8Array.from(sums, (sum, i) => (sum >= 0.5 * totals[i % totals.length] ? 1 : 0));

/** Class with the largest sum at every voxel; its weights are the same for all classes. */
function likeliest(sums: Float32Array, slices: number, { channels, height, width }: PlaneSize): Uint8Array {
  const pixels = height * width;
  const labels = new Uint8Array(slices * pixels);
  for (let slice = 0; slice < slices; slice++) {
    for (let i = 0; i < pixels; i++) {
      const at = (c: number) => sums[(slice * channels + c) * pixels + i];
      let label = 0;
      for (let c = 1; c < channels; c++) if (at(c) > at(label)) label = c;
      labels[slice * pixels + i] = label;
    }
  }
  return labels;
}

interface Tile {
  readonly slice: number;
  readonly top: number;
  readonly left: number;
}

/** First rows (or columns) of tiles that cover an extent evenly; one tile with the image in its middle where that is smaller. */
export function tileStarts(extent: number, crop: number): number[] {
  if (extent <= crop) return [-Math.floor((crop - extent) / 2)];
  const count = Math.ceil((extent - crop) / (crop * (1 - OVERLAP))) + 1;
  return Array.from({ length: count }, (_, i) => Math.round((i * (extent - crop)) / (count - 1)));
}

/** A pyramid: 1 in the middle of the tile, small but not 0 at its border. */
function tileWeights(crop: number): Float32Array {
  const along = Array.from({ length: crop }, (_, i) => Math.min(i + 0.5, crop - i - 0.5) / (crop / 2));
  return Float32Array.from({ length: crop * crop }, (_, i) => along[Math.floor(i / crop)] * along[i % crop]);
}

const clamp = (place: number, extent: number) => Math.min(extent - 1, Math.max(0, place));

/** `[channels, crop, crop]`; beyond the image its border goes on. */
function readTile({ image, labels, channels, shape }: Case, tile: Tile, crop: number, out: Float32Array): void {
  const [height, width] = shape.slice(-2);
  let at = 0;
  for (let c = 0; c < channels; c++) {
    const start = c * labels.length + tile.slice * height * width;
    for (let y = 0; y < crop; y++) {
      const row = start + clamp(tile.top + y, height) * width;
      for (let x = 0; x < crop; x++) out[at++] = image[row + clamp(tile.left + x, width)];
    }
  }
}

/** Adds the weighted probabilities of a tile, `[channels, crop, crop]`, to the sums, `[slices, channels, height, width]`. */
function addTile(
  sums: Float32Array,
  tileValues: Float32Array,
  weights: Float32Array,
  { slice, top, left }: Tile,
  crop: number,
  { channels, height, width }: PlaneSize,
): void {
  for (let c = 0; c < channels; c++) {
    const start = (slice * channels + c) * height * width;
    for (let y = Math.max(0, -top); y < Math.min(crop, height - top); y++) {
      for (let x = Math.max(0, -left); x < Math.min(crop, width - left); x++) {
        const i = y * crop + x;
        sums[start + (top + y) * width + left + x] += weights[i] * tileValues[c * crop * crop + i];
      }
    }
  }
}
