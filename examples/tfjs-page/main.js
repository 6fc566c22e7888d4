// Trains a small network in a page with TensorFlow.js on WebAssembly, by a custom loop: label maps, and a weight for each voxel.
//
//   npx vite examples/tfjs-page

import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import plain from "@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.wasm?url";
import simd from "@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-simd.wasm?url";
import threads from "@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.wasm?url";
import * as tf from "@tensorflow/tfjs-core";
import { initializers, layers, sequential } from "@tensorflow/tfjs-layers";
import { bceDice } from "losskit";
import { enableWasmTraining, tfDice, tfLoss } from "losskit/tfjs";

setWasmPaths({
  "tfjs-backend-wasm.wasm": plain,
  "tfjs-backend-wasm-simd.wasm": simd,
  "tfjs-backend-wasm-threaded-simd.wasm": threads,
});
await tf.setBackend("wasm");
enableWasmTraining(tf);

const [IMAGES, SIDE] = [6, 64];
const ramp = tf.range(0, SIDE);
const centres = (seed) => tf.randomUniform([IMAGES, 1, 1], 15, 49, "float32", seed);
const away = tf.add(
  tf.squaredDifference(tf.reshape(ramp, [1, SIDE, 1]), centres(1)),
  tf.squaredDifference(tf.reshape(ramp, [1, 1, SIDE]), centres(2)),
);
const labels = tf.cast(tf.less(away, 100), "int32");
const x = tf.expandDims(tf.add(tf.cast(labels, "float32"), tf.randomNormal(labels.shape, 0, 0.6, "float32", 3)), 3);
// Voxels near the border count three times.
const weights = tf.add(1, tf.mul(2, tf.cast(tf.less(tf.abs(tf.sub(tf.sqrt(away), 10)), 2), "float32")));

// Every run starts with the same weights.
let seed = 1;
const conv = (filters, rest) => {
  const kernelInitializer = initializers.glorotUniform({ seed: seed++ });
  return layers.conv2d({ filters, kernelSize: 5, padding: "same", kernelInitializer, ...rest });
};
const network = sequential();
network.add(conv(8, { inputShape: [SIDE, SIDE, 1], activation: "relu" }));
network.add(conv(8, { activation: "relu" }));
network.add(conv(1));

const loss = tfLoss(tf, bceDice());
const dice = tfDice(tf);
const optimizer = tf.train.adam(0.01);
for (let step = 1; step <= 20; step++) {
  const value = optimizer.minimize(() => loss(labels, network.apply(x, { training: true }), { weights }), true);
  const score = tf.tidy(() => dice(tf.expandDims(labels, 3), network.predict(x)));
  document.querySelector("#log").textContent +=
    `step ${step}: loss ${(await value.data())[0].toFixed(3)}, Dice ${(await score.data())[0].toFixed(3)}\n`;
  tf.dispose([value, score]);
}
for (const picture of [tf.sigmoid(tf.sub(tf.mul(x, 4), 2)), tf.expandDims(labels, 3), tf.sigmoid(network.predict(x))]) {
  const canvas = document.querySelector("#pictures").appendChild(document.createElement("canvas"));
  await tf.browser.toPixels(tf.squeeze(tf.cast(tf.slice(picture, 0, 1), "float32"), [0]), canvas);
}
document.body.dataset.done = "true";
