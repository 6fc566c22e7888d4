// What becomes trainable and what is refused, what a trainer does besides its step, and that onnxruntime-web gives the same.

import { bce, dice, diceCe } from "losskit";
import proto from "onnx-proto";
import * as ort from "onnxruntime-node";
import * as web from "onnxruntime-web/wasm";
import { describe, expect, it } from "vitest";
import { LabError } from "../../src/errors.js";
import { createOnnxGraph } from "../../src/onnx-training/onnx-graph.js";
import { trainableFromOnnx } from "../../src/onnx-training/trainable.js";
import { createTrainer } from "../../src/onnx-training/trainer.js";
import { randomStream } from "../../src/random-stream.js";
import { createNetwork, initialParameters } from "../../src/training/architecture.js";
import { inferenceGraph, logitsGraph } from "../../src/training/forward-graph.js";
import { type Draft, image, model, normals, outputOf, relativeDistance } from "./small-models.js";

const { onnx } = proto;
const SHAPE = [2, 1, 8, 6];
const PIXELS = image(SHAPE);

/** The error of a call; anything else fails the test. */
function errorOf(call: () => unknown): LabError {
  try {
    call();
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

const refusal = (draw: (draft: Draft) => string, options = {}) =>
  errorOf(() => trainableFromOnnx(model(SHAPE, draw), options));

describe("what cannot be trained through", () => {
  it("is named with its node and what there is", () => {
    const { code, message } = refusal(({ graph, x }) => graph.node("Erf", [x]));
    expect(code).toBe("UNSUPPORTED_OPERATION");
    expect(message).toMatch(/^Erf \(node "Erf_\d+"\) cannot be trained through\. Supported are Add, .*, Upsample, and/);
  });

  it.each<{ readonly what: string; readonly draw: (draft: Draft) => string; readonly says: RegExp }>([
    {
      what: "a Sigmoid at the end",
      draw: ({ graph, x }) => graph.node("Sigmoid", [x]),
      says: /^Sigmoid .*logits.*\{ output: "Conv_\d+" \}/,
    },
    {
      what: "a Softmax at the end",
      draw: ({ graph, x }) => graph.node("Softmax", [x], { axis: 1 }),
      says: /^Softmax .*logits/,
    },
    {
      what: "groups",
      draw: ({ graph, x, parameter }) => graph.node("Conv", [x, parameter([3, 1, 3, 3])], { group: 3 }),
      says: /^Conv .* has 3 groups; convolutions of one group are supported/,
    },
    {
      what: "weights for other channels",
      draw: ({ graph, x, parameter }) => graph.node("Conv", [x, parameter([3, 4, 1, 1])]),
      says: /has weights for 4 channels and reads 3/,
    },
    {
      what: "a cubic resize",
      draw: ({ graph, x }) =>
        graph.node("Resize", [x, "", graph.floats(Float32Array.of(1, 1, 2, 2), [4])], { mode: "cubic" }),
      says: /has the mode "cubic"; nearest and linear are supported/,
    },
    {
      what: "shapes that do not meet",
      draw: ({ graph, x }) => {
        const half = graph.node("MaxPool", [x], { kernel_shape: [2, 2], strides: [2, 2] });
        return graph.node("Concat", [x, half], { axis: 1 });
      },
      says: /^Concat .* joins \[2,3,8,6\] and \[2,3,4,3\]/,
    },
    {
      what: "pooling windows that do not fit",
      draw: ({ graph, x }) => graph.node("MaxPool", [x], { kernel_shape: [4, 4], strides: [4, 4], ceil_mode: 1 }),
      says: /^MaxPool .*ceil_mode 1.*\[8,6\]/,
    },
    {
      what: "sizes that depend on the image's numbers",
      draw: ({ graph, x }) => graph.node("Reshape", [x, graph.node("Cast", [graph.node("Flatten", [x])], { to: 7 })]),
      says: /^Cast .*to the type 7/,
    },
  ])("is refused: $what", ({ draw, says }) => {
    const { code, message } = refusal(draw);
    expect(code).toBe("UNSUPPORTED_OPERATION");
    expect(message).toMatch(says);
  });

  it("is a model of another type of numbers", () => {
    const decoded = onnx.ModelProto.decode(model(SHAPE, ({ x }) => x));
    for (const tensor of decoded.graph?.initializer ?? []) tensor.dataType = onnx.TensorProto.DataType.FLOAT16;
    const { code, message } = errorOf(() => trainableFromOnnx(onnx.ModelProto.encode(decoded).finish()));
    expect(code).toBe("UNSUPPORTED_OPERATION");
    expect(message).toMatch(/"first\.weight" has elements of type FLOAT16.*float32/);
  });

  it.each([
    ["nothing", new Uint8Array()],
    ["text", new TextEncoder().encode("no model at all")],
    ["half of a model", model(SHAPE, ({ x }) => x).subarray(0, 150)],
  ])("is no model: %s", (_, bytes) => {
    expect(errorOf(() => trainableFromOnnx(bytes)).code).toBe("UNREADABLE_FILE");
  });

  it("is a shape that is not known, or an output that is not there", () => {
    const network = createNetwork({ inputChannels: 1, outputChannels: 1, baseChannels: 2, depth: 1 });
    const open = logitsGraph(network, new Float32Array(network.parameterCount));
    const missing = errorOf(() => trainableFromOnnx(open));
    expect(missing.code).toBe("USAGE");
    expect(missing.message).toMatch(/"image" has the shape \[\?, 1, \?, \?\].*\{ inputShape: \[4, 1, 64, 64\] \}/);
    expect(errorOf(() => trainableFromOnnx(open, { inputShape: [1, 1, 0.5, 8] })).message).toMatch(/whole numbers/);
    const inputShape = [1, 1, 8, 8];
    expect(errorOf(() => trainableFromOnnx(open, { inputShape, output: "logit" })).message).toMatch(
      /"logit"; its last/,
    );
    expect(errorOf(() => trainableFromOnnx(open, { inputShape, frozen: ["w"] })).message).toMatch(/frozen names "w"/);
    const frozen = network.parameters.map(({ name }) => name);
    expect(errorOf(() => trainableFromOnnx(open, { inputShape, frozen })).message).toMatch(/no float constants/);
  });

  it("are two outputs, of which none is named", () => {
    const graph = createOnnxGraph("two");
    const input = graph.input("image", SHAPE);
    const weight = graph.floats(normals(1), [1, 1, 1, 1], "weight");
    const first = graph.node("Conv", [input, weight]);
    graph.output(first, "one");
    graph.output(graph.node("Relu", [first]), "two");
    const bytes = graph.encode();
    expect(errorOf(() => trainableFromOnnx(bytes)).message).toMatch(/2 outputs \(one, two\).*\{ output: "one" \}/);
    expect(trainableFromOnnx(bytes, { output: "two" }).logitsShape).toEqual(SHAPE);
  });
});

describe("constants of the file", () => {
  it("that are frozen stay as they are", async () => {
    const bytes = model(SHAPE, ({ graph, x, parameter }) => graph.node("Conv", [x, parameter([2, 3, 1, 1])]));
    const trainable = trainableFromOnnx(bytes, { frozen: ["first.weight"] });
    expect(trainable.layout.map(({ name }) => name)).toEqual(["first.bias", "trained.0"]);
    const trainer = await createTrainer(ort, trainable, { loss: diceCe() });
    await trainer.step(PIXELS, new Uint8Array(96));
    const again = trainableFromOnnx(trainer.export());
    await trainer.release();
    const values = again.layout.map(({ offset, size }) => [...again.parameters.subarray(offset, offset + size)]);
    expect(values[0]).toEqual([1, -0.5, 2]);
    expect(values[1]).toEqual([...trainer.parameters.subarray(0, 3)]);
    expect(values[1]).not.toEqual([...trainable.parameters.subarray(0, 3)]);
  });

  it("that an exporter wrote once for several are trained apart", async () => {
    const bytes = model(SHAPE, ({ graph, x, parameter }) => {
      const scale = parameter([3]);
      const [copied] = graph.nodes("Identity", [scale], ["copy"]);
      const once = graph.node("InstanceNormalization", [x, scale, parameter([3])]);
      return graph.node("InstanceNormalization", [graph.node("Tanh", [once]), copied, parameter([3])]);
    });
    const trainable = trainableFromOnnx(bytes);
    const [first, second] = ["trained.0", "copy"].map((start) =>
      trainable.layout.find(({ name }) => name.startsWith(start)),
    );
    const trainer = await createTrainer(ort, trainable, { loss: diceCe(), rate: 0.1 });
    await trainer.step(PIXELS, new Uint8Array(96).fill(2, 48));
    const part = (place = first) => [...trainer.parameters.subarray(place!.offset, place!.offset + 3)];
    expect(part(first)).not.toEqual(part(second));
    let logits = new Float32Array();
    await trainer.gradient(PIXELS, (values) => {
      logits = values.slice();
      return { value: 0, gradient: values };
    });
    const exported = await outputOf(trainer.export(), SHAPE, PIXELS);
    await trainer.release();
    expect(relativeDistance(exported.data, logits)).toBeLessThan(1e-5);
  });
});

describe("a trainer", () => {
  const network = createNetwork({ inputChannels: 1, outputChannels: 1, baseChannels: 3, depth: 2 });
  const first = initialParameters(network, randomStream("trainer test"));
  const shape = [2, 1, 16, 16];
  const pixels = image(shape);
  const mask = Uint8Array.from({ length: 512 }, (_, i) => Number(i % 16 > 7));
  // The noise, and the mask in it.
  const scene = pixels.map((value, i) => value + 2 * mask[i]);

  it("trains up to an activation at the end, which the exported model keeps", async () => {
    const bytes = inferenceGraph(network, first);
    const { output } = onnx.ModelProto.decode(bytes).graph?.node?.at(-2) ?? {};
    const trainable = trainableFromOnnx(bytes, { inputShape: shape, output: output?.[0] });
    expect(trainable.layout.map(({ name }) => name)).toEqual(network.parameters.map(({ name }) => name));
    const rates: number[] = [];
    const rate = (step: number) => {
      rates.push(step);
      return 0.02;
    };
    const trainer = await createTrainer(ort, trainable, { loss: (step) => (step < 10 ? bce() : dice()), rate });
    const losses: number[] = [];
    for (let step = 0; step < 20; step++) losses.push(await trainer.step(scene, mask));
    expect(losses[9]).toBeLessThan(0.8 * losses[0]);
    expect(losses[19]).toBeLessThan(losses[10]);
    expect(rates).toEqual(Array.from({ length: 20 }, (_, i) => i));
    const { data } = await outputOf(trainer.export(), shape, scene);
    await trainer.release();
    expect(Math.min(...data)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...data)).toBeLessThanOrEqual(1);
    expect(data.filter((p, i) => p > 0.5 === (mask[i] === 1)).length).toBeGreaterThan(440);
  });

  it("has the same gradient with memory that is used again, and in onnxruntime-web", async () => {
    const trainable = trainableFromOnnx(logitsGraph(network, first), { inputShape: shape });
    const slopes = normals(512);
    web.env.wasm.numThreads = 1;
    const ways = [
      { runtime: ort, reuseOutputs: false },
      { runtime: ort, reuseOutputs: true },
      { runtime: web, reuseOutputs: false },
    ];
    const gradients: Float32Array[] = [];
    for (const { runtime, reuseOutputs } of ways) {
      const trainer = await createTrainer(runtime, trainable, { loss: dice(), reuseOutputs });
      for (const batch of [pixels, scene]) {
        gradients.push((await trainer.gradient(batch, () => ({ value: 0, gradient: slopes }))).gradient);
      }
      await trainer.release();
    }
    expect(relativeDistance(gradients[0], gradients[1])).toBeGreaterThan(0.01);
    for (const i of [0, 1]) {
      expect(gradients[2 + i]).toEqual(gradients[i]);
      expect(relativeDistance(gradients[4 + i], gradients[i])).toBeLessThan(1e-5);
    }
  });

  it("says that it diverges, and leaves the parameters as they were", async () => {
    const trainable = trainableFromOnnx(logitsGraph(network, first), { inputShape: shape });
    const trainer = await createTrainer(ort, trainable, { loss: dice() });
    const broken = pixels.map((value, i) => (i === 5 ? Number.NaN : value));
    await expect(trainer.step(broken, mask)).rejects.toMatchObject({
      code: "DIVERGED",
      message: expect.stringMatching(/at step 1:/),
    });
    expect(trainer.parameters).toEqual(first);
    await expect(trainer.step(pixels.subarray(1), mask)).rejects.toMatchObject({ code: "SIZE_MISMATCH" });
    expect(() => trainable.withValues(first.subarray(1))).toThrow(/parameters has \d+ numbers; the model has/);
    await trainer.release();
  });
});
