// Builds an ONNX model node by node and encodes it; knows the format, nothing of networks.

import proto from "onnx-proto";

const { onnx } = proto;

/** Opset of the operators used; LayerNormalization came with 17, ReduceSum with axes as an input with 13. */
const OPSET = 17;
/** File format that goes with the opset. */
const IR_VERSION = 8;
/** Operators of ONNX Runtime's own, in its native and web builds alike. */
const MICROSOFT = "com.microsoft";

export type Attribute = number | string | readonly number[] | { readonly float: number };

/** Extent of an axis, or its name where it may differ from run to run. */
export type Extent = number | string;

export interface OnnxGraph {
  /** Adds a node with one output and returns the output's name. */
  node(op: string, inputs: readonly string[], attributes?: Readonly<Record<string, Attribute>>): string;
  /** Adds a node with several outputs and returns their names; an empty name is an output that nobody wants. */
  nodes(
    op: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes?: Readonly<Record<string, Attribute>>,
  ): readonly string[];
  /** A constant of float32. */
  floats(values: Float32Array, shape: readonly number[], name?: string): string;
  /** A constant list of int64, as shapes, axes and slices are given. */
  integers(values: readonly number[]): string;
  input(name: string, shape: readonly Extent[], type?: "float32" | "int64"): string;
  /** Makes the value of a node an output of the graph, under a name that a caller knows. */
  output(value: string, name: string, type?: "float32" | "int64"): void;
  encode(): Uint8Array;
}

const DATA_TYPE = { float32: onnx.TensorProto.DataType.FLOAT, int64: onnx.TensorProto.DataType.INT64 } as const;

export function createOnnxGraph(name: string): OnnxGraph {
  const nodes: InstanceType<typeof onnx.NodeProto>[] = [];
  const initializer: InstanceType<typeof onnx.TensorProto>[] = [];
  const inputs: InstanceType<typeof onnx.ValueInfoProto>[] = [];
  const outputs: InstanceType<typeof onnx.ValueInfoProto>[] = [];
  const renamed = new Map<string, string>();
  const integerConstants = new Map<string, string>();
  let count = 0;
  const fresh = (what: string) => `${what}_${count++}`;

  function addNodes(
    op: string,
    nodeInputs: readonly string[],
    nodeOutputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): readonly string[] {
    const [domain, opType] = op.includes(":") ? op.split(":") : ["", op];
    nodes.push(
      new onnx.NodeProto({
        opType,
        domain,
        name: fresh(opType),
        input: [...nodeInputs],
        output: [...nodeOutputs],
        attribute: Object.entries(attributes).map(([key, value]) => attributeProto(key, value)),
      }),
    );
    return nodeOutputs;
  }

  return {
    node: (op, nodeInputs, attributes) =>
      addNodes(op, nodeInputs, [fresh(op.split(":").pop() as string)], attributes)[0],
    nodes: (op, nodeInputs, nodeOutputs, attributes) =>
      addNodes(
        op,
        nodeInputs,
        nodeOutputs.map((output) => output && fresh(output)),
        attributes,
      ),
    floats(values, shape, constantName = fresh("constant")) {
      initializer.push(
        new onnx.TensorProto({
          name: constantName,
          dims: [...shape],
          dataType: DATA_TYPE.float32,
          rawData: new Uint8Array(values.buffer.slice(values.byteOffset, values.byteOffset + values.byteLength)),
        }),
      );
      return constantName;
    },
    integers(values) {
      const key = values.join();
      const known = integerConstants.get(key);
      if (known) return known;
      const constantName = fresh("integers");
      initializer.push(
        new onnx.TensorProto({
          name: constantName,
          dims: [values.length],
          dataType: DATA_TYPE.int64,
          int64Data: [...values],
        }),
      );
      integerConstants.set(key, constantName);
      return constantName;
    },
    input(inputName, shape, type = "float32") {
      inputs.push(valueInfo(inputName, type, shape));
      return inputName;
    },
    output(value, outputName, type = "float32") {
      renamed.set(value, outputName);
      outputs.push(valueInfo(outputName, type));
    },
    encode() {
      // Outputs get their names where they are made: an Identity node would copy them.
      const rename = (name: string) => renamed.get(name) ?? name;
      for (const node of nodes) {
        node.input = node.input.map(rename);
        node.output = node.output.map(rename);
      }
      renamed.clear();
      const model = new onnx.ModelProto({
        irVersion: IR_VERSION,
        producerName: "losskit",
        opsetImport: [
          new onnx.OperatorSetIdProto({ domain: "", version: OPSET }),
          new onnx.OperatorSetIdProto({ domain: MICROSOFT, version: 1 }),
        ],
        graph: new onnx.GraphProto({ name, node: nodes, initializer, input: inputs, output: outputs }),
      });
      return onnx.ModelProto.encode(model).finish();
    },
  };
}

function attributeProto(name: string, value: Attribute) {
  const { AttributeType } = onnx.AttributeProto;
  if (typeof value === "number") return new onnx.AttributeProto({ name, type: AttributeType.INT, i: value });
  if (typeof value === "string") {
    return new onnx.AttributeProto({ name, type: AttributeType.STRING, s: new TextEncoder().encode(value) });
  }
  if ("float" in value) return new onnx.AttributeProto({ name, type: AttributeType.FLOAT, f: value.float });
  return new onnx.AttributeProto({ name, type: AttributeType.INTS, ints: [...value] });
}

function valueInfo(name: string, type: keyof typeof DATA_TYPE, shape?: readonly Extent[]) {
  const dims = shape?.map((extent) => (typeof extent === "number" ? { dimValue: extent } : { dimParam: extent }));
  return new onnx.ValueInfoProto({
    name,
    type: { tensorType: { elemType: DATA_TYPE[type], ...(dims && { shape: { dim: dims } }) } },
  });
}
