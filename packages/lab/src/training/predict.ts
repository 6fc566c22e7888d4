// Predicts whole cases at native resolution: padded to what the network can halve, cut back, slice by slice for volumes.

import type { InferenceSession } from "onnxruntime-node";
import type { Case } from "../datasets/dataset.js";
import type { NetworkShape } from "./architecture.js";
import { dispose, type Runtime } from "./runtime.js";

/** Most pixels that go through the network at once; more only takes more memory. */
const PIXELS_AT_ONCE = 2 ** 18;

/**
 * Class index of every voxel.
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
  const canvas = placeOnCanvas(height, width, 2 ** shape.depth, crop);
  const together = Math.max(1, Math.floor(PIXELS_AT_ONCE / (canvas.height * canvas.width)));
  const labels = new Uint8Array(testCase.labels.length);
  for (let first = 0; first < slices; first += together) {
    const count = Math.min(together, slices - first);
    const image = new runtime.Tensor("float32", padSlices(testCase, first, count, canvas), [
      count,
      shape.inputChannels,
      canvas.height,
      canvas.width,
    ]);
    const outputs = await session.run({ image });
    const probabilities = outputs.probabilities.data as Float32Array;
    for (let slice = 0; slice < count; slice++) {
      const own = readLabels(probabilities, slice, shape.outputChannels, canvas, height, width);
      labels.set(own, (first + slice) * height * width);
    }
    dispose(outputs);
  }
  return labels;
}

/** The array that an image is put into the middle of. */
interface Canvas {
  readonly height: number;
  readonly width: number;
  /** Where the image begins. */
  readonly top: number;
  readonly left: number;
}

/**
 * As large as the image, rounded up to what the poolings divide; not smaller than a training crop, whose padding the statistics of instance
 * normalisation have always held.
 */
function placeOnCanvas(height: number, width: number, multiple: number, crop: number): Canvas {
  const extent = (size: number) => Math.max(crop, Math.ceil(size / multiple) * multiple);
  const canvas = { height: extent(height), width: extent(width) };
  return {
    ...canvas,
    top: Math.floor((canvas.height - height) / 2),
    left: Math.floor((canvas.width - width) / 2),
  };
}

const clamp = (place: number, extent: number) => Math.min(extent - 1, Math.max(0, place));

/** `[count, channels, height, width]` of the canvas; beyond the image its border goes on. */
function padSlices(
  { image, labels, channels, shape }: Case,
  first: number,
  count: number,
  canvas: Canvas,
): Float32Array {
  const [height, width] = shape.slice(-2);
  const out = new Float32Array(count * channels * canvas.height * canvas.width);
  let at = 0;
  for (let slice = first; slice < first + count; slice++) {
    for (let c = 0; c < channels; c++) {
      const start = c * labels.length + slice * height * width;
      for (let y = 0; y < canvas.height; y++) {
        const row = start + clamp(y - canvas.top, height) * width;
        for (let x = 0; x < canvas.width; x++) out[at++] = image[row + clamp(x - canvas.left, width)];
      }
    }
  }
  return out;
}

/** Class index of every pixel of one image, cut out of the canvas. */
function readLabels(
  probabilities: Float32Array,
  slice: number,
  channels: number,
  canvas: Canvas,
  height: number,
  width: number,
): Uint8Array {
  const area = canvas.height * canvas.width;
  const start = slice * channels * area;
  const labels = new Uint8Array(height * width);
  for (let i = 0; i < labels.length; i++) {
    const at = start + (canvas.top + Math.floor(i / width)) * canvas.width + canvas.left + (i % width);
    if (channels === 1) labels[i] = probabilities[at] >= 0.5 ? 1 : 0;
    else {
      for (let c = 1; c < channels; c++) {
        if (probabilities[at + c * area] > probabilities[at + labels[i] * area]) labels[i] = c;
      }
    }
  }
  return labels;
}
