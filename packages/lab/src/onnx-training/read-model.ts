// Reads an ONNX file into plain data: the nodes that its output needs, its constants, and the shape of its input.

import proto, { type onnx as Onnx } from "onnx-proto";
import { LabError } from "../errors.js";
import { sizeOf } from "./shapes.js";

const { onnx } = proto;
const { DataType } = onnx.TensorProto;
const { AttributeType } = onnx.AttributeProto;

/** Numbers that the file holds, or that follow from its shapes. Whole numbers and booleans are plain numbers. */
export type Tensor =
  | { readonly type: "float32"; readonly shape: readonly number[]; readonly values: Float32Array }
  | { readonly type: "integer"; readonly shape: readonly number[]; readonly values: readonly number[] };

export type ModelAttribute = number | string | readonly number[] | Tensor;

export interface ModelNode {
  readonly op: string;
  /** Its name in the file, or what stands for it where the file gives none. */
  readonly name: string;
  /** Names of values; "" for an optional one that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, ModelAttribute>;
}

export interface Model {
  /** Those that the output depends on, each after those that it reads. */
  readonly nodes: readonly ModelNode[];
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Extents that the file leaves open are undefined. */
  readonly input: { readonly name: string; readonly shape: readonly (number | undefined)[] };
  readonly output: string;
  /** Version of the standard operators. */
  readonly opset: number;
}

export type ModelProto = InstanceType<typeof onnx.ModelProto>;

/** @throws LabError UNREADABLE_FILE where the bytes are no ONNX model */
export function decodeModel(bytes: Uint8Array): ModelProto {
  try {
    const model = onnx.ModelProto.decode(bytes);
    if (model.graph?.node?.length) return model;
  } catch (error) {
    throw new LabError("UNREADABLE_FILE", "These bytes are no ONNX model: give the content of an .onnx file.", {
      cause: error,
    });
  }
  throw new LabError("UNREADABLE_FILE", "This ONNX model has no nodes: give the content of an .onnx file.");
}

/**
 * @param output name of the value to read; where absent, the only output of the model
 * @throws LabError UNREADABLE_FILE, USAGE where it has not one input of images and one output; UNSUPPORTED_OPERATION for elements of another type
 */
export function readModel(model: ModelProto, output: string | undefined): Model {
  const { graph } = model;
  if (!graph?.node) throw new LabError("UNREADABLE_FILE", "This ONNX model has no graph.");
  const tensors = new Map<string, Tensor>();
  for (const tensor of graph.initializer ?? []) tensors.set(tensor.name ?? "", readTensor(tensor));
  const all = graph.node.map((node, i) => readNode(node, i));
  const target = output ?? onlyOutput((graph.output ?? []).map(({ name }) => name ?? ""));
  const nodes = ancestors(all, target);
  const opset = (model.opsetImport ?? []).find(({ domain }) => !domain || domain === "ai.onnx")?.version;
  return { nodes, tensors, input: onlyInput(graph.input ?? [], tensors), output: target, opset: Number(opset ?? 1) };
}

function onlyOutput(names: readonly string[]): string {
  if (names.length === 1) return names[0];
  throw new LabError(
    "USAGE",
    `The model has ${names.length} outputs (${names.join(", ")}); name the one with the logits, as in { output: "${names[0]}" }.`,
  );
}

function onlyInput(values: readonly Onnx.IValueInfoProto[], tensors: ReadonlyMap<string, Tensor>) {
  // Files of before 2019 list their constants among the inputs.
  const inputs = values.filter(({ name }) => !tensors.has(name ?? ""));
  if (inputs.length !== 1) {
    const names = inputs.map(({ name }) => name).join(", ");
    throw new LabError(
      "USAGE",
      `The model has ${inputs.length} inputs (${names}); one that takes the images is needed.`,
    );
  }
  const [{ name, type }] = inputs;
  requireFloat(type?.tensorType?.elemType ?? 0, `the input ${name}`);
  const dims = type?.tensorType?.shape?.dim ?? [];
  return { name: name ?? "", shape: dims.map(({ dimValue }) => Number(dimValue ?? 0) || undefined) };
}

/** Nodes whose values reach the target, in their order. */
function ancestors(nodes: readonly ModelNode[], target: string): ModelNode[] {
  const wanted = new Set([target]);
  const kept: ModelNode[] = [];
  for (const node of [...nodes].reverse()) {
    if (!node.outputs.some((name) => wanted.has(name))) continue;
    kept.push(node);
    for (const name of node.inputs) wanted.add(name);
  }
  if (kept.length > 0) return kept.reverse();
  throw new LabError("USAGE", `No node of the model makes a value "${target}"; ${lastValues(nodes)}.`);
}

const lastValues = (nodes: readonly ModelNode[]) =>
  `its last values are ${nodes
    .slice(-5)
    .flatMap(({ outputs }) => outputs)
    .join(", ")}`;

function readNode(node: Onnx.INodeProto, i: number): ModelNode {
  const domain = node.domain ?? "";
  const op = domain === "" || domain === "ai.onnx" ? (node.opType ?? "") : `${domain}:${node.opType}`;
  return {
    op,
    name: node.name || `${op} number ${i + 1}`,
    inputs: node.input ?? [],
    outputs: node.output ?? [],
    attributes: new Map(
      (node.attribute ?? []).flatMap((attribute) => {
        const value = readAttribute(attribute);
        return value === undefined ? [] : [[attribute.name ?? "", value]];
      }),
    ),
  };
}

/** Graphs and lists of texts, which no supported operation has, are left out. */
function readAttribute(attribute: Onnx.IAttributeProto): ModelAttribute | undefined {
  switch (attribute.type) {
    case AttributeType.INT:
      return Number(attribute.i);
    case AttributeType.FLOAT:
      return attribute.f ?? 0;
    case AttributeType.STRING:
      return new TextDecoder().decode(attribute.s ?? new Uint8Array());
    case AttributeType.INTS:
      return (attribute.ints ?? []).map(Number);
    case AttributeType.FLOATS:
      return attribute.floats ?? [];
    case AttributeType.TENSOR:
      return attribute.t ? readTensor(attribute.t) : undefined;
    default:
      return undefined;
  }
}

function readTensor(tensor: Onnx.ITensorProto): Tensor {
  const shape = (tensor.dims ?? []).map(Number);
  const { name } = tensor;
  if (tensor.dataLocation === onnx.TensorProto.DataLocation.EXTERNAL) {
    throw new LabError(
      "UNREADABLE_FILE",
      `The numbers of "${name}" lie in a file of their own; save the model as one file.`,
    );
  }
  const values = readValues(tensor);
  if (values.length !== sizeOf(shape)) {
    throw new LabError(
      "UNREADABLE_FILE",
      `"${name}" is [${shape}] and has ${values.length} numbers; the file is broken.`,
    );
  }
  return values instanceof Float32Array ? { type: "float32", shape, values } : { type: "integer", shape, values };
}

function readValues({ name, dataType, rawData, ...lists }: Onnx.ITensorProto): Float32Array | number[] {
  const view = rawData?.length ? new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength) : undefined;
  if (dataType === DataType.FLOAT && view) {
    const floats = new Float32Array(Math.floor(view.byteLength / 4));
    // Little-endian, whatever the machine.
    for (let i = 0; i < floats.length; i++) floats[i] = view.getFloat32(4 * i, true);
    return floats;
  }
  const read = (size: number, at: (view: DataView, place: number) => number): number[] =>
    view ? Array.from({ length: Math.floor(view.byteLength / size) }, (_, i) => at(view, i * size)) : [];
  switch (dataType) {
    case DataType.FLOAT:
      return Float32Array.from(lists.floatData ?? []);
    case DataType.INT64:
      return view ? read(8, (data, at) => Number(data.getBigInt64(at, true))) : (lists.int64Data ?? []).map(Number);
    case DataType.INT32:
      return view ? read(4, (data, at) => data.getInt32(at, true)) : (lists.int32Data ?? []);
    case DataType.BOOL:
      return view ? read(1, (data, at) => data.getUint8(at)) : (lists.int32Data ?? []);
    default:
      requireFloat(dataType ?? 0, `"${name}"`);
      throw new Error("a float was read above");
  }
}

function requireFloat(elementType: number, what: string): void {
  if (elementType === DataType.FLOAT) return;
  throw new LabError(
    "UNSUPPORTED_OPERATION",
    `${what} has elements of type ${DataType[elementType] ?? elementType}; training computes in float32: export the model as float32.`,
  );
}
