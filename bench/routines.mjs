// The compiled routines against their float64 twins in TypeScript, and against scipy, on one thread; each result is held against its twin's first.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { argv } from "node:process";
import { pathToFileURL } from "node:url";
import { startContestant } from "./harness/child.mjs";
import { contestants } from "./harness/contestants.mjs";
import { MASKS, makeVoxels } from "./harness/data.mjs";
import { machineFacts, quietMoments } from "./harness/machine.mjs";
import { ratioTable, spread, takeTurns } from "./interleave.mjs";

// node routines.mjs [FILTER [FOLDER OF ANOTHER BUILD]]
const [, , filter = "", build = new URL("../packages/losskit/dist", import.meta.url)] = argv;
const library = (file) => import(`${build instanceof URL ? build : pathToFileURL(build)}/${file}`);
const memory = await library("backends/wasm/memory.js");
const [compiled, twin] = await Promise.all(
  ["backends/wasm/routines", "routines"].map(async (room) => ({
    ...(await library(`${room}/lovasz.js`)),
    ...(await library(`${room}/top-mean.js`)),
    ...(await library(`${room}/distance-transform.js`)),
  })),
);

const ROUNDS = 9;
/** Share of voxels that the mean of the largest takes: what is usual for hard examples. */
const FRACTION = 0.1;

function lend(values) {
  const address = memory.reserve(4 * values.length);
  memory.views().f32.set(values, address / 4);
  return address;
}

/** Two functions on the same errors: one writes weights into the library's memory, one returns them. */
function onErrors(data, run, reference) {
  return () => {
    const { logits, labels } = makeVoxels({ ...data, classes: 1 });
    const errors = Float32Array.from(logits, (x, i) => Math.max(0, 1 - (2 * labels[i] - 1) * x));
    const [from, targets, to] = [errors, labels, errors].map(lend);
    const inDoubles = Float64Array.from(errors);
    return {
      ours: () => run(from, targets, to, errors.length),
      plain: () => reference(inDoubles, labels).map((weight, i) => (errors[i] > 0 ? weight : 0)),
      timed: () => reference(inDoubles, labels),
      result: [to, errors.length],
      release: () => [from, targets, to].forEach(memory.release),
    };
  };
}

function onMask(name, asFile) {
  return () => {
    const { space, mask } = MASKS[name]();
    const spacing = space.map(() => 1);
    const from = memory.reserve(mask.length);
    memory.views().u8.set(mask, from);
    const to = memory.reserve(4 * mask.length);
    const plain = () => twin.distancesTo(mask, space, spacing);
    return {
      ours: () => compiled.distancesTo({ address: from, type: "uint8" }, to, space, spacing),
      plain,
      timed: plain,
      result: [to, mask.length],
      release: () => [from, to].forEach(memory.release),
      scipy: { mask: asFile(mask), space: space.join("x") },
    };
  };
}

const folder = mkdtempSync(join(tmpdir(), "losskit-routines-"));
const asFile = (mask) => {
  const path = join(folder, "mask.u8");
  writeFileSync(path, mask);
  return path;
};

const lovasz = (e, t, w, n) => compiled.lovaszWeights(e, t, w, n);
const topMean = (e, _, w, n) => compiled.topMeanWeights(e, w, n, FRACTION);
const topMeanTwin = (errors) => twin.topMeanWeights(errors, FRACTION);
const CASES = {
  "Lovász weights, 2^20, usual": onErrors({ voxels: 2 ** 20, spread: "usual" }, lovasz, twin.lovaszWeights),
  "Lovász weights, 2^20, random": onErrors({ voxels: 2 ** 20, spread: "random" }, lovasz, twin.lovaszWeights),
  "Lovász weights, 2^24, usual": onErrors({ voxels: 2 ** 24, spread: "usual" }, lovasz, twin.lovaszWeights),
  "Lovász weights, 2^24, random": onErrors({ voxels: 2 ** 24, spread: "random" }, lovasz, twin.lovaszWeights),
  "mean of the largest tenth, 2^20": onErrors({ voxels: 2 ** 20, spread: "random" }, topMean, topMeanTwin),
  "mean of the largest tenth, 2^24": onErrors({ voxels: 2 ** 24, spread: "random" }, topMean, topMeanTwin),
  "distances, 1024² discs": onMask("discs", asFile),
  "distances, 256³ spheres": onMask("spheres", asFile),
  "distances, 256³ with 8 seeds": onMask("seeds", asFile),
};

const wait = quietMoments(60_000);

async function measure(make) {
  const { ours, plain, timed, result, release, scipy } = make();
  const timer = (run) => async () => {
    await wait();
    const start = performance.now();
    run();
    return performance.now() - start;
  };
  ours();
  const expected = plain();
  const [address, length] = result;
  const found = memory.views().f32.subarray(address / 4, address / 4 + length);
  const wrong = expected.findIndex((value, i) => Math.fround(value) !== found[i]);
  if (wrong >= 0) throw new Error(`voxel ${wrong}: ${found[wrong]} in place of ${expected[wrong]}`);

  const turns = { compiled: timer(ours), TypeScript: timer(timed) };
  const peer = scipy && (await startContestant(contestants({ library: "" }).scipy.program, scipy));
  if (peer?.skip) console.log(`scipy is left out: ${peer.skip}`);
  if (peer?.ask) {
    turns.scipy = async () => {
      await wait();
      return (await peer.ask("run 0 1 0")).ms[0];
    };
  }
  const times = await takeTurns(turns, { rounds: ROUNDS, warmUp: 1 });
  await peer?.stop?.();
  release();
  return Object.entries(times).map(([name, list]) => {
    const { median, minimum, quartiles } = spread(list);
    return { name: `${name} (minimum ${minimum.toFixed(1)})`, milliseconds: median, quartiles };
  });
}

const { processor, node } = machineFacts();
console.log(`${processor}, Node ${node}; medians of ${ROUNDS} rounds, ratios to the compiled routine\n`);
try {
  for (const [title, make] of Object.entries(CASES)) {
    if (title.includes(filter)) console.log(`${title}\n\n${ratioTable(await measure(make))}\n`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
