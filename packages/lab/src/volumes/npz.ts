// Arrays that NumPy saved in a .npz file: a ZIP file with one .npy file per array.

import { unzipSync } from "fflate";
import { unreadable } from "./read-bytes.js";

/** An array of floating-point numbers, its last axis fastest. */
export interface NumpyArray {
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array;
}

/** An array that unpacks to more is refused: a few kilobytes of ZIP can unpack to gigabytes. */
const MAX_BYTES = 2 ** 32;

/**
 * The first array that has one of the names.
 *
 * @param bytes the whole file
 * @param file its name, for messages
 * @throws LabError UNREADABLE_FILE, also where there is none of the arrays, or one that does not hold floating-point numbers
 */
export function readNpz(bytes: Uint8Array, file: string, names: readonly string[]): NumpyArray {
  const found: string[] = [];
  let entries: Record<string, Uint8Array>;
  try {
    entries = unzipSync(bytes, {
      filter({ name, originalSize }) {
        found.push(name.replace(/\.npy$/u, ""));
        const wanted = names.includes(found.at(-1)!);
        if (wanted && originalSize > MAX_BYTES) throw new RangeError(`${name} unpacks to more than ${MAX_BYTES} bytes`);
        return wanted;
      },
    });
  } catch (error) {
    throw unreadable(file, `it is no whole .npz file (${(error as Error).message}); save or copy it again`, error);
  }
  const name = names.find((one) => entries[`${one}.npy`] !== undefined);
  if (name === undefined) {
    throw unreadable(file, `it holds no array ${names.join(" or ")}, but ${found.slice(0, 8).join(", ") || "nothing"}`);
  }
  return readNpy(entries[`${name}.npy`]!, `${name} of ${file}`);
}

/** The kinds of floating-point numbers, by NumPy's letters: bytes of each, and the number at a place. */
const KINDS: Readonly<Record<string, { readonly bytes: number; readonly read: Reader }>> = {
  f2: { bytes: 2, read: (view, at, little) => halfToNumber(view.getUint16(at, little)) },
  f4: { bytes: 4, read: (view, at, little) => view.getFloat32(at, little) },
  f8: { bytes: 8, read: (view, at, little) => view.getFloat64(at, little) },
};
type Reader = (view: DataView, at: number, little: boolean) => number;

const MAGIC = "\u0093NUMPY";
/** Mark and version. */
const PREFIX_LENGTH = 8;

/** Format of .npy files: numpy.lib.format. */
function readNpy(bytes: Uint8Array, where: string): NumpyArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lengthBytes = bytes[6] === 1 ? 2 : 4;
  if (bytes.length < PREFIX_LENGTH + lengthBytes || String.fromCharCode(...bytes.subarray(0, 6)) !== MAGIC) {
    throw unreadable(where, "it is no NumPy array (.npy)");
  }
  const headerLength = lengthBytes === 2 ? view.getUint16(PREFIX_LENGTH, true) : view.getUint32(PREFIX_LENGTH, true);
  const start = PREFIX_LENGTH + lengthBytes + headerLength;
  const header = Buffer.from(bytes.subarray(PREFIX_LENGTH + lengthBytes, start)).toString("latin1");
  // A Python dictionary, as {'descr': '<f4', 'fortran_order': False, 'shape': (3, 20, 30, 40), }
  const [, order, letters] = /'descr':\s*'([<>|=]?)(\w+)'/u.exec(header) ?? [];
  const [, lengths] = /'shape':\s*\(([\d,\s]*)\)/u.exec(header) ?? [];
  if (letters === undefined || lengths === undefined) throw unreadable(where, "its header does not say what it holds");
  const kind = KINDS[letters];
  if (kind === undefined) {
    throw unreadable(where, `it holds numbers of the kind ${letters}; floating-point numbers are read: f2, f4, f8`);
  }
  const shape = lengths.split(",").flatMap((part) => (part.trim() === "" ? [] : [Number(part)]));
  const length = shape.reduce((product, extent) => product * extent, 1);
  if (bytes.length - start !== length * kind.bytes) {
    throw unreadable(
      where,
      `${shape.join(" x ")} numbers need ${length * kind.bytes} bytes; there are ${bytes.length - start}`,
    );
  }
  const data = new (kind.bytes === 8 ? Float64Array : Float32Array)(length);
  for (let i = 0, at = start; i < length; i++, at += kind.bytes) data[i] = kind.read(view, at, order !== ">");
  return { shape, data: /'fortran_order':\s*True/u.test(header) ? fromFirstFastest(data, shape) : data };
}

/** NumPy saves the transpose of an array as it lies, its first axis fastest. */
function fromFirstFastest<T extends Float32Array | Float64Array>(data: T, shape: readonly number[]): T {
  const ordered = data.slice() as T;
  const index = shape.map(() => 0);
  for (const value of data) {
    ordered[index.reduce((at, i, axis) => at * shape[axis]! + i, 0)] = value;
    for (let axis = 0; axis < shape.length && ++index[axis]! === shape[axis]; axis++) index[axis] = 0;
  }
  return ordered;
}

/** IEEE 754 half precision: 1 bit of sign, 5 of exponent with bias 15, 10 of fraction. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
