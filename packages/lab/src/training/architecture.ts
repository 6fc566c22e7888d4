// The U-Net as data: its layers in order, and its parameters with their place in one flat array.

import type { Random } from "../random-stream.js";

export interface NetworkShape {
  readonly inputChannels: number;
  /** 1 for one foreground class (sigmoid), classes + 1 for several (softmax). */
  readonly outputChannels: number;
  /** Channels of the first level; every level below has twice those of the one above. */
  readonly baseChannels: number;
  /** Number of 2 × 2 poolings. */
  readonly depth: number;
}

/** Each layer reads values by name and makes one; `level` is how often the image has been halved where it works. */
export type Layer =
  /** 3 × 3 convolution, instance normalisation with scale and shift, leaky ReLU. */
  | LayerOf<"block">
  /** 2 × 2 maximum. */
  | LayerOf<"pool">
  /** 2 × 2 transposed convolution of stride 2. */
  | LayerOf<"up">
  /** The channels of two values, one after the other. */
  | (LayerOf<"concat"> & { readonly skip: string })
  /** 1 × 1 convolution to the logits. */
  | LayerOf<"head">;

interface LayerOf<Kind extends string> {
  readonly kind: Kind;
  readonly input: string;
  readonly output: string;
  readonly inputChannels: number;
  readonly outputChannels: number;
  readonly level: number;
}

export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  /** First element in the flat array. */
  readonly offset: number;
  readonly size: number;
  readonly initial:
    | { readonly kind: "constant"; readonly value: number }
    | { readonly kind: "he"; readonly inputs: number };
}

export interface Network {
  readonly shape: NetworkShape;
  readonly layers: readonly Layer[];
  readonly parameters: readonly Parameter[];
  readonly parameterCount: number;
}

/** Slope of the leaky ReLU on its left side, as in nnU-Net. */
export const LEAK = 0.01;
/** Added to the variance of instance normalisation. */
export const EPSILON = 1e-5;

/** The U-Net of this shape. */
export function createNetwork(shape: NetworkShape): Network {
  return layOut(shape, unetLayers(shape));
}

function unetLayers(shape: NetworkShape): Layer[] {
  const { inputChannels, outputChannels, baseChannels, depth } = shape;
  const layers: Layer[] = [];
  const at = (level: number) => baseChannels * 2 ** level;
  let value = "image";
  let channels = inputChannels;
  const add = (kind: Exclude<Layer["kind"], "concat">, output: string, to: number, level: number) => {
    layers.push({ kind, input: value, output, inputChannels: channels, outputChannels: to, level });
    value = output;
    channels = to;
  };
  for (let level = 0; level <= depth; level++) {
    if (level > 0) add("pool", `down${level}.pool`, channels, level);
    add("block", `down${level}.first`, at(level), level);
    add("block", `down${level}.second`, at(level), level);
  }
  for (let level = depth - 1; level >= 0; level--) {
    add("up", `up${level}.grown`, at(level), level);
    const output = `up${level}.joined`;
    layers.push({
      kind: "concat",
      input: value,
      skip: `down${level}.second`,
      output,
      inputChannels: channels,
      outputChannels: 2 * at(level),
      level,
    });
    value = output;
    channels = 2 * at(level);
    add("block", `up${level}.first`, at(level), level);
    add("block", `up${level}.second`, at(level), level);
  }
  add("head", "logits", outputChannels, 0);
  return layers;
}

/** Gives each parameter of the layers its place. The layers run in this order, from "image" to "logits"; each value is read by one or two. */
export function layOut(shape: NetworkShape, layers: readonly Layer[]): Network {
  const parameters: Parameter[] = [];
  let offset = 0;
  for (const layer of layers) {
    for (const { name, shape: extents, initial } of parametersOf(layer)) {
      const size = extents.reduce((product, extent) => product * extent, 1);
      parameters.push({ name, shape: extents, offset, size, initial });
      offset += size;
    }
  }
  return { shape, layers, parameters, parameterCount: offset };
}

function parametersOf({ kind, output, inputChannels, outputChannels }: Layer): Omit<Parameter, "offset" | "size">[] {
  const he = (inputs: number) => ({ kind: "he", inputs }) as const;
  const constant = (value: number) => ({ kind: "constant", value }) as const;
  switch (kind) {
    case "block":
      return [
        // No shift of its own: the normalisation would take it away again.
        { name: `${output}.weight`, shape: [outputChannels, inputChannels, 3, 3], initial: he(9 * inputChannels) },
        { name: `${output}.scale`, shape: [outputChannels], initial: constant(1) },
        { name: `${output}.shift`, shape: [outputChannels], initial: constant(0) },
      ];
    case "up":
      return [
        { name: `${output}.weight`, shape: [inputChannels, outputChannels, 2, 2], initial: he(inputChannels) },
        { name: `${output}.shift`, shape: [outputChannels], initial: constant(0) },
      ];
    case "head":
      return [
        { name: `${output}.weight`, shape: [outputChannels, inputChannels, 1, 1], initial: he(inputChannels) },
        { name: `${output}.shift`, shape: [outputChannels], initial: constant(0) },
      ];
    default:
      return [];
  }
}

/**
 * First weights of a network (He et al., ICCV 2015, for leaky ReLU): the same for the same seed, whatever the loss.
 */
export function initialParameters(network: Network, random: Random): Float32Array {
  const values = new Float32Array(network.parameterCount);
  for (const { offset, size, initial } of network.parameters) {
    const end = offset + size;
    if (initial.kind === "constant") values.fill(initial.value, offset, end);
    else {
      const deviation = Math.sqrt(2 / ((1 + LEAK ** 2) * initial.inputs));
      for (let i = offset; i < end; i++) values[i] = random.normal(0, deviation);
    }
  }
  return values;
}
