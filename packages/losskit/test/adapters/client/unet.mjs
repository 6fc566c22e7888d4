// A U-Net script as people write them for TensorFlow.js, with nothing of losskit: the test changes the line with the loss, and runs it.

import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import "@tensorflow/tfjs-backend-cpu";

const SIZE = 16;

function block(input, filters) {
  const first = tfl.layers.conv2d({ filters, kernelSize: 3, padding: "same", activation: "relu" }).apply(input);
  return tfl.layers.conv2d({ filters, kernelSize: 3, padding: "same", activation: "relu" }).apply(first);
}

function createModel() {
  const input = tfl.input({ shape: [SIZE, SIZE, 1] });
  const down1 = block(input, 4);
  const pool1 = tfl.layers.maxPooling2d({ poolSize: [2, 2] }).apply(down1);
  const bottom = block(pool1, 8);
  const up1 = tfl.layers.upSampling2d({ size: [2, 2] }).apply(bottom);
  const merged = tfl.layers.concatenate().apply([up1, down1]);
  const last = block(merged, 4);
  const output = tfl.layers.conv2d({ filters: 1, kernelSize: 1, activation: "sigmoid" }).apply(last);
  return tfl.model({ inputs: input, outputs: output });
}

function createData(count) {
  const images = tf.buffer([count, SIZE, SIZE, 1]);
  const masks = tf.buffer([count, SIZE, SIZE, 1]);
  for (let i = 0; i < count; i++) {
    const [cy, cx] = [5 + (i % 6), 5 + ((i * 3) % 6)];
    for (let y = 0; y < SIZE; y++) {
      for (let x = 0; x < SIZE; x++) {
        const inside = (y - cy) ** 2 + (x - cx) ** 2 < 12 ? 1 : 0;
        images.set(inside * 0.8 + ((y * 7 + x * 13 + i) % 10) / 20, i, y, x, 0);
        masks.set(inside, i, y, x, 0);
      }
    }
  }
  return [images.toTensor(), masks.toTensor()];
}

const model = createModel();
model.compile({
  optimizer: tf.train.adam(0.01),
  loss: "binaryCrossentropy",
  metrics: ["accuracy"],
});
const [xs, ys] = createData(8);
const history = await model.fit(xs, ys, { epochs: 4, batchSize: 4, validationSplit: 0.25, verbose: 0 });
console.log(JSON.stringify(history.history));
