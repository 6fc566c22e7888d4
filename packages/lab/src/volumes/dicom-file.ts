// A DICOM file as data elements by tag, parsed by dcmjs, which is loaded when the first such file is met.

import { inflateRawSync } from "node:zlib";
import { LabError } from "../errors.js";
import { unreadable } from "./read-bytes.js";

/** Elements by tag, "00280010"; what a tag holds is an array of values, of a sequence an array of data sets. */
export type DicomDataset = Readonly<Record<string, { readonly Value?: unknown } | undefined>>;

/** The part of dcmjs that is used; it has no types of its own. */
interface Dcmjs {
  readonly data: {
    readonly DicomMessage: {
      readFile(bytes: ArrayBuffer, options?: { readonly noCopy?: boolean }): { readonly dict: DicomDataset };
    };
  };
  readonly log: Logger & { getLogger(name: string): Logger };
}
interface Logger {
  setLevel(level: string, persist: boolean): void;
}

const EXPLICIT = "1.2.840.10008.1.2.1";
const DEFLATED = "1.2.840.10008.1.2.1.99";
const READABLE_SYNTAXES: ReadonlySet<string> = new Set(["1.2.840.10008.1.2", EXPLICIT, DEFLATED]);
/** Those that are met, by the names of the standard (PS3.6, table A-1). */
const OTHER_SYNTAXES: Readonly<Record<string, string>> = {
  "1.2.840.10008.1.2.2": "explicit VR big endian",
  "1.2.840.10008.1.2.5": "RLE lossless",
  "1.2.840.10008.1.2.4.50": "JPEG baseline",
  "1.2.840.10008.1.2.4.57": "JPEG lossless",
  "1.2.840.10008.1.2.4.70": "JPEG lossless, first-order prediction",
  "1.2.840.10008.1.2.4.80": "JPEG-LS lossless",
  "1.2.840.10008.1.2.4.90": "JPEG 2000 lossless",
  "1.2.840.10008.1.2.4.91": "JPEG 2000",
  "1.2.840.10008.1.2.4.201": "high-throughput JPEG 2000 lossless",
  "1.2.840.10008.1.2.8.1": "deflated image frames",
};

/** PS3.10: 128 bytes of no meaning, DICM, then the length of the group 0002, an element of 12 bytes. */
const PREAMBLE = 128;
const GROUP_LENGTH_AT = PREAMBLE + 4;
const GROUP_AT = GROUP_LENGTH_AT + 12;
const PIXEL_DATA = "7FE00010";
const PIXEL_DATA_BYTES = Buffer.from([0xe0, 0x7f, 0x10, 0x00]);
/** Tag (0002,0010) and the letters of its kind, UI; its length and its value follow. */
const TRANSFER_SYNTAX = "\u0002\0\u0010\0UI";
/** A file that unpacks to more is refused: a few kilobytes can unpack to gigabytes. */
const MAX_BYTES = 2 ** 31 - 1;

/**
 * Parses a file.
 *
 * @param bytes the whole file
 * @param file its name, for messages
 * @throws LabError UNREADABLE_FILE, also where it is compressed or damaged, or dcmjs is not installed
 */
export async function readDicom(bytes: Uint8Array, file: string): Promise<DicomDataset> {
  loaded ??= loadDcmjs();
  const dcmjs = await loaded.catch((error: unknown) => {
    loaded = undefined;
    throw new LabError("UNREADABLE_FILE", `${file} is DICOM, which needs one more package: npm install dcmjs`, {
      cause: error,
    });
  });
  const plain = uncompressed(bytes, file);
  let dataset: DicomDataset;
  try {
    dataset = dcmjs.data.DicomMessage.readFile(plain, { noCopy: true }).dict;
  } catch (error) {
    throw unreadable(file, `it cannot be parsed (${(error as Error).message}); it may be cut or damaged`, error);
  }
  checkWhole(dataset, plain, file);
  return dataset;
}

let loaded: Promise<Dcmjs> | undefined;

async function loadDcmjs(): Promise<Dcmjs> {
  // A name that is not there for the compiler: the package is optional.
  const name = "dcmjs";
  const { default: dcmjs } = (await import(name)) as { readonly default: Dcmjs };
  // It prints what it finds odd; what matters is checked here.
  for (const logger of [dcmjs.log, dcmjs.log.getLogger("validation.dcmjs")]) logger.setLevel("silent", false);
  return dcmjs;
}

/** The file in memory of its own, its data set unpacked. */
function uncompressed(bytes: Uint8Array, file: string): ArrayBuffer {
  const text = (from: number, to: number) => Buffer.from(bytes.subarray(from, to)).toString("latin1");
  if (text(PREAMBLE, GROUP_LENGTH_AT) !== "DICM" || bytes.length < GROUP_AT) {
    throw unreadable(file, "it is not a DICOM file, or is cut: the mark DICM is missing at byte 128");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = GROUP_AT + view.getUint32(GROUP_LENGTH_AT + 8, true);
  const tag = text(GROUP_AT, start).indexOf(TRANSFER_SYNTAX);
  const at = GROUP_AT + tag + TRANSFER_SYNTAX.length + 2;
  const [uid] = /^[\d.]*/u.exec(tag < 0 ? "" : text(at, start)) as [string];
  if (uid === "") throw unreadable(file, "it does not say how it is stored (transfer syntax); it is cut or damaged");
  if (!READABLE_SYNTAXES.has(uid)) {
    const name = OTHER_SYNTAXES[uid];
    throw unreadable(
      file,
      `it is stored as ${name === undefined ? uid : `${name} (${uid})`}; store it uncompressed, for example with dcmtk's dcmdrle or dcmdjpeg`,
    );
  }
  if (uid !== DEFLATED) return new Uint8Array(bytes).buffer;
  let inflated: Buffer;
  try {
    inflated = inflateRawSync(bytes.subarray(start), { maxOutputLength: MAX_BYTES });
  } catch (error) {
    throw unreadable(file, `its deflated data are cut or damaged (${(error as Error).message})`, error);
  }
  const plain = new Uint8Array(start + inflated.length);
  plain.set(bytes.subarray(0, start));
  // The shorter name of what it is now, padded with zeros as names of odd length are.
  plain.fill(0, at, at + uid.length);
  plain.set(Buffer.from(EXPLICIT, "latin1"), at);
  plain.set(inflated, start);
  return plain.buffer;
}

/** Past the end of a file dcmjs reads zeros. Pixels come last, so a file with all of them is whole. */
function checkWhole(dataset: DicomDataset, plain: ArrayBuffer, file: string): void {
  if (dataset[PIXEL_DATA] === undefined) return;
  const { length } = pixelDataOf(dataset);
  const bytes = Buffer.from(plain);
  for (let at = bytes.indexOf(PIXEL_DATA_BYTES); at >= 0; at = bytes.indexOf(PIXEL_DATA_BYTES, at + 1)) {
    // Explicit, the kind and two zeros stand before the length.
    for (const header of [8, 12]) {
      if (at + header > bytes.length || bytes.readUInt32LE(at + header - 4) !== length) continue;
      if (at + header + length <= bytes.length) return;
    }
  }
  throw unreadable(file, `it is cut: it ends before its pixels do, at ${plain.byteLength} bytes; copy it again`);
}

/** The pixels of an image as dcmjs gives them. */
export function pixelDataOf(dataset: DicomDataset): Uint8Array {
  const [value] = valuesOf(dataset, PIXEL_DATA);
  if (value instanceof Uint8Array) return value;
  return value instanceof ArrayBuffer ? new Uint8Array(value) : new Uint8Array(0);
}

/** The values of an element; empty where it is missing. */
export function valuesOf(dataset: DicomDataset | undefined, tag: string): readonly unknown[] {
  const value = dataset?.[tag]?.Value;
  return value === undefined || value === null ? [] : Array.isArray(value) ? value : [value];
}

/** The numbers of an element; NaN for what is none. */
export const numbersOf = (dataset: DicomDataset | undefined, tag: string): number[] =>
  valuesOf(dataset, tag).map((value) => (value === "" || value === null ? Number.NaN : Number(value)));

/** The first number; NaN where there is none. */
export const numberOf = (dataset: DicomDataset | undefined, tag: string): number =>
  numbersOf(dataset, tag)[0] ?? Number.NaN;

/** The first value as a text; "" where there is none. */
export function textOf(dataset: DicomDataset | undefined, tag: string): string {
  const [value] = valuesOf(dataset, tag);
  return typeof value === "string" ? value.trim() : "";
}

/** The items of a sequence. */
export const itemsOf = (dataset: DicomDataset | undefined, tag: string): DicomDataset[] =>
  valuesOf(dataset, tag).filter((item): item is DicomDataset => typeof item === "object" && item !== null);
