// EXPERIMENTAL. Trains a small convolutional network with jax-js and a loss of losskit; see docs/jax-js.md for what jax-js gets wrong.
//
//   node jax-js.mjs [STEPS]     30 by default

import { argv } from "node:process";
import * as jax from "@jax-js/jax";
import { bceDice } from "losskit";
import { jaxLoss } from "losskit/jax";
import { uniform } from "./noisy-discs.mjs";

const { numpy: np, lax, nn, random, tree } = jax;
await jax.init("wasm");
jax.defaultDevice("wasm");

const [IMAGES, SIDE] = [4, 24];

/** Discs under noise, and their masks. */
function draw() {
  const mask = new Uint8Array(IMAGES * SIDE * SIDE);
  const pixels = new Float32Array(mask.length);
  for (let i = 0; i < mask.length; i++) {
    const [image, y, x] = [Math.floor(i / SIDE ** 2), Math.floor(i / SIDE) % SIDE, i % SIDE];
    mask[i] = Number(Math.hypot(y - 8 - image, x - 15 + image) < 5);
    // Twelve even numbers between 0 and 1 less 6 are nearly normal.
    const noise = Array.from({ length: 12 }, uniform).reduce((sum, part) => sum + part, -6);
    pixels[i] = mask[i] + 0.7 * noise;
  }
  return { images: np.array(pixels, { shape: [IMAGES, 1, SIDE, SIDE] }), mask };
}

const filter = (to, from, size, seed) =>
  random.normal(random.key(seed), [to, from, size, size]).mul(1 / (size * Math.sqrt(from)));
const conv = (x, filters) => lax.convGeneralDilated(x, filters, [1, 1], "SAME");
/** Logits [images, 1, side, side]; like all of jax-js it uses up what it is given. */
const model = ([first, second, last], x) => conv(nn.relu(conv(nn.relu(conv(x, first)), second)), last);

const { images, mask } = draw();
const loss = jaxLoss(jax, bceDice());
let parameters = [filter(8, 1, 3, 1), filter(8, 8, 3, 2), filter(1, 8, 1, 3)];
let speed = parameters.map((p) => np.zerosLike(p.ref));
for (let step = 1; step <= Number(argv[2] ?? 30); step++) {
  const [logits, pull] = jax.vjp((p) => model(p, images.ref), [tree.ref(parameters)]);
  const { value, cotangent } = await loss(logits, mask);
  const [slopes] = pull(cotangent);
  pull.dispose();
  // Gradient descent with momentum.
  speed = speed.map((v, i) => v.mul(0.9).add(slopes[i]));
  parameters = parameters.map((p, i) => p.sub(speed[i].ref.mul(0.1)));
  if (step === 1 || step % 10 === 0) console.log(`step ${step}: loss ${value.toFixed(3)}`);
}
