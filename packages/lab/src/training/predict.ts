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
 */
export async function predictCase(
  runtime: Runtime,
  session: InferenceSession,
  shape: NetworkShape,
  testCase: Case,
): Promise<Uint8Array> {
  const [height, width] = testCase.shape.slice(-2);
  const slices = testCase.shape.length === 3 ? testCase.shape[0] : 1;
  const multiple = 2 ** shape.depth;
  const padded = { height: roundUp(height, multiple), width: roundUp(width, multiple) };
  const together = Math.max(1, Math.floor(PIXELS_AT_ONCE / (padded.height * padded.width)));
  const labels = new Uint8Array(testCase.labels.length);
  for (let first = 0; first < slices; first += together) {
    const count = Math.min(together, slices - first);
    const image = new runtime.Tensor("float32", padSlices(testCase, first, count, padded), [
      count,
      shape.inputChannels,
      padded.height,
      padded.width,
    ]);
    const outputs = await session.run({ image });
    readLabels(
      outputs.probabilities.data as Float32Array,
      shape.outputChannels,
      padded,
      count,
      (slice, y, x, label) => {
        if (y < height && x < width) labels[((first + slice) * height + y) * width + x] = label;
      },
    );
    dispose(outputs);
  }
  return labels;
}

const roundUp = (extent: number, multiple: number) => Math.ceil(extent / multiple) * multiple;

/** `[count, channels, height, width]`, the last rows and columns repeated where the image ends. */
function padSlices(
  { image, labels, channels, shape }: Case,
  first: number,
  count: number,
  padded: { readonly height: number; readonly width: number },
): Float32Array {
  const [height, width] = shape.slice(-2);
  const out = new Float32Array(count * channels * padded.height * padded.width);
  let at = 0;
  for (let slice = first; slice < first + count; slice++) {
    for (let c = 0; c < channels; c++) {
      const start = c * labels.length + slice * height * width;
      for (let y = 0; y < padded.height; y++) {
        const row = start + Math.min(y, height - 1) * width;
        for (let x = 0; x < padded.width; x++) out[at++] = image[row + Math.min(x, width - 1)];
      }
    }
  }
  return out;
}

function readLabels(
  probabilities: Float32Array,
  channels: number,
  { height, width }: { readonly height: number; readonly width: number },
  count: number,
  put: (slice: number, y: number, x: number, label: number) => void,
): void {
  const area = height * width;
  for (let slice = 0; slice < count; slice++) {
    const start = slice * channels * area;
    for (let i = 0; i < area; i++) {
      let label = 0;
      if (channels === 1) label = probabilities[start + i] >= 0.5 ? 1 : 0;
      else {
        for (let c = 1; c < channels; c++) {
          if (probabilities[start + c * area + i] > probabilities[start + label * area + i]) label = c;
        }
      }
      put(slice, Math.floor(i / width), i % width, label);
    }
  }
}
