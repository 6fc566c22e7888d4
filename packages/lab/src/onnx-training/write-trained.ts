// Writes trained numbers into the model that they came from; everything else of the file stays as it was.

import proto from "onnx-proto";
import type { TrainedParameter } from "./network.js";
import type { ModelProto } from "./read-model.js";
import type { RunningStatistics } from "./trainable.js";

const { onnx } = proto;

export interface TrainedValues {
  readonly parameters: Float32Array;
  readonly layout: readonly TrainedParameter[];
  readonly running: Float32Array;
  readonly statistics: readonly RunningStatistics[];
}

/** The model's bytes, for inference: what it did only in training, as counting statistics and dropping values, is taken out. */
export function writeTrained(model: ModelProto, values: TrainedValues): Uint8Array {
  const { parameters, layout, running, statistics } = values;
  const { graph } = model;
  if (!graph) return onnx.ModelProto.encode(model).finish();
  const changed = new Map<string, { readonly shape: readonly number[]; readonly data: Float32Array }>();
  for (const { name, shape, offset, size } of layout) {
    changed.set(name, { shape, data: parameters.subarray(offset, offset + size) });
  }
  for (const { mean, variance, channels, offset } of statistics) {
    const part = (from: number) => ({ shape: [channels], data: running.subarray(from, from + channels) });
    changed.set(mean, part(offset));
    changed.set(variance, part(offset + channels));
  }
  graph.initializer = [
    ...(graph.initializer ?? []).filter(({ name }) => !changed.has(name ?? "")),
    ...[...changed].map(
      ([name, { shape, data }]) =>
        new onnx.TensorProto({
          name,
          dims: [...shape],
          dataType: onnx.TensorProto.DataType.FLOAT,
          rawData: new Uint8Array(data.slice().buffer),
        }),
    ),
  ];
  const counted = new Set(statistics.map(({ mean }) => mean));
  graph.node = (graph.node ?? [])
    // A copy of a constant that has become one of its own.
    .filter(({ opType, output }) => opType !== "Identity" || !changed.has(output?.[0] ?? ""));
  for (const node of graph.node) {
    if (node.opType === "BatchNormalization" && counted.has(node.input?.[3] ?? "")) {
      node.output = node.output?.slice(0, 1);
      node.attribute = node.attribute?.filter(({ name }) => name !== "training_mode");
    } else if (node.opType === "Dropout") node.input = node.input?.slice(0, 1);
  }
  return onnx.ModelProto.encode(model).finish();
}
