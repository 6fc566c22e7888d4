// Writes DICOM segmentations byte by byte, so that the reader is tested against the standard and not against the library that parses it.

import { deflateRawSync } from "node:zlib";

export interface FrameParts {
  /** Image Position: millimetres towards left, back, head. */
  readonly position?: readonly number[];
  /** 0 where the frame names no segment. */
  readonly segment?: number;
  /** A number per pixel, columns fastest. */
  readonly pixels: readonly number[];
  readonly orientation?: readonly number[];
}

export interface SegParts {
  readonly type?: string;
  readonly rows: number;
  readonly columns: number;
  readonly frames: readonly FrameParts[];
  /** Label by number. */
  readonly segments?: Readonly<Record<number, string>>;
  /** Rows and columns along left, back; axial when not given. */
  readonly orientation?: readonly number[];
  /** Between rows, between columns; "" leaves it out. */
  readonly spacing?: readonly number[];
  readonly between?: number;
  readonly thickness?: number;
  readonly bits?: number;
  readonly fractionalType?: string;
  readonly maximum?: number;
  readonly padding?: number;
  readonly numberOfFrames?: number;
  readonly sopClass?: string;
  readonly modality?: string;
  readonly syntax?: string;
  readonly organisation?: string;
  /** Whether sequences end with a mark and do not say how long they are. */
  readonly marked?: boolean;
}

export const EXPLICIT = "1.2.840.10008.1.2.1";
export const IMPLICIT = "1.2.840.10008.1.2";
export const DEFLATED = "1.2.840.10008.1.2.1.99";
const SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4";

/** Kinds whose length has four bytes, behind two of nothing. */
const LONG = ["OB", "OW", "SQ", "UN", "UT"];

type Writer = (tag: number, vr: string, value: Uint8Array) => Uint8Array;

const UNDEFINED = 0xffffffff;

const writer =
  (implicit: boolean, marked = false): Writer =>
  (tag, vr, value) => {
    if (vr === "SQ" && marked)
      return elementBytes(tag, vr, UNDEFINED, Buffer.concat([value, endMark(0xe0dd)]), implicit);
    return elementBytes(tag, vr, value.length, value, implicit);
  };

const endMark = (end: number) => Buffer.from([0xfe, 0xff, end & 0xff, end >> 8, 0, 0, 0, 0]);

function elementBytes(tag: number, vr: string, length: number, value: Uint8Array, implicit: boolean): Uint8Array {
  const long = !implicit && LONG.includes(vr);
  const head = Buffer.alloc(long ? 12 : 8);
  head.writeUInt16LE(tag >>> 16, 0);
  head.writeUInt16LE(tag & 0xffff, 2);
  if (implicit) head.writeUInt32LE(length, 4);
  else {
    head.write(vr, 4, "latin1");
    if (long) head.writeUInt32LE(length, 8);
    else head.writeUInt16LE(length, 6);
  }
  return Buffer.concat([head, value]);
}

/** Values have an even number of bytes: texts end with a space, names of things with a zero. */
const text = (value: string, pad = " ") => Buffer.from(value.length % 2 === 1 ? value + pad : value, "utf8");
const uid = (value: string) => text(value, "\0");
const short = (value: number) => {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
};
const long = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
/** Decimal strings have at most 16 characters. */
const decimals = (values: readonly number[]) => text(values.map((value) => String(value).slice(0, 16)).join("\\"));

const itemWriter =
  (marked: boolean) =>
  (...elements: Uint8Array[]) => {
    const content = Buffer.concat(elements);
    const start = Buffer.from([0xfe, 0xff, 0x00, 0xe0]);
    if (marked) return Buffer.concat([start, long(UNDEFINED), content, endMark(0xe00d)]);
    return Buffer.concat([start, long(content.length), content]);
  };

export function makeSeg(parts: SegParts): Uint8Array {
  const { type = "BINARY", rows, columns, frames, segments = { 1: "organ" }, syntax = EXPLICIT } = parts;
  const bits = parts.bits ?? (type === "BINARY" ? 1 : 8);
  const element = writer(syntax === IMPLICIT, parts.marked);
  const item = itemWriter(parts.marked === true);
  const sequence = (tag: number, ...items: Uint8Array[]) => element(tag, "SQ", Buffer.concat(items));
  const optional = (given: unknown, make: () => Uint8Array) => (given === undefined ? [] : [make()]);
  const orientationGroup = (orientation: readonly number[]) =>
    sequence(0x00209116, item(element(0x00200037, "DS", decimals(orientation))));
  const placed = frames.some(({ position }) => position !== undefined);

  const measures = item(
    ...optional(parts.thickness, () => element(0x00180050, "DS", decimals([parts.thickness!]))),
    ...optional(parts.between, () => element(0x00180088, "DS", decimals([parts.between!]))),
    element(0x00280030, "DS", decimals(parts.spacing ?? [1, 1])),
  );
  const shared = item(
    ...(placed ? [orientationGroup(parts.orientation ?? [1, 0, 0, 0, 1, 0])] : []),
    ...(placed || parts.spacing ? [sequence(0x00289110, measures)] : []),
  );
  const perFrame = frames.map(({ position, segment = type === "LABELMAP" ? 0 : 1, orientation }) =>
    item(
      ...optional(position, () => sequence(0x00209113, item(element(0x00200032, "DS", decimals(position!))))),
      ...optional(orientation, () => orientationGroup(orientation!)),
      ...(segment === 0 ? [] : [sequence(0x0062000a, item(element(0x0062000b, "US", short(segment))))]),
    ),
  );
  const described = Object.entries(segments).map(([number, label]) =>
    item(element(0x00620004, "US", short(Number(number))), element(0x00620005, "LO", text(label))),
  );
  const dataset = Buffer.concat([
    element(0x00080016, "UI", uid(parts.sopClass ?? SEGMENTATION)),
    element(0x00080060, "CS", text(parts.modality ?? "SEG")),
    ...optional(parts.organisation, () => element(0x00209311, "CS", text(parts.organisation!))),
    element(0x00280008, "IS", text(String(parts.numberOfFrames ?? frames.length))),
    element(0x00280010, "US", short(rows)),
    element(0x00280011, "US", short(columns)),
    element(0x00280100, "US", short(bits)),
    ...optional(parts.padding, () => element(0x00280120, "US", short(parts.padding!))),
    element(0x00620001, "CS", text(type)),
    sequence(0x00620002, ...described),
    ...optional(parts.maximum, () => element(0x0062000e, "US", short(parts.maximum!))),
    ...optional(parts.fractionalType, () => element(0x00620010, "CS", text(parts.fractionalType!))),
    sequence(0x52009229, shared),
    sequence(0x52009230, ...perFrame),
    element(0x7fe00010, bits === 16 ? "OW" : "OB", pixelBytes(frames, bits)),
  ]);
  return Buffer.concat([Buffer.alloc(128), Buffer.from("DICM"), metaGroup(syntax), deflatedIf(syntax, dataset)]);
}

function metaGroup(syntax: string): Uint8Array {
  const element = writer(false);
  const group = Buffer.concat([
    element(0x00020002, "UI", uid(SEGMENTATION)),
    element(0x00020003, "UI", uid("1.2.3")),
    element(0x00020010, "UI", uid(syntax)),
  ]);
  return Buffer.concat([element(0x00020000, "UL", long(group.length)), group]);
}

const deflatedIf = (syntax: string, dataset: Uint8Array) => (syntax === DEFLATED ? deflateRawSync(dataset) : dataset);

/** Bits lie the lowest first, and frames follow without a gap. */
function pixelBytes(frames: readonly FrameParts[], bits: number): Uint8Array {
  const values = frames.flatMap(({ pixels }) => pixels);
  const bytes = Buffer.alloc(2 * Math.ceil((values.length * bits) / 16));
  for (const [i, value] of values.entries()) {
    if (bits === 1) bytes[i >> 3]! |= value << (i & 7);
    else if (bits === 8) bytes[i] = value;
    else bytes.writeUInt16LE(value, 2 * i);
  }
  return bytes;
}
