// Trains a U-Net that PyTorch has exported (../unet_to_onnx.py) in a page with ONNX Runtime, and offers the trained model for download.
//
//   npx vite examples/onnxruntime-web-page

import { createTrainer, trainableFromOnnx } from "@losskit/lab/onnx-training";
import { bceDice } from "losskit";
import wasm from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";
import * as ort from "onnxruntime-web/wasm";
import { drawDiscs } from "../noisy-discs.mjs";
import unet from "../unet.onnx?url";

ort.env.wasm.wasmPaths = { wasm };
ort.env.wasm.numThreads = 1;

const [IMAGES, SIDE] = [4, 64];
const SHAPE = [IMAGES, 1, SIDE, SIDE];

/** The first image of a batch in grey; `grey` gives the share of white of a value. */
function show(values, grey) {
  const canvas = document.querySelector("#pictures").appendChild(document.createElement("canvas"));
  canvas.width = canvas.height = SIDE;
  const pixels = new ImageData(SIDE, SIDE);
  for (let i = 0; i < SIDE ** 2; i++) pixels.data.set([...Array(3).fill(255 * grey(values[i])), 255], 4 * i);
  canvas.getContext("2d").putImageData(pixels, 0, 0);
}

const model = new Uint8Array(await (await fetch(unet)).arrayBuffer());
const trainer = await createTrainer(ort, trainableFromOnnx(model, { inputShape: SHAPE }), {
  loss: bceDice(),
  rate: 0.02,
});
for (let step = 1; step <= 40; step++) {
  const { images, mask } = drawDiscs(IMAGES, SIDE);
  const loss = await trainer.step(images, mask);
  document.querySelector("#log").textContent += `step ${step}: loss ${loss.toFixed(3)}\n`;
}

const trained = trainer.export();
const link = document.body.appendChild(document.createElement("a"));
Object.assign(link, { download: "trained.onnx", href: URL.createObjectURL(new Blob([trained])) }).append("the model");
const session = await ort.InferenceSession.create(trained);
const { images, mask } = drawDiscs(IMAGES, SIDE);
const { logits } = await session.run({ image: new ort.Tensor("float32", images, SHAPE) });
show(images, (value) => (value + 2) / 5);
show(mask, (label) => label);
show(logits.data, (logit) => 1 / (1 + Math.exp(-logit)));
document.body.dataset.done = "true";
