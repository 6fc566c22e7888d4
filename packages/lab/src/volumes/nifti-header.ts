// The header of a NIfTI-1 or NIfTI-2 file: parsed by nifti-reader-js, then checked, because that library takes any numbers.

import { NIFTI1, NIFTI2 } from "nifti-reader-js";
import { type Affine, type AffineRow, isUsable, type Triple, voxelSizes } from "./orientation.js";
import { unreadable } from "./read-bytes.js";
import { isEdge, MAX_VOXELS } from "./volume-limits.js";

/** How a voxel is stored. */
export interface Datatype {
  readonly name: string;
  readonly bytes: 1 | 2 | 4 | 8;
  /** Whether float32 holds every value exactly. */
  readonly fitsFloat32: boolean;
}

/** The types that are read, by the code of the NIfTI standard. */
const DATATYPES: Readonly<Record<number, Datatype>> = {
  2: { name: "uint8", bytes: 1, fitsFloat32: true },
  4: { name: "int16", bytes: 2, fitsFloat32: true },
  8: { name: "int32", bytes: 4, fitsFloat32: false },
  16: { name: "float32", bytes: 4, fitsFloat32: true },
  64: { name: "float64", bytes: 8, fitsFloat32: false },
  256: { name: "int8", bytes: 1, fitsFloat32: true },
  512: { name: "uint16", bytes: 2, fitsFloat32: true },
  768: { name: "uint32", bytes: 4, fitsFloat32: false },
  1024: { name: "int64", bytes: 8, fitsFloat32: false },
  1280: { name: "uint64", bytes: 8, fitsFloat32: false },
};

const OTHER_DATATYPES: Readonly<Record<number, string>> = {
  1: "binary",
  32: "complex64",
  128: "RGB24",
  1536: "float128",
  1792: "complex128",
  2048: "complex256",
  2304: "RGBA32",
};

export interface NiftiHeader {
  readonly littleEndian: boolean;
  /** Voxels along the stored axes i, j, k; i varies fastest. */
  readonly size: Triple;
  /** Volumes behind one another: one per channel; 1 unless several are allowed. */
  readonly channels: number;
  readonly datatype: Datatype;
  /** Byte at which the voxels start. */
  readonly dataOffset: number;
  /** Bytes of the unpacked file as far as its last voxel. */
  readonly byteLength: number;
  /** Value = slope x stored + intercept. */
  readonly slope: number;
  readonly intercept: number;
  /** Where the voxels lie in the patient, in millimetres; undefined when the file does not say. */
  readonly affine: Affine | undefined;
  /** Millimetres along i, j, k by the field pixdim, for files without an affine; 1 where it is not given. */
  readonly pixelSize: Triple;
  /** Whether pixdim gives a size for every axis that is longer than one voxel. */
  readonly pixelSizeStated: boolean;
}

const FORMS = [
  { version: 1, length: 348, magicAt: 344, affineAt: 280, float: 4 },
  { version: 2, length: 540, magicAt: 4, affineAt: 400, float: 8 },
] as const;

/** Bytes that are enough to read the header of either version. */
export const LONGEST_HEADER = 540;

/** Millimetres per unit of length, by the low three bits of `xyzt_units`: metre, millimetre, micrometre; 0 is unknown. */
const MILLIMETRES: Readonly<Record<number, number>> = { 1: 1000, 2: 1, 3: 0.001 };

/**
 * Reads and checks the header of an unpacked file.
 *
 * @param bytes the file, not compressed
 * @param options `channels`: the file may have several volumes, along its fourth axis or, as ITK writes vectors, its fifth
 * @throws LabError UNREADABLE_FILE when it is not NIfTI, has a kind of voxel that is not read, more dimensions than are allowed,
 *   or fewer bytes than its size needs
 */
export function readNiftiHeader(
  bytes: Uint8Array,
  file: string,
  options: { readonly channels?: boolean } = {},
): NiftiHeader {
  const header = parseNiftiHeader(bytes, file, options);
  checkWhole(header, bytes.length, file);
  return header;
}

/** The same of a file of which the start is known alone. */
export function parseNiftiHeader(
  bytes: Uint8Array,
  file: string,
  options: { readonly channels?: boolean },
): NiftiHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < FORMS[0].length) {
    throw unreadable(file, `it is cut: it has ${bytes.length} bytes, a NIfTI header has ${FORMS[0].length}`);
  }
  const form = FORMS.find(({ length }) => [view.getInt32(0, true), view.getInt32(0, false)].includes(length));
  if (form === undefined) throw unreadable(file, "it is not a NIfTI file (its header does not start with 348 or 540)");
  if (bytes.length < form.length) {
    throw unreadable(file, `it is cut: it has ${bytes.length} bytes, a NIfTI-2 header has ${form.length}`);
  }
  checkMagic(bytes, form, file);
  // Without the bytes behind it, so that the library does not read extensions: losskit has no use for them, and the
  // library throws on those it does not understand.
  const raw = form.version === 1 ? new NIFTI1() : new NIFTI2();
  // A copy, but not by slice(): that of a Buffer is a view, whose memory holds other things too.
  raw.readHeader(new Uint8Array(bytes.subarray(0, form.length)).buffer);

  const littleEndian = raw.littleEndian;
  const { size, channels } = readSize(raw.dims, file, options.channels === true);
  const datatype = readDatatype(raw.datatypeCode, raw.numBitsPerVoxel, file);
  const dataOffset = readDataOffset(raw.vox_offset, form.length, file);
  const voxels = size[0] * size[1] * size[2] * channels;
  if (voxels > MAX_VOXELS) {
    throw unreadable(file, `its header says ${inWords(size, channels)} voxels; at most ${MAX_VOXELS} are read`);
  }
  const byteLength = dataOffset + voxels * datatype.bytes;
  const { slope, intercept } = readScale(raw.scl_slope, raw.scl_inter, file);
  const unit = MILLIMETRES[raw.xyzt_units & 7] ?? 1;
  const edges = [1, 2, 3].map((axis) => Math.abs(raw.pixDims[axis]!) * unit);
  const pixelSize = edges.map((edge) => (isEdge(edge) ? edge : unit)) as unknown as Triple;
  const pixelSizeStated = size.every((length, axis) => length === 1 || isEdge(edges[axis]!));
  const sform = raw.sform_code > 0 ? sformAffine(view, form, littleEndian) : undefined;
  const qform = raw.qform_code > 0 ? qformAffine(raw, pixelSize, unit) : undefined;
  const affine = [sform && scaled(sform, unit), qform].find(
    (one) => one !== undefined && isUsable(one) && voxelSizes(one).every(isEdge),
  );
  const voxel = { size, channels, datatype, slope, intercept };
  return { littleEndian, ...voxel, dataOffset, byteLength, affine, pixelSize, pixelSizeStated };
}

/** @throws LabError UNREADABLE_FILE where a file of `length` bytes is too short for its voxels */
export function checkWhole({ size, channels, datatype, byteLength }: NiftiHeader, length: number, file: string): void {
  if (byteLength <= length) return;
  throw unreadable(
    file,
    `it is cut: ${inWords(size, channels)} voxels of ${datatype.name} need ${byteLength} bytes, it has ${length}; copy it again`,
  );
}

const inWords = (size: Triple, channels: number): string => [...size, ...(channels > 1 ? [channels] : [])].join(" x ");

function checkMagic(bytes: Uint8Array, { version, magicAt }: (typeof FORMS)[number], file: string): void {
  const magic = String.fromCharCode(...bytes.subarray(magicAt, magicAt + 3));
  if (magic === `n+${version}`) return;
  if (magic === `ni${version}`) {
    throw unreadable(file, "its voxels are in a second file (.hdr and .img); convert the pair to one .nii file");
  }
  throw unreadable(file, "it has no NIfTI mark (n+1 or n+2); if it is in the Analyze format, convert it to NIfTI");
}

function readSize(
  dims: readonly number[],
  file: string,
  channelsAllowed: boolean,
): { readonly size: Triple; readonly channels: number } {
  const count = dims[0]!;
  if (!(count >= 1 && count <= 7)) throw unreadable(file, `its header says ${count} dimensions; 1 to 7 are possible`);
  const lengths = dims.slice(1, count + 1);
  if (!lengths.every((length) => Number.isInteger(length) && length >= 1)) {
    throw unreadable(file, `its header says ${lengths.join(" x ")} voxels; each must be at least 1`);
  }
  const volumes = lengths.slice(3).filter((length) => length !== 1);
  if (volumes.length > (channelsAllowed ? 1 : 0)) {
    throw unreadable(
      file,
      `it has more than one volume (${lengths.join(" x ")}); save each time point or channel as a file of its own; ` +
        "several channels are read as probabilities, with --probabilities of losskit evaluate",
    );
  }
  const [i, j = 1, k = 1] = lengths;
  return { size: [i!, j, k], channels: volumes[0] ?? 1 };
}

function readDatatype(code: number, bits: number, file: string): Datatype {
  const datatype = DATATYPES[code];
  if (datatype === undefined) {
    const names = Object.values(DATATYPES).map(({ name }) => name);
    throw unreadable(
      file,
      `its voxels are ${OTHER_DATATYPES[code] ?? `of the unknown type ${code}`}; read are ${names.join(", ")}`,
    );
  }
  if (bits !== datatype.bytes * 8) {
    throw unreadable(
      file,
      `its header says ${datatype.name} with ${bits} bits per voxel; it must be ${datatype.bytes * 8}`,
    );
  }
  return datatype;
}

function readDataOffset(offset: number, headerLength: number, file: string): number {
  // Four bytes for the extension flag stand between header and voxels. Some writers leave 0, meaning just behind it.
  const least = headerLength + 4;
  if (offset === 0) return least;
  if (Number.isInteger(offset) && offset >= least) return offset;
  throw unreadable(file, `its header says that the voxels start at byte ${offset}; it must be at least ${least}`);
}

/** A slope of 0 means no scaling by the standard; some writers leave NaN. */
function readScale(slope: number, intercept: number, file: string): { slope: number; intercept: number } {
  if (slope === 0 || Number.isNaN(slope)) return { slope: 1, intercept: 0 };
  if (!Number.isFinite(slope) || !Number.isFinite(intercept)) {
    throw unreadable(file, `its header scales by ${slope} and adds ${intercept}; both must be finite`);
  }
  return { slope, intercept };
}

/** False of NaN too. */

function sformAffine(view: DataView, { affineAt, float }: (typeof FORMS)[number], littleEndian: boolean): Affine {
  const value = (row: number, column: number) => {
    const at = affineAt + (row * 4 + column) * float;
    return float === 4 ? view.getFloat32(at, littleEndian) : view.getFloat64(at, littleEndian);
  };
  const row = (r: number): AffineRow => [value(r, 0), value(r, 1), value(r, 2), value(r, 3)];
  return [row(0), row(1), row(2)];
}

function scaled([x, y, z]: Affine, factor: number): Affine {
  const times = ([a, b, c, d]: AffineRow): AffineRow => [a * factor, b * factor, c * factor, d * factor];
  return [times(x), times(y), times(z)];
}

/**
 * The rotation given as a quaternion a + bi + cj + dk of length 1, of which b, c and d are stored; pixdim[0] is -1 where k
 * runs the other way. Near a = 0 (half turns) rounding may leave b² + c² + d² above 1: they are then scaled to 1, as the
 * standard's own C code does.
 */
function qformAffine(raw: NIFTI1 | NIFTI2, [si, sj, sk]: Triple, unit: number): Affine {
  let { quatern_b: b, quatern_c: c, quatern_d: d } = raw;
  const squares = b * b + c * c + d * d;
  let a = 0;
  if (1 - squares < 1e-7) {
    const length = Math.sqrt(squares);
    b /= length;
    c /= length;
    d /= length;
  } else {
    a = Math.sqrt(1 - squares);
  }
  const k = raw.pixDims[0]! < 0 ? -sk : sk;
  return [
    [(a * a + b * b - c * c - d * d) * si, 2 * (b * c - a * d) * sj, 2 * (b * d + a * c) * k, raw.qoffset_x * unit],
    [2 * (b * c + a * d) * si, (a * a + c * c - b * b - d * d) * sj, 2 * (c * d - a * b) * k, raw.qoffset_y * unit],
    [2 * (b * d - a * c) * si, 2 * (c * d + a * b) * sj, (a * a + d * d - b * b - c * c) * k, raw.qoffset_z * unit],
  ];
}
