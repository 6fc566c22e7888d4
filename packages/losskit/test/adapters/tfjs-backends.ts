// Starts the backends of TensorFlow.js that run in Node, quietly.

import { createRequire } from "node:module";
import { dirname } from "node:path";
// Layers bring the gradients of all operations with them, which the core leaves out.
import * as layers from "@tensorflow/tfjs-layers";
import "@tensorflow/tfjs-backend-cpu";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";

const wasmPackage = createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm/package.json");
setWasmPaths(`${dirname(wasmPackage)}/wasm-out/`);
// It looks for memory that kernels leave behind, and does not greet.
tf.env().set("IS_TEST", true);

/** Makes a backend the one in use. */
export async function useBackend(name: string): Promise<void> {
  if (!(await tf.setBackend(name))) throw new Error(`the backend ${name} of tfjs does not start`);
  await tf.ready();
}

export { layers, tf };
