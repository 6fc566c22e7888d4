// Trains a small U-Net in Node with TensorFlow.js, without native packages: its WebAssembly backend, which enableWasmTraining completes.
//
//   node tfjs-node.mjs [EPOCHS]     6 by default
//
// With the package @tensorflow/tfjs in place of its parts, `tf` alone is core and layers.

import { argv } from "node:process";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { initializers, input, layers, model } from "@tensorflow/tfjs-layers";
import { diceCe } from "losskit";
import { enableWasmTraining, tfDice, tfLoss, tfSetScores } from "losskit/tfjs";

await tf.setBackend("wasm");
enableWasmTraining(tf);

const [IMAGES, SIDE, CLASSES] = [24, 32, 3];

/** Discs, some with a hole, under noise: classes 0 outside, 1 disc, 2 hole. */
function draw(images, seed) {
  const centre = tf.randomUniform([images, 1, 1, 2], 10, 22, "float32", seed);
  const range = tf.range(0, SIDE);
  const away = tf.add(
    tf.squaredDifference(
      tf.reshape(range, [1, SIDE, 1]),
      tf.squeeze(tf.slice(centre, [0, 0, 0, 0], [-1, -1, -1, 1]), [3]),
    ),
    tf.squaredDifference(
      tf.reshape(range, [1, 1, SIDE]),
      tf.squeeze(tf.slice(centre, [0, 0, 0, 1], [-1, -1, -1, 1]), [3]),
    ),
  );
  const labels = tf.add(tf.cast(tf.less(away, 64), "int32"), tf.cast(tf.less(away, 9), "int32"));
  const x = tf.add(tf.cast(tf.equal(labels, 1), "float32"), tf.randomNormal(labels.shape, 0, 0.3, "float32", seed + 1));
  return { x: tf.expandDims(x, 3), y: tf.oneHot(labels, CLASSES) };
}

// Every run starts with the same weights and takes the images, which are drawn at random already, in the same order.
let seed = 1;
const start = () => initializers.glorotUniform({ seed: seed++ });
const conv = (filters, x) =>
  layers.conv2d({ filters, kernelSize: 3, padding: "same", activation: "relu", kernelInitializer: start() }).apply(x);
const image = input({ shape: [SIDE, SIDE, 1] });
const wide = conv(8, conv(8, image));
const deep = conv(16, layers.maxPooling2d({ poolSize: 2 }).apply(wide));
const up = layers.conv2dTranspose({ filters: 8, kernelSize: 2, strides: 2, kernelInitializer: start() }).apply(deep);
const joined = conv(8, layers.concatenate().apply([up, wide]));
// No activation at the end: the loss takes logits.
const logits = layers.conv2d({ filters: CLASSES, kernelSize: 1, kernelInitializer: start() }).apply(joined);
const network = model({ inputs: image, outputs: logits });

network.compile({ optimizer: tf.train.adam(0.01), loss: tfLoss(tf, diceCe()), metrics: [tfDice(tf)] });
const [training, validation] = [draw(IMAGES, 1), draw(8, 5)];
const { history } = await network.fit(training.x, training.y, {
  epochs: Number(argv[2] ?? 6),
  batchSize: 4,
  shuffle: false,
  validationData: [validation.x, validation.y],
  callbacks: tfSetScores(tf, network, validation),
  verbose: 0,
});
history.loss.forEach((loss, epoch) => {
  const shown = ["val_loss", "val_dice", "set_dice"].map((name) => `${name} ${history[name][epoch].toFixed(3)}`);
  console.log(`epoch ${epoch + 1}: loss ${loss.toFixed(3)}, ${shown.join(", ")}`);
});
