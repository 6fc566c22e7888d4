// The probabilities that nnU-Net saves beside its label maps (--save_probabilities): a .npz file that does not say how it lies.

import { readNpz } from "./npz.js";
import { type Affine, canonicalOrder, inCanonicalOrder, orientationOf, type Triple } from "./orientation.js";
import { unreadable } from "./read-bytes.js";

export interface NnunetProbabilities {
  readonly channels: number;
  /** [depth, height, width] of a channel. */
  readonly shape: Triple;
  /** `[channels, superior, anterior, right]`, the last fastest. */
  readonly data: Float32Array | Float64Array;
}

/** Names of the array, of version 2 and version 1. */
const NAMES = ["probabilities", "softmax"];

/**
 * Reads the array `[channel, k, j, i]` over the voxels of the label map in the order in which that is stored, i fastest, and turns it to the common
 * order. Both of nnU-Net's usual readers, SimpleITKIO and NibabelIO, have their arrays in that order; an image has one slice.
 *
 * @param bytes the whole file
 * @param file its name, for messages
 * @param affine of the label map as stored; undefined where it has none, and is taken as RAS
 * @throws LabError UNREADABLE_FILE
 */
export function readNnunetProbabilities(
  bytes: Uint8Array,
  file: string,
  affine: Affine | undefined,
): NnunetProbabilities {
  const { shape: stored, data } = readNpz(bytes, file, NAMES);
  if (stored.length !== 4 || stored.includes(0)) {
    throw unreadable(file, `its array has the shape ${stored.join(" x ")}; nnU-Net's is [class, z, y, x]`);
  }
  const [channels, k, j, i] = stored as readonly [number, number, number, number];
  const size: Triple = [i, j, k];
  if (affine === undefined) return { channels, shape: [k, j, i], data };
  const order = canonicalOrder(size, orientationOf(affine));
  return { channels, shape: order.shape, data: inCanonicalOrder(data, order, channels) };
}
