// The network once more, in float64 and plain loops: slow, short, and written without a look at ONNX; its central differences are the truth for gradients.

import type { Layer, Network } from "../../src/training/architecture.js";

const SLOPE_BELOW_ZERO = 0.01;
const ADDED_TO_VARIANCE = 1e-5;

/** `[batch, channels, height, width]` */
interface Planes {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly data: Float64Array;
}

export interface ImageSize {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
}

/** Logits `[batch, outputChannels, height, width]`. */
export function referenceLogits(
  network: Network,
  parameters: Float64Array,
  image: ArrayLike<number>,
  { batch, height, width }: ImageSize,
): Float64Array {
  const values = new Map<string, Planes>();
  values.set("image", { channels: network.shape.inputChannels, height, width, data: Float64Array.from(image) });
  const parameter = (name: string): Float64Array => {
    const { offset, size } = network.parameters.find((candidate) => candidate.name === name)!;
    return parameters.subarray(offset, offset + size);
  };
  for (const layer of network.layers) {
    const input = values.get(layer.input)!;
    const of = (name: string) => parameter(`${layer.output}.${name}`);
    values.set(layer.output, run(layer, input, of, values, batch));
  }
  return values.get("logits")!.data;
}

function run(
  layer: Layer,
  input: Planes,
  of: (name: string) => Float64Array,
  values: ReadonlyMap<string, Planes>,
  batch: number,
): Planes {
  switch (layer.kind) {
    case "block": {
      const convolved = convolve(input, of("weight"), layer.outputChannels, 3, batch);
      return normaliseAndLeak(convolved, of("scale"), of("shift"), batch);
    }
    case "head": {
      const out = convolve(input, of("weight"), layer.outputChannels, 1, batch);
      const pixels = out.height * out.width;
      return { ...out, data: out.data.map((v, i) => v + of("shift")[Math.floor(i / pixels) % out.channels]) };
    }
    case "pool":
      return pool(input, batch);
    case "up":
      return grow(input, of("weight"), of("shift"), layer.outputChannels, batch);
    case "concat":
      return join(input, values.get(layer.skip)!, batch);
  }
}

/** Weights `[to, from, kernel, kernel]`; zeros beyond the border. */
function convolve(input: Planes, weights: Float64Array, to: number, kernel: number, batch: number): Planes {
  const { channels: from, height, width, data } = input;
  const out = new Float64Array(batch * to * height * width);
  const reach = (kernel - 1) / 2;
  let at = 0;
  for (let b = 0; b < batch; b++) {
    for (let o = 0; o < to; o++) {
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++, at++) {
          for (let i = 0; i < from; i++) {
            for (let ky = 0; ky < kernel; ky++) {
              const row = y + ky - reach;
              if (row < 0 || row >= height) continue;
              for (let kx = 0; kx < kernel; kx++) {
                const column = x + kx - reach;
                if (column < 0 || column >= width) continue;
                out[at] +=
                  weights[((o * from + i) * kernel + ky) * kernel + kx] *
                  data[((b * from + i) * height + row) * width + column];
              }
            }
          }
        }
      }
    }
  }
  return { channels: to, height, width, data: out };
}

function normaliseAndLeak(input: Planes, scale: Float64Array, shift: Float64Array, batch: number): Planes {
  const { channels, height, width } = input;
  const pixels = height * width;
  const data = new Float64Array(input.data.length);
  for (let plane = 0; plane < batch * channels; plane++) {
    const own = input.data.subarray(plane * pixels, (plane + 1) * pixels);
    const mean = own.reduce((sum, v) => sum + v, 0) / pixels;
    const variance = own.reduce((sum, v) => sum + (v - mean) ** 2, 0) / pixels;
    for (let i = 0; i < pixels; i++) {
      const normalised = (own[i] - mean) / Math.sqrt(variance + ADDED_TO_VARIANCE);
      const v = scale[plane % channels] * normalised + shift[plane % channels];
      data[plane * pixels + i] = v > 0 ? v : SLOPE_BELOW_ZERO * v;
    }
  }
  return { channels, height, width, data };
}

function pool({ channels, height, width, data }: Planes, batch: number): Planes {
  const out = new Float64Array((batch * channels * height * width) / 4);
  let at = 0;
  for (let plane = 0; plane < batch * channels; plane++) {
    for (let y = 0; y < height; y += 2) {
      for (let x = 0; x < width; x += 2) {
        const corner = (plane * height + y) * width + x;
        out[at++] = Math.max(data[corner], data[corner + 1], data[corner + width], data[corner + width + 1]);
      }
    }
  }
  return { channels, height: height / 2, width: width / 2, data: out };
}

/** Weights `[from, to, 2, 2]`: each pixel becomes a square of four. */
function grow(input: Planes, weights: Float64Array, shift: Float64Array, to: number, batch: number): Planes {
  const { channels: from, height, width, data } = input;
  const out = new Float64Array(batch * to * 4 * height * width);
  let at = 0;
  for (let b = 0; b < batch; b++) {
    for (let o = 0; o < to; o++) {
      for (let y = 0; y < 2 * height; y++) {
        for (let x = 0; x < 2 * width; x++, at++) {
          out[at] = shift[o];
          for (let i = 0; i < from; i++) {
            const source = data[((b * from + i) * height + (y >> 1)) * width + (x >> 1)];
            out[at] += source * weights[((i * to + o) * 2 + (y & 1)) * 2 + (x & 1)];
          }
        }
      }
    }
  }
  return { channels: to, height: 2 * height, width: 2 * width, data: out };
}

function join(first: Planes, second: Planes, batch: number): Planes {
  const { height, width } = first;
  const [a, b] = [first.channels * height * width, second.channels * height * width];
  const data = new Float64Array(batch * (a + b));
  for (let n = 0; n < batch; n++) {
    data.set(first.data.subarray(n * a, (n + 1) * a), n * (a + b));
    data.set(second.data.subarray(n * b, (n + 1) * b), n * (a + b) + a);
  }
  return { channels: first.channels + second.channels, height, width, data };
}
