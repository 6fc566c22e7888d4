// Trains a U-Net that PyTorch has exported (unet_to_onnx.py) in Node with ONNX Runtime, and writes the trained model.
//
//   node onnxruntime-node.mjs [STEPS] [TRAINED.onnx]     40 steps by default

import { readFileSync, writeFileSync } from "node:fs";
import { argv } from "node:process";
import { createTrainer, trainableFromOnnx } from "@losskit/lab/onnx-training";
import { bceDice } from "losskit";
import { confusionCounts, diceScore } from "losskit/metrics";
import * as ort from "onnxruntime-node";
import { drawDiscs } from "./noisy-discs.mjs";

const [IMAGES, SIDE] = [4, 64];
const SHAPE = [IMAGES, 1, SIDE, SIDE];

const trainable = trainableFromOnnx(readFileSync(new URL("unet.onnx", import.meta.url)), { inputShape: SHAPE });
const trainer = await createTrainer(ort, trainable, { loss: bceDice(), rate: 0.01, reuseOutputs: true });
console.log(`${trainable.parameters.length} parameters`);
for (let step = 1; step <= Number(argv[2] ?? 40); step++) {
  const { images, mask } = drawDiscs(IMAGES, SIDE);
  const loss = await trainer.step(images, mask);
  if (step === 1 || step % 10 === 0) console.log(`step ${step}: loss ${loss.toFixed(3)}`);
}

// The trained model is the given one with other numbers: any ONNX Runtime runs it, here on images it has not seen.
const trained = trainer.export();
await trainer.release();
if (argv[3]) writeFileSync(argv[3], trained);
const session = await ort.InferenceSession.create(trained);
const { images, mask } = drawDiscs(IMAGES, SIDE);
const { logits } = await session.run({ image: new ort.Tensor("float32", images, SHAPE) });
const found = Uint8Array.from(logits.data, (logit) => Number(logit > 0));
const [, disc] = confusionCounts(mask, found, { classes: 2 });
console.log(`Dice on new images: ${diceScore(disc).toFixed(3)}`);
