// Trains a U-Net that PyTorch has exported (unet_to_onnx.py) in Node with ONNX Runtime, and writes the trained model.
//
//   node onnxruntime-node.mjs [STEPS] [TRAINED.onnx]     40 steps by default

import { readFileSync, writeFileSync } from "node:fs";
import { argv } from "node:process";
import { createTrainer, trainableFromOnnx } from "@losskit/lab/onnx-training";
import { bceDice } from "losskit";
import { confusionCounts, diceScore } from "losskit/metrics";
import * as ort from "onnxruntime-node";

const [IMAGES, SIDE] = [4, 64];
const SHAPE = [IMAGES, 1, SIDE, SIDE];

// Numbers that look random and are the same in every run: a linear congruential generator with the constants of
// Numerical Recipes.
let state = 1;
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};

/** Discs under noise, and their masks. */
function draw() {
  const mask = new Uint8Array(IMAGES * SIDE * SIDE);
  const images = new Float32Array(mask.length);
  const discs = Array.from({ length: IMAGES }, () => [12 + 40 * random(), 12 + 40 * random()]);
  for (let i = 0; i < mask.length; i++) {
    const [cy, cx] = discs[Math.floor(i / SIDE ** 2)];
    mask[i] = Number(Math.hypot((Math.floor(i / SIDE) % SIDE) - cy, (i % SIDE) - cx) < 9);
    images[i] = mask[i] + 2 * (random() + random() - 1);
  }
  return { images, mask };
}

const trainable = trainableFromOnnx(readFileSync(new URL("unet.onnx", import.meta.url)), { inputShape: SHAPE });
const trainer = await createTrainer(ort, trainable, { loss: bceDice(), rate: 0.01, reuseOutputs: true });
console.log(`${trainable.parameters.length} parameters`);
for (let step = 1; step <= Number(argv[2] ?? 40); step++) {
  const { images, mask } = draw();
  const loss = await trainer.step(images, mask);
  if (step === 1 || step % 10 === 0) console.log(`step ${step}: loss ${loss.toFixed(3)}`);
}

// The trained model is the given one with other numbers: any ONNX Runtime runs it, here on images it has not seen.
const trained = trainer.export();
await trainer.release();
if (argv[3]) writeFileSync(argv[3], trained);
const session = await ort.InferenceSession.create(trained);
const { images, mask } = draw();
const { logits } = await session.run({ image: new ort.Tensor("float32", images, SHAPE) });
const found = Uint8Array.from(logits.data, (logit) => Number(logit > 0));
const [, disc] = confusionCounts(mask, found, { classes: 2 });
console.log(`Dice on new images: ${diceScore(disc).toFixed(3)}`);
