// Writes .npz files as numpy.savez_compressed does, for tests of what reads them.

import { zipSync } from "fflate";

export interface NpyParts {
  readonly shape: readonly number[];
  readonly values: readonly number[];
  /** NumPy's letters; "<f4" when not given. */
  readonly descr?: "<f2" | "<f4" | ">f4" | "<f8" | "|u1";
  readonly fortran?: boolean;
  readonly version?: 1 | 2;
}

/** Half-precision bits of the few numbers that tests use. */
const HALF: Readonly<Record<number, number>> = { 0: 0, 0.25: 0x3400, 0.5: 0x3800, 0.75: 0x3a00, 1: 0x3c00 };

export function makeNpy({ shape, values, descr = "<f4", fortran = false, version = 1 }: NpyParts): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const header = `{'descr': '${descr}', 'fortran_order': ${fortran ? "True" : "False"}, 'shape': ${tuple}, }\n`;
  const bytes = Number(descr[2]);
  const lengthBytes = version === 1 ? 2 : 4;
  const start = 8 + lengthBytes + header.length;
  const file = Buffer.alloc(start + values.length * bytes);
  file.write("\u0093NUMPY", 0, "latin1");
  file[6] = version;
  file.writeUIntLE(header.length, 8, lengthBytes);
  file.write(header, 8 + lengthBytes, "latin1");
  for (const [i, value] of values.entries()) {
    const at = start + i * bytes;
    if (descr === "<f2") file.writeUInt16LE(HALF[value]!, at);
    else if (descr === "<f4") file.writeFloatLE(value, at);
    else if (descr === ">f4") file.writeFloatBE(value, at);
    else if (descr === "<f8") file.writeDoubleLE(value, at);
    else file[at] = value;
  }
  return file;
}

export const makeNpz = (parts: NpyParts, name = "probabilities"): Uint8Array =>
  zipSync({ [`${name}.npy`]: makeNpy(parts) });
