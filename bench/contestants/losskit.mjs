// Contestant: losskit itself, with what the build at hand offers (arrays in its own memory, threads, choice of the backend).

import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { readArguments, readBytes, readFloats, serve, skip, spaceOf } from "./serve.mjs";

const given = readArguments();
if (!existsSync(given.library)) skip(`${given.library} is not there; run npm run build in the repository's folder`);
const losskit = await import(pathToFileURL(given.library).href);

/** Losses of the cases, with the parameters that all contestants use. */
const LOSSES = {
  "bce-dice": () => losskit.bceDice({ smooth: 1 }),
  "focal-tversky": () => losskit.focalTversky({ smooth: 1 }),
  "ce-dice": () => losskit.add(losskit.ce(), losskit.dice({ smooth: 1 })),
  "lovasz-hinge": () => losskit.lovaszHinge(),
  focal: () => losskit.focal(),
  "bce-dice+focal": () => losskit.add(losskit.bceDice({ smooth: 1 }), losskit.focal()),
  "class-focal": () => losskit.lossFromFormula("loss = -mean(classes_sum(y * (1 - p)^2 * log(p)))"),
  "ce-dice+class-focal": () => losskit.add(losskit.ce(), losskit.dice({ smooth: 1 }), LOSSES["class-focal"]()),
};

const threads = Number(given.threads ?? 1);
const ownMemory = typeof losskit.allocate === "function";
if (threads > 1 && !ownMemory) skip("this build of losskit has no threads");
if (given.arrays === "allocated" && !ownMemory && given.required) skip("this build of losskit has no allocate()");
const allocated = given.arrays === "allocated" && ownMemory;

/** A copy of the array in the library's memory, where that is what the contestant is about. */
function place(array) {
  if (!allocated) return array;
  const type = array instanceof Uint8Array ? "uint8" : "float32";
  const inside = losskit.allocate(array.length, type);
  inside.set(array);
  return inside;
}

if (given.mask) await serveDistances();
else serveLoss();

function serveLoss() {
  const [voxels, classes] = [Number(given.voxels), Number(given.classes)];
  const logits = place(readFloats(given.logits));
  const target = place(given.target === "floats" ? readFloats(given.targets) : readBytes(given.labels));
  const gradient = place(new Float32Array(logits.length));
  const options = { shape: [1, classes, ...spaceOf(voxels)], threads, gradient };
  if (given.backend) options.backend = given.backend;
  const loss = LOSSES[given.work]();
  const call = () => loss.valueAndGradient(logits, target, options);
  const first = call();
  if (given.backend && first.backend !== given.backend) skip(`this build of losskit has no backend ${given.backend}`);
  const facts = {
    version: losskit.version,
    backend: first.backend,
    arrays: allocated ? "allocated" : "plain",
    gradient: first.gradient === gradient ? "written into the caller's array" : "a new array each call",
  };
  serve(facts, call, () => {
    const result = call();
    return { value: result.value, output: result.gradient };
  });
}

/** A module of the build beside its entry file; undefined where there is none of that name. */
async function inside(path) {
  const url = new URL(path, pathToFileURL(given.library));
  return existsSync(url) ? import(url.href) : undefined;
}

/**
 * The library has distances inside losses only, so this calls what those call: the routine on its own memory where the build has one, else the
 * plain TypeScript.
 */
async function serveDistances() {
  const space = given.space.split("x").map(Number);
  const spacing = space.map(() => 1);
  const mask = place(readBytes(given.mask));
  const [routine, memory] = await Promise.all([
    inside("./backends/wasm/routines/distance-transform.js"),
    inside("./backends/wasm/memory.js"),
  ]);
  if (routine && allocated) {
    const distances = losskit.allocate(mask.length);
    const [from, to] = [{ address: memory.addressOf(mask), type: "uint8" }, memory.addressOf(distances)];
    const call = () => routine.distancesTo(from, to, space, spacing);
    const facts = { version: losskit.version, backend: "wasm", arrays: "allocated" };
    return serve(facts, call, () => {
      call();
      return { output: Float64Array.from(distances) };
    });
  }
  const twin = await inside("./routines/distance-transform.js");
  if (!twin) skip("this build of losskit has no distance transform");
  const call = () => twin.distancesTo(mask, space, spacing);
  serve({ version: losskit.version, backend: "reference" }, call, () => ({ output: Float64Array.from(call()) }));
}
