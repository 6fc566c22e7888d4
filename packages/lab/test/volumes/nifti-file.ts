// Builds NIfTI files byte by byte, both versions and byte orders, so that the reader is tested against the standard.

export interface NiftiParts {
  /** dim[1] and on, fastest first. */
  readonly size: readonly number[];
  /** Stored numbers, in the file's order. */
  readonly stored: readonly number[];
  /** Code of the datatype; 4 (int16) when not given. */
  readonly datatype?: number;
  readonly bitsPerVoxel?: number;
  readonly version?: 1 | 2;
  readonly littleEndian?: boolean;
  readonly slope?: number;
  readonly intercept?: number;
  /** Code, and the three rows of four. */
  readonly sform?: { readonly code: number; readonly rows: readonly (readonly number[])[] };
  /** Code, b, c, d of the quaternion, and pixdim[0]. */
  readonly qform?: { readonly code: number; readonly bcd: readonly number[]; readonly qfac?: number };
  readonly pixdim?: readonly number[];
  readonly units?: number;
  readonly dataOffset?: number;
  readonly magic?: string;
}

type Writer = (view: DataView, at: number, value: number, littleEndian: boolean) => void;

const WRITERS: Readonly<Record<number, readonly [bytes: number, write: Writer]>> = {
  2: [1, (view, at, value) => view.setUint8(at, value)],
  4: [2, (view, at, value, little) => view.setInt16(at, value, little)],
  8: [4, (view, at, value, little) => view.setInt32(at, value, little)],
  16: [4, (view, at, value, little) => view.setFloat32(at, value, little)],
  64: [8, (view, at, value, little) => view.setFloat64(at, value, little)],
  256: [1, (view, at, value) => view.setInt8(at, value)],
  512: [2, (view, at, value, little) => view.setUint16(at, value, little)],
  768: [4, (view, at, value, little) => view.setUint32(at, value, little)],
  1024: [8, (view, at, value, little) => view.setBigInt64(at, BigInt(value), little)],
  1280: [8, (view, at, value, little) => view.setBigUint64(at, BigInt(value), little)],
};

/** Where the fields are: NIfTI-1, then NIfTI-2 (nifti1.h, nifti2.h). */
const PLACES = {
  1: { length: 348, magic: 344, dim: 40, datatype: 70, pixdim: 76, offset: 108, slope: 112, units: 123, codes: 252 },
  2: { length: 540, magic: 4, dim: 16, datatype: 12, pixdim: 104, offset: 168, slope: 176, units: 500, codes: 344 },
} as const;

export function makeNifti(parts: NiftiParts): Uint8Array {
  const { size, stored, datatype = 4, version = 1, littleEndian: little = true } = parts;
  const places = PLACES[version];
  const [bytes, write] = WRITERS[datatype] ?? [1, WRITERS[2]![1]];
  const start = places.length + 4;
  const dataOffset = parts.dataOffset ?? start;
  const file = new Uint8Array(Math.max(start, dataOffset) + stored.length * bytes);
  const view = new DataView(file.buffer);
  const real = version === 1 ? 4 : 8;
  const float = (at: number, value: number) =>
    version === 1 ? view.setFloat32(at, value, little) : view.setFloat64(at, value, little);
  const code = (at: number, value: number) =>
    version === 1 ? view.setInt16(at, value, little) : view.setInt32(at, value, little);
  const long = (at: number, value: number) =>
    version === 1 ? view.setInt16(at, value, little) : view.setBigInt64(at, BigInt(value), little);

  view.setInt32(0, places.length, little);
  const magic = parts.magic ?? `n+${version}`;
  for (let i = 0; i < magic.length; i++) file[places.magic + i] = magic.charCodeAt(i);
  const dims = [size.length, ...size, ...Array(7 - size.length).fill(1)];
  for (const [i, length] of dims.entries()) long(places.dim + i * (version === 1 ? 2 : 8), length);
  view.setInt16(places.datatype, datatype, little);
  view.setInt16(places.datatype + 2, parts.bitsPerVoxel ?? 8 * bytes, little);
  const pixdim = [parts.qform?.qfac ?? 1, ...(parts.pixdim ?? [1, 1, 1])];
  for (const [i, length] of pixdim.entries()) float(places.pixdim + i * real, length);
  if (version === 1) view.setFloat32(places.offset, dataOffset, little);
  else view.setBigInt64(places.offset, BigInt(dataOffset), little);
  float(places.slope, parts.slope ?? 1);
  float(places.slope + real, parts.intercept ?? 0);
  if (version === 1) file[places.units] = parts.units ?? 2;
  else view.setInt32(places.units, parts.units ?? 2, little);
  const codeBytes = version === 1 ? 2 : 4;
  code(places.codes, parts.qform?.code ?? 0);
  code(places.codes + codeBytes, parts.sform?.code ?? 0);
  const quaternion = places.codes + 2 * codeBytes;
  for (const [i, value] of (parts.qform?.bcd ?? [0, 0, 0]).entries()) float(quaternion + i * real, value);
  const rows = parts.sform?.rows.flat() ?? [];
  for (const [i, value] of rows.entries()) float(quaternion + (6 + i) * real, value);

  for (const [i, value] of stored.entries()) write(view, Math.max(start, dataOffset) + i * bytes, value, little);
  return file;
}

/** The numbers 0, 1, 2, … in a volume of this size. */
export const counting = (size: readonly number[]): number[] =>
  Array.from({ length: size.reduce((product, length) => product * length, 1) }, (_, i) => i);
