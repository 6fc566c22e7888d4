// U-Nets that PyTorch exports, trained here: logits and gradient are those of PyTorch in float64.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { diceCe } from "losskit";
import * as ort from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pythonWith } from "../../../../test-support/programs.js";
import { trainableFromOnnx } from "../../src/onnx-training/trainable.js";
import { createTrainer } from "../../src/onnx-training/trainer.js";
import { relativeDistance } from "./small-models.js";

interface Exported {
  readonly name: string;
  readonly file: string;
  readonly shape: readonly number[];
  readonly image: readonly number[];
  readonly slopes: readonly number[];
  readonly logits: readonly number[];
  readonly gradient: Readonly<Record<string, readonly number[]>>;
  readonly means: Readonly<Record<string, readonly number[]>>;
}

const python = pythonWith("torch");
const folder = mkdtempSync(join(tmpdir(), "losskit-pytorch-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let exported: readonly Exported[];

beforeAll(() => {
  if (!python) return;
  const script = fileURLToPath(new URL("pytorch_unets.py", import.meta.url));
  const printed = execFileSync(python, [script, folder], {
    encoding: "utf8",
    maxBuffer: 2 ** 26,
    stdio: ["ignore", "pipe", "ignore"],
  });
  exported = JSON.parse(printed);
}, 120_000);

const NAMES = [
  "batch, transposed",
  "instance, nearest, strided",
  "group, bilinear, padded",
  "volumes, transposed, mean",
];

describe.skipIf(!python).each(NAMES)("a U-Net of PyTorch: %s", (name) => {
  const find = () => exported.find((candidate) => candidate.name === name) as Exported;

  it("has PyTorch's logits and gradient", async () => {
    const { file, shape, image, slopes, logits, gradient } = find();
    const trainable = trainableFromOnnx(readFileSync(file), { inputShape: shape });
    const trainer = await createTrainer(ort, trainable, { loss: diceCe() });
    const found = await trainer.gradient(Float32Array.from(image), (values) => {
      expect(relativeDistance(values, logits)).toBeLessThan(1e-5);
      return { value: 0, gradient: Float32Array.from(slopes) };
    });
    await trainer.release();
    expect(trainable.layout.map((parameter) => parameter.name).sort()).toEqual(Object.keys(gradient).sort());
    // Biases before a normalisation have no slope, in float32 but for rounding: all are held to the largest of all.
    const expected = trainable.layout.flatMap((parameter) => gradient[parameter.name]);
    expect(relativeDistance(found.gradient, expected)).toBeLessThan(1e-5);
  });

  it("learns, and is exported with what it has learned", async () => {
    const { file, shape, image } = find();
    const trainable = trainableFromOnnx(readFileSync(file), { inputShape: shape });
    const trainer = await createTrainer(ort, trainable, { loss: diceCe(), rate: 0.02, reuseOutputs: true });
    const pixels = Float32Array.from(image);
    const labels = Uint8Array.from(image, (value) => Number(value > 0.3));
    const losses: number[] = [];
    for (let step = 0; step < 12; step++) losses.push(await trainer.step(pixels, labels));
    expect(losses[11]).toBeLessThan(0.8 * losses[0]);

    // Read again, the exported model begins where the training ended; batch normalisation then goes by the statistics in the file.
    const again = trainableFromOnnx(trainer.export(), { inputShape: shape });
    expect(again.parameters.length).toBe(trainable.parameters.length);
    const byName = ({ layout }: typeof again, values: Float32Array) =>
      new Map(
        layout.map((parameter) => [
          parameter.name,
          [...values.subarray(parameter.offset, parameter.offset + parameter.size)],
        ]),
      );
    expect(byName(again, again.parameters)).toEqual(byName(trainable, trainer.parameters));
    expect(again.statistics).toEqual([]);
    await trainer.release();
  });
});

describe.skipIf(!python)("batch normalisation of PyTorch", () => {
  it("has PyTorch's running means after a step", async () => {
    const { file, shape, image, means } = exported[0];
    const trainable = trainableFromOnnx(readFileSync(file), { inputShape: shape });
    // An export for training has counted one batch already.
    trainable.running.fill(0);
    const trainer = await createTrainer(ort, trainable, { loss: diceCe() });
    await trainer.step(Float32Array.from(image), new Uint8Array(image.length));
    const again = trainableFromOnnx(trainer.export(), { inputShape: shape, batchStatistics: "batch" });
    await trainer.release();
    expect(again.statistics.map(({ mean }) => mean).sort()).toEqual(Object.keys(means).sort());
    for (const { mean, offset, channels } of again.statistics) {
      expect(relativeDistance(again.running.subarray(offset, offset + channels), means[mean])).toBeLessThan(1e-5);
    }
  });
});
