// NIfTI volumes (.nii, .nii.gz) as arrays in one order, whatever the orientation, byte order and scaling of the file.

import { endianness } from "node:os";
import { gunzipSync, constants as zlib } from "node:zlib";
import { type NiftiHeader, readNiftiHeader } from "./nifti-header.js";
import {
  type Affine,
  canonicalAffine,
  canonicalOrder,
  orientationCode,
  orientationOf,
  type Triple,
  voxelSizes,
} from "./orientation.js";
import { unreadable } from "./read-bytes.js";

export { type NiftiContents, writeNifti } from "./write-nifti.js";

export interface NiftiVolume {
  /** Intensities after slope and intercept, `[superior, anterior, right]`, each axis running that way, the last fastest. */
  readonly data: Float32Array | Float64Array;
  /** [depth, height, width] of `data`. */
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

/** Unpacked volumes larger than this are refused: a few kilobytes of gzip can unpack to terabytes. */
const MAX_BYTES = 2 ** 31 - 1;

/** Whether the bytes are gzip: both marks and the method, as one mark alone also begins other files. */
const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8;

/**
 * Unpacks gzip; anything else is returned as it is. A file that is cut gives what it holds when that is less than its
 * header asks for, so that the message of the header's check can say how much is missing.
 *
 * @throws LabError UNREADABLE_FILE
 */
export function unpackGzip(bytes: Uint8Array, file: string): Uint8Array {
  if (!isGzip(bytes)) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_BYTES });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ERR_BUFFER_TOO_LARGE") throw unreadable(file, `it unpacks to more than ${MAX_BYTES} bytes`, error);
    if (code !== "Z_BUF_ERROR") throw unreadable(file, `its gzip data are damaged (${message})`, error);
    const partial = unpackCut(bytes);
    readNiftiHeader(partial, file);
    throw unreadable(file, `it is cut: its gzip data end early, at ${bytes.length} bytes; copy it again`, error);
  }
}

function unpackCut(bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_BYTES, finishFlush: zlib.Z_SYNC_FLUSH });
  } catch {
    return new Uint8Array(0);
  }
}

export interface ReadNiftiOptions {
  readonly replaceStated?: boolean;
}

/**
 * Reads a volume: NIfTI-1 or NIfTI-2, packed or not, either byte order, any integer or float voxels, one volume. The sform
 * gives the orientation where its code is set and it is usable, else the qform, else `affine`, else voxels are taken as RAS.
 * Axes are reordered and turned, never resampled: an oblique volume keeps its grid.
 *
 * @param bytes the whole file
 * @param file its name, for messages
 * @param affine orientation of the grid the volume lies on, for a file that states none (a mask without its image's header)
 * @param options `replaceStated`: the given affine counts even where the file states one
 * @throws LabError UNREADABLE_FILE
 */
export function readNifti(
  bytes: Uint8Array,
  file: string,
  affine?: Affine,
  { replaceStated = false }: ReadNiftiOptions = {},
): NiftiVolume {
  const unpacked = unpackGzip(bytes, file);
  const header = readNiftiHeader(unpacked, file);
  const { size, pixelSize } = header;
  const used = replaceStated ? (affine ?? header.affine) : (header.affine ?? affine);
  const sizes = used === undefined ? pixelSize : voxelSizes(used);
  const orientation =
    used === undefined ? ([0, 1, 2] as const).map((axis) => ({ axis, sign: 1 as const })) : orientationOf(used);
  const { shape, start, steps, storedAxes } = canonicalOrder(size, orientation);
  const stored = storedVoxels(unpacked, header);

  const data = new (header.datatype.fitsFloat32 ? Float32Array : Float64Array)(stored.length);
  const { slope, intercept } = header;
  let out = 0;
  for (let z = 0; z < shape[0]; z++) {
    for (let y = 0; y < shape[1]; y++) {
      let at = start + z * steps[0] + y * steps[1];
      for (let x = 0; x < shape[2]; x++) {
        data[out++] = slope * Number(stored[at]) + intercept;
        at += steps[2];
      }
    }
  }
  const alongShape = (edges: Triple): Triple => [edges[storedAxes[0]]!, edges[storedAxes[1]]!, edges[storedAxes[2]]!];
  return {
    data,
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

const VIEWS: Readonly<Record<string, new (buffer: ArrayBuffer) => StoredVoxels>> = {
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

/** The voxels in the file's order and this machine's byte order, in memory of their own (a view needs aligned bytes). */
function storedVoxels(bytes: Uint8Array, { size, datatype, dataOffset, littleEndian }: NiftiHeader): StoredVoxels {
  const length = size[0] * size[1] * size[2] * datatype.bytes;
  const copy = new Uint8Array(length);
  copy.set(bytes.subarray(dataOffset, dataOffset + length));
  if (littleEndian !== (endianness() === "LE")) {
    const buffer = Buffer.from(copy.buffer);
    if (datatype.bytes === 2) buffer.swap16();
    if (datatype.bytes === 4) buffer.swap32();
    if (datatype.bytes === 8) buffer.swap64();
  }
  return new VIEWS[datatype.name]!(copy.buffer);
}
