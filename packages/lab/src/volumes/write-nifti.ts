// Writes a volume as a NIfTI-1 file that other tools open: one volume, RAS order, millimetres.

import { gzipSync } from "fflate";
import { LabError } from "../errors.js";
import type { Triple } from "./orientation.js";

export interface NiftiContents {
  /** Voxels `[depth, height, width]`, as `readNifti` returns them: towards superior, anterior and right. */
  readonly data: Uint8Array | Int16Array | Uint16Array | Float32Array;
  /** [depth, height, width]; each 1 to 32767. */
  readonly shape: readonly number[];
  /** Millimetres along each axis of `shape`; 1 when not given. */
  readonly spacing?: readonly number[];
  /** Patient position of the first voxel, in millimetres towards superior, anterior, right; 0 when not given. */
  readonly origin?: Triple;
  /** Whether to pack by gzip, as `.nii.gz`; true when not given. */
  readonly gzip?: boolean;
}

const HEADER_LENGTH = 348;
/** Behind the header and the four bytes that say that no extension follows. */
const DATA_OFFSET = 352;
/** The largest length an int16 of the header holds. */
const MAX_LENGTH = 32767;

/**
 * The bytes of a NIfTI-1 file, little-endian; the same contents give the same bytes at any time and on any machine.
 *
 * @throws LabError SIZE_MISMATCH when the shape does not fit the data or the format
 */
export function writeNifti({ data, shape, spacing = [1, 1, 1], origin = [0, 0, 0], gzip }: NiftiContents): Uint8Array {
  const [depth, height, width] = checkShape(data.length, shape);
  const [dz, dy, dx] = spacing as Triple;
  const { code, bytes } = datatypeOf(data);
  const file = new Uint8Array(DATA_OFFSET + data.length * bytes);
  const view = new DataView(file.buffer);
  const int16 = (at: number, ...values: number[]) => {
    for (const [i, value] of values.entries()) view.setInt16(at + 2 * i, value, true);
  };
  const float32 = (at: number, ...values: number[]) => {
    for (const [i, value] of values.entries()) view.setFloat32(at + 4 * i, value, true);
  };
  view.setInt32(0, HEADER_LENGTH, true);
  int16(40, 3, width, height, depth, 1, 1, 1, 1); // dim
  int16(70, code, bytes * 8); // datatype, bitpix
  float32(76, 1, dx, dy, dz, 1, 1, 1, 1); // pixdim; the first is the sign of the qform's third axis
  float32(108, DATA_OFFSET, 1, 0); // vox_offset, scl_slope, scl_inter
  file[123] = 2; // xyzt_units: millimetres
  int16(252, 1, 1); // qform_code, sform_code: scanner coordinates. The quaternion 0, 0, 0 is no rotation
  float32(268, origin[2], origin[1], origin[0]); // qoffset
  float32(280, dx, 0, 0, origin[2], 0, dy, 0, origin[1], 0, 0, dz, origin[0]); // srow_x, srow_y, srow_z
  file.set([0x6e, 0x2b, 0x31], 344); // magic: n+1

  for (let i = 0; i < data.length; i++) {
    const at = DATA_OFFSET + i * bytes;
    if (data instanceof Uint8Array) file[at] = data[i]!;
    else if (data instanceof Float32Array) view.setFloat32(at, data[i]!, true);
    else view.setUint16(at, data[i]!, true); // int16 too: the bytes of a negative number are those of its 16 bits
  }
  // Without the time of day, so that equal volumes are equal files.
  return gzip === false ? file : gzipSync(file, { mtime: 0 });
}

function checkShape(length: number, shape: readonly number[]): Triple {
  const [depth, height, width] = shape;
  const fits = shape.length === 3 && shape.every((n) => Number.isInteger(n) && n >= 1 && n <= MAX_LENGTH);
  if (!fits || depth! * height! * width! !== length) {
    throw new LabError(
      "SIZE_MISMATCH",
      `${length} voxels cannot be written as a volume of ${shape.join(" x ")}; give [depth, height, width], each 1 to ${MAX_LENGTH}`,
    );
  }
  return [depth!, height!, width!];
}

function datatypeOf(data: NiftiContents["data"]): { code: number; bytes: number } {
  if (data instanceof Uint8Array) return { code: 2, bytes: 1 };
  if (data instanceof Int16Array) return { code: 4, bytes: 2 };
  if (data instanceof Uint16Array) return { code: 512, bytes: 2 };
  return { code: 16, bytes: 4 };
}
