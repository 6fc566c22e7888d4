// losskit in TensorFlow.js on WebAssembly: a U-Net's training step by the kernels that exist, the share of the loss in it, and the loss against composed operations.
//
//   node tfjs.mjs [--cpu]     with one step of tfjs's pure JavaScript, which takes minutes

import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { argv } from "node:process";
import { enableWasmTraining, tfLoss } from "../packages/losskit/dist/adapters/tfjs/index.js";
import { bceDice, diceCe, focalTversky } from "../packages/losskit/dist/index.js";
import { composedLosses } from "./contestants/tfjs-losses.mjs";
import { machineFacts } from "./harness/machine.mjs";
import { markdownTable } from "./harness/markdown-table.mjs";
import { normal, uniform } from "./harness/random.mjs";
import { createImages, createStep } from "./harness/tfjs-unet.mjs";
import { interleave, ratioTable } from "./interleave.mjs";

const require = createRequire(import.meta.url);
const tf = require("@tensorflow/tfjs");
const { setWasmPaths } = require("@tensorflow/tfjs-backend-wasm");
setWasmPaths(`${dirname(require.resolve("@tensorflow/tfjs-backend-wasm/package.json"))}/wasm-out/`);

const IMAGES = 8;
const SIDE = 128;
/** A step may take this share of its time for the loss; a loss is to be this many times faster than composed operations. */
const GOALS = { share: 0.02, composed: 15, kernels: 2, cpu: 200 };

await tf.setBackend("wasm");
const shipped = tf.getKernel("Conv2DBackpropInput", "wasm");
enableWasmTraining(tf);
const ours = tf.getKernel("Conv2DBackpropInput", "wasm");
const use = (kernel) => {
  tf.unregisterKernel(kernel.kernelName, "wasm");
  tf.registerKernel(kernel);
};

const loss = tfLoss(tf, bceDice());
const images = createImages(tf, IMAGES, SIDE);
// Each has a network of its own, so that both take the same steps.
const steps = { shipped: createStep(tf, loss, images), ours: createStep(tf, loss, images) };
const traces = [
  [shipped, steps.shipped],
  [ours, steps.ours],
].map(([kernel, step]) => {
  use(kernel);
  return [step(), step(), step(), step()];
});
if (traces[0].some((value, i) => Math.abs(value - traces[1][i]) > 1e-4)) {
  throw new Error(`the kernels do not train alike: ${traces[0]} and ${traces[1]}`);
}
/** A step with one of the kernels for the gradient along inputs. */
const stepWith = (kernel, step) => () => {
  use(kernel);
  step();
};
const stepTimes = interleave(
  {
    "enableWasmTraining, both gradients": stepWith(ours, steps.ours),
    "the missing kernel alone": stepWith(shipped, steps.shipped),
  },
  { rounds: 9, warmUp: 1 },
);
use(ours);

const LOSSES = [
  { work: "bce-dice", loss: bceDice(), voxels: IMAGES * SIDE * SIDE, classes: 1 },
  { work: "bce-dice", loss: bceDice(), voxels: 2 ** 20, classes: 1 },
  { work: "focal-tversky", loss: focalTversky(), voxels: 2 ** 20, classes: 1 },
  { work: "ce-dice", loss: diceCe(), voxels: 2 ** 20, classes: 4 },
];
const lossRows = LOSSES.map(({ work, loss, voxels, classes }) => {
  const random = uniform(3);
  const gaussian = normal(random);
  const logits = tf.tensor(
    Float32Array.from({ length: voxels * classes }, () => 2 * gaussian()),
    [1, voxels, classes],
  );
  const labels = Int32Array.from({ length: voxels }, () => Math.floor(random() * Math.max(classes, 2)));
  const target = tf.tensor(labels, [1, voxels], "int32");
  const mask = tf.cast(tf.reshape(target, [1, voxels, 1]), "float32");
  const ourLoss = tfLoss(tf, loss);
  const composed = composedLosses(tf, classes)[work];
  const bothOurs = tf.valueAndGrad((x) => ourLoss(classes === 1 ? mask : target, x));
  const bothComposed = tf.valueAndGrad((x) =>
    classes === 1 ? composed(x, mask) : composed(x.reshape([voxels, classes]), target.reshape([voxels])),
  );
  const times = interleave({
    ours: () => tf.dispose(bothOurs(logits)),
    composed: () => tf.dispose(bothComposed(logits)),
  });
  tf.dispose([logits, target, mask]);
  return { work, voxels, classes, times: times.map(({ milliseconds }) => milliseconds) };
});

const [{ milliseconds: stepTime }, { milliseconds: naive }] = stepTimes;
const share = lossRows[0].times[0] / stepTime;
const reached = (value, goal, more = true) => `${(more ? value >= goal : value <= goal) ? "reached" : "missed"}`;
const lines = [
  "# losskit in TensorFlow.js on WebAssembly",
  "",
  `Node ${process.versions.node}, ${machineFacts().processor}; tfjs ${tf.version.tfjs}, which has one thread here; losskit has all. Medians, turn by turn.`,
  "",
  `A training step of a U-Net (29,321 parameters, ${IMAGES} images of ${SIDE} x ${SIDE}, Adam) with BCE + Dice:`,
  "",
  ratioTable(stepTimes),
  "",
  `- Against the missing kernel alone ${(naive / stepTime).toFixed(1)} times faster; goal ${GOALS.kernels}: ${reached(naive / stepTime, GOALS.kernels)}.`,
  `- Loss and gradient are ${(100 * share).toFixed(2)} % of a step; goal ${100 * GOALS.share} %: ${reached(share, GOALS.share, false)}.`,
];
if (argv.includes("--cpu")) {
  await tf.setBackend("cpu");
  const step = createStep(tf, tfLoss(tf, bceDice()), createImages(tf, IMAGES, SIDE));
  const start = performance.now();
  step();
  const times = (performance.now() - start) / stepTime;
  lines.push(
    `- One step of tfjs's pure JavaScript took ${((performance.now() - start) / 1000).toFixed(0)} s, ${times.toFixed(0)} times as long; goal ${GOALS.cpu}: ${reached(times, GOALS.cpu)}.`,
  );
}
const table = markdownTable(
  ["loss", "classes", "voxels", "losskit, ms", "composed of tfjs, ms", "times faster", `goal ${GOALS.composed}`],
  lossRows.map(({ work, classes, voxels, times: [own, other] }) => [
    work,
    String(classes),
    voxels.toLocaleString("en"),
    own.toFixed(2),
    other.toFixed(1),
    (other / own).toFixed(1),
    reached(other / own, GOALS.composed),
  ]),
  ["left", "right", "right", "right", "right", "right", "left"],
);
lines.push("", "Loss and gradient by `tf.valueAndGrad`:", "", table, "");
const folder = new URL("results/", import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL("tfjs.md", folder), lines.join("\n"));
console.log(lines.join("\n"));
