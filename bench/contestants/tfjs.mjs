// Contestant: TensorFlow.js on its WebAssembly backend, the losses composed of its operations, gradients by tf.valueAndGrad.

import { createRequire } from "node:module";
import { dirname } from "node:path";
import { readArguments, readBytes, readFloats, serve, skip } from "./serve.mjs";
import { composedLosses } from "./tfjs-losses.mjs";

// tfjs greets on the console, which is the pipe here.
console.log = console.warn = console.info = () => {};
let tf;
try {
  const require = createRequire(import.meta.url);
  tf = require("@tensorflow/tfjs");
  const { setWasmPaths } = require("@tensorflow/tfjs-backend-wasm");
  setWasmPaths(`${dirname(require.resolve("@tensorflow/tfjs-backend-wasm/package.json"))}/wasm-out/`);
} catch (error) {
  skip(`${error.message.split("\n")[0]}; run npm install in bench/`);
}
if (!(await tf.setBackend("wasm"))) skip("the wasm backend of tfjs does not start here");
await tf.ready();

const given = readArguments();
const [voxels, classes] = [Number(given.voxels), Number(given.classes)];
const loss = composedLosses(tf, classes)[given.work] ?? skip(`${given.work} is not written for tfjs`);

/** Channels last, the layout in which tfjs has its softmax. */
function channelsLast(array) {
  const turned = new Float32Array(array.length);
  for (let i = 0; i < voxels; i++) for (let c = 0; c < classes; c++) turned[i * classes + c] = array[c * voxels + i];
  return turned;
}
function channelsFirst(array) {
  const turned = new Float32Array(array.length);
  for (let i = 0; i < voxels; i++) for (let c = 0; c < classes; c++) turned[c * voxels + i] = array[i * classes + c];
  return turned;
}

const logits = readFloats(given.logits);
const x = classes === 1 ? tf.tensor1d(logits) : tf.tensor2d(channelsLast(logits), [voxels, classes]);
const y =
  classes === 1
    ? tf.tensor1d(readFloats(given.targets))
    : tf.tensor1d(Int32Array.from(readBytes(given.labels)), "int32");
const both = tf.valueAndGrad((input) => loss(input, y));

/** The gradient stays in the backend's memory, where an optimiser would read it. */
function call() {
  const { value, grad } = both(x);
  const number = value.dataSync()[0];
  value.dispose();
  return { number, grad };
}

try {
  call().grad.dispose();
} catch (error) {
  skip(`tfjs on wasm cannot do it: ${String(error.message ?? error).split("\n")[0]}`);
}
serve(
  { version: tf.version.tfjs, backend: tf.getBackend(), threads: 1 },
  () => call().grad.dispose(),
  () => {
    const { number, grad } = call();
    const data = grad.dataSync();
    const output = classes === 1 ? Float32Array.from(data) : channelsFirst(data);
    grad.dispose();
    return { value: number, output };
  },
);
