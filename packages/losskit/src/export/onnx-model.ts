// Writes ONNX models: the parts of the format that computations need, as data, and their bytes.

/**
 * The field numbers below are those of onnx.proto (https://github.com/onnx/onnx, Apache-2.0); the wire format is that of
 * https://protobuf.dev/programming-guides/encoding.
 */
export interface OnnxModel {
  readonly graph: OnnxGraph;
  /** Version of the operators by domain; "" is the domain of the standard ones. */
  readonly opsets: Readonly<Record<string, number>>;
  /** Version of the file format: the one that came with the opset. */
  readonly irVersion: number;
  readonly producer: { readonly name: string; readonly version: string };
  /** Whatever a reader of the model should know. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly doc?: string;
}

export interface OnnxGraph {
  readonly name: string;
  /** Each after those that it reads. */
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
}

export interface OnnxNode {
  readonly op: string;
  /** Of the operator; "" where absent, the standard one. */
  readonly domain?: string;
  readonly name?: string;
  /** Names of values; "" for an optional input or output that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
}

export type OnnxAttribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly string: string }
  | { readonly ints: readonly number[] }
  | { readonly floats: readonly number[] }
  /** The body of a Loop, If or Scan. */
  | { readonly graph: OnnxGraph };

/** Types of elements by their numbers in TensorProto.DataType. */
const ELEMENT_TYPES = { float32: 1, int32: 6, int64: 7, bool: 9, float64: 11 } as const;
export type OnnxType = keyof typeof ELEMENT_TYPES;

/** The number that Cast's attribute `to` takes. */
export const elementType = (type: OnnxType): number => ELEMENT_TYPES[type];

export interface OnnxTensor {
  readonly name: string;
  readonly type: "float32" | "float64" | "int64";
  /** Empty for a scalar. */
  readonly dims: readonly number[];
  /** Row-major; whole numbers up to 2^53 for int64. */
  readonly values: readonly number[];
  readonly doc?: string;
}

/** An input or output. */
export interface OnnxValue {
  readonly name: string;
  readonly type: OnnxType;
  /** Extents, or names of those that may differ from run to run; absent where even their number may. */
  readonly shape?: readonly (number | string)[];
  readonly doc?: string;
}

/** The bytes of a model file. */
export function encodeModel({ graph, opsets, irVersion, producer, metadata = {}, doc }: OnnxModel): Uint8Array {
  return join([
    integer(1, irVersion),
    text(2, producer.name),
    text(3, producer.version),
    text(6, doc),
    message(7, graphFields(graph)),
    ...Object.entries(opsets).map(([domain, version]) => message(8, [text(1, domain), integer(2, version)])),
    ...Object.entries(metadata).map(([key, value]) => message(14, [text(1, key), text(2, value)])),
  ]);
}

/** One field of a message, encoded: its key, and its value. */
type Field = Uint8Array;

const graphFields = ({ name, nodes, initializers, inputs, outputs }: OnnxGraph): Field[] => [
  ...nodes.map((node) => message(1, nodeFields(node))),
  text(2, name),
  ...initializers.map((tensor) => message(5, tensorFields(tensor))),
  ...inputs.map((value) => message(11, valueFields(value))),
  ...outputs.map((value) => message(12, valueFields(value))),
];

const nodeFields = ({ op, domain, name, inputs, outputs, attributes = {} }: OnnxNode): Field[] => [
  ...inputs.map((input) => text(1, input)),
  ...outputs.map((output) => text(2, output)),
  text(3, name),
  text(4, op),
  ...Object.entries(attributes).map(([key, value]) => message(5, [text(1, key), ...attributeFields(value)])),
  text(7, domain),
];

/** The value, and in field 20 which kind it is (AttributeProto.AttributeType). */
function attributeFields(value: OnnxAttribute): Field[] {
  if ("float" in value) return [float(2, value.float), integer(20, 1)];
  if ("int" in value) return [integer(3, value.int), integer(20, 2)];
  if ("string" in value) return [text(4, value.string), integer(20, 3)];
  if ("graph" in value) return [message(6, graphFields(value.graph)), integer(20, 5)];
  if ("floats" in value) return [...value.floats.map((number) => float(7, number)), integer(20, 6)];
  return [...value.ints.map((number) => integer(8, number)), integer(20, 7)];
}

const tensorFields = ({ name, type, dims, values, doc }: OnnxTensor): Field[] => [
  ...dims.map((extent) => integer(1, extent)),
  integer(2, ELEMENT_TYPES[type]),
  text(8, name),
  bytes(9, rawData(type, values)),
  text(12, doc),
];

/** Little-endian, whatever the machine. */
function rawData(type: OnnxTensor["type"], values: readonly number[]): Uint8Array {
  const size = type === "float32" ? 4 : 8;
  const view = new DataView(new ArrayBuffer(values.length * size));
  values.forEach((value, i) => {
    if (type === "float32") view.setFloat32(i * size, value, true);
    else if (type === "float64") view.setFloat64(i * size, value, true);
    else view.setBigInt64(i * size, BigInt(value), true);
  });
  return new Uint8Array(view.buffer);
}

const valueFields = ({ name, type, shape, doc }: OnnxValue): Field[] => [
  text(1, name),
  message(2, [message(1, [integer(1, ELEMENT_TYPES[type]), ...(shape ? [message(2, shape.map(dimension))] : [])])]),
  text(3, doc),
];

const dimension = (extent: number | string): Field =>
  message(1, [typeof extent === "number" ? integer(1, extent) : text(2, extent)]);

/** How the value of a field is laid out: the low three bits of its key. */
const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

const key = (field: number, layout: number): Uint8Array => varint(BigInt((field << 3) | layout));

/** Seven bits a byte, the lowest first; the eighth says that more follow. Negative numbers are their 64 bits. */
function varint(value: bigint): Uint8Array {
  const groups: number[] = [];
  let rest = BigInt.asUintN(64, value);
  do {
    groups.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Uint8Array.from(groups);
}

const integer = (field: number, value: number): Field => join([key(field, VARINT), varint(BigInt(value))]);

function float(field: number, value: number): Field {
  const data = new Uint8Array(4);
  new DataView(data.buffer).setFloat32(0, value, true);
  return join([key(field, FIXED_32), data]);
}

const bytes = (field: number, data: Uint8Array): Field =>
  join([key(field, LENGTH_DELIMITED), varint(BigInt(data.length)), data]);

/** Nothing at all where there is no text; an empty one is a field. */
const text = (field: number, value: string | undefined): Field =>
  value === undefined ? new Uint8Array() : bytes(field, new TextEncoder().encode(value));

const message = (field: number, fields: readonly Field[]): Field => bytes(field, join(fields));

function join(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
