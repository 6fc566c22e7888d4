// NIfTI volumes (.nii, .nii.gz) as arrays in one order, whatever the orientation, byte order and scaling of the file.

import { endianness } from "node:os";
import { type NiftiHeader, readNiftiHeader } from "./nifti-header.js";
import {
  type Affine,
  canonicalAffine,
  canonicalOrder,
  eachCanonicalRow,
  orientationCode,
  orientationOf,
  type Triple,
  voxelSizes,
} from "./orientation.js";
import { unpackNifti } from "./unpack-gzip.js";

export { type NiftiContents, writeNifti } from "./write-nifti.js";

export interface NiftiVolume {
  /**
   * Intensities after slope and intercept, `[superior, anterior, right]`, each axis running that way, the last fastest; where there are
   * several channels, one such volume after the other.
   */
  readonly data: Float32Array | Float64Array;
  readonly channels: number;
  /** [depth, height, width] of a channel. */
  readonly shape: Triple;
  /** Millimetres per voxel along each axis of `shape`. */
  readonly spacing: Triple;
  /** The order in which the file stores the voxels, as three letters: "RAS", "LAS", … */
  readonly orientation: string;
  /** Whether the file says how it is oriented; if not, "RAS" or the given affine was taken. */
  readonly orientationStated: boolean;
  /** Where the stored voxels lie in the patient; undefined where the file does not say. */
  readonly affine: Affine | undefined;
  /** Where the voxels of `data` lie in the patient, from the affine of the file or the one given; undefined where there is neither. */
  readonly grid: Affine | undefined;
  /** Millimetres per voxel along each axis of `shape` as the file itself says, also where another affine was given. */
  readonly statedSpacing: Triple;
  /** Whether the file states a size for every voxel edge; if not, 1 was taken. */
  readonly spacingStated: boolean;
  /** How the file stores a voxel: "uint8", "int16", … */
  readonly datatype: string;
}

export interface ReadNiftiOptions {
  readonly replaceStated?: boolean;
  readonly channels?: boolean;
}

/**
 * Reads a volume: NIfTI-1 or NIfTI-2, packed or not, either byte order, any integer or float voxels, one volume. The sform
 * gives the orientation where its code is set and it is usable, else the qform, else `affine`, else voxels are taken as RAS.
 * Axes are reordered and turned, never resampled: an oblique volume keeps its grid.
 *
 * @param bytes the whole file
 * @param file its name, for messages
 * @param affine orientation of the grid the volume lies on, for a file that states none (a mask without its image's header)
 * @param options `replaceStated`: the given affine counts even where the file states one; `channels`: the file may have several volumes
 * @throws LabError UNREADABLE_FILE
 */
export function readNifti(
  bytes: Uint8Array,
  file: string,
  affine?: Affine,
  { replaceStated = false, channels: allowed = false }: ReadNiftiOptions = {},
): NiftiVolume {
  const unpacked = unpackNifti(bytes, file, { channels: allowed });
  const header = readNiftiHeader(unpacked, file, { channels: allowed });
  const { size, channels, pixelSize } = header;
  const used = replaceStated ? (affine ?? header.affine) : (header.affine ?? affine);
  const sizes = used === undefined ? pixelSize : voxelSizes(used);
  const orientation =
    used === undefined ? ([0, 1, 2] as const).map((axis) => ({ axis, sign: 1 as const })) : orientationOf(used);
  const order = canonicalOrder(size, orientation);
  const { shape, storedAxes } = order;
  const stored = storedVoxels(unpacked, header);

  const data = new (header.datatype.fitsFloat32 ? Float32Array : Float64Array)(stored.length);
  const { slope, intercept } = header;
  const step = order.steps[2];
  eachCanonicalRow(order, channels, (from, to) => {
    for (let out = to, at = from; out < to + shape[2]; out++, at += step) {
      data[out] = slope * Number(stored[at]) + intercept;
    }
  });
  const alongShape = (edges: Triple): Triple => [edges[storedAxes[0]]!, edges[storedAxes[1]]!, edges[storedAxes[2]]!];
  return {
    data,
    channels,
    shape,
    spacing: alongShape(sizes),
    orientation: orientationCode(orientation),
    orientationStated: header.affine !== undefined,
    affine: header.affine,
    grid: used && canonicalAffine(used, size, orientation),
    statedSpacing: alongShape(header.affine === undefined ? pixelSize : voxelSizes(header.affine)),
    spacingStated: header.affine !== undefined || header.pixelSizeStated,
    datatype: header.datatype.name,
  };
}

type StoredVoxels =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

const VIEWS: Readonly<Record<string, new (buffer: ArrayBuffer, start?: number, length?: number) => StoredVoxels>> = {
  uint8: Uint8Array,
  int8: Int8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  float32: Float32Array,
  float64: Float64Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
};

/** The voxels in the file's order and this machine's byte order: the file's own memory where it can be read so, else a copy. */
function storedVoxels(
  bytes: Uint8Array,
  { size, channels, datatype, dataOffset, littleEndian }: NiftiHeader,
): StoredVoxels {
  const voxels = size[0] * size[1] * size[2] * channels;
  const View = VIEWS[datatype.name]!;
  const ownOrder = datatype.bytes === 1 || littleEndian === (endianness() === "LE");
  const start = bytes.byteOffset + dataOffset;
  if (ownOrder && start % datatype.bytes === 0) return new View(bytes.buffer as ArrayBuffer, start, voxels);
  const copy = new Uint8Array(bytes.subarray(dataOffset, dataOffset + voxels * datatype.bytes));
  if (!ownOrder) {
    const buffer = Buffer.from(copy.buffer);
    if (datatype.bytes === 2) buffer.swap16();
    if (datatype.bytes === 4) buffer.swap32();
    if (datatype.bytes === 8) buffer.swap64();
  }
  return new View(copy.buffer);
}
