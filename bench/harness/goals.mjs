// The figures that losskit is to reach, and what the results say of each.

import { CASES, PAIRS_64 } from "./cases.mjs";

/** @typedef {Record<string, object>} Results by the name of the case */

const beginning = (...starts) =>
  CASES.map(({ name }) => name).filter((name) => starts.some((start) => name.startsWith(start)));
const sized = (names, exponent) => names.filter((name) => name.endsWith(`2p${exponent}`));

const BINARY = beginning("bce-dice-", "focal-tversky-");
const SOFTMAX = beginning("ce-dice-");
const ACCURACY = CASES.filter(({ untimed }) => untimed);
const OURS = ["losskit", "losskit, bytes"];
const OURS_TWO = ["losskit, 2 threads", "losskit, bytes, 2 threads"];

const medianOf = (result, labels) => result?.entries.find(({ label }) => labels.includes(label))?.times?.median;

/** Median of `above` over that of `below` in one case; undefined where one was not measured. */
function ratio(results, name, above, below) {
  const [top, bottom] = [medianOf(results[name], above), medianOf(results[name], below)];
  return top !== undefined && bottom !== undefined ? top / bottom : undefined;
}

export const geometricMean = (numbers) => Math.exp(numbers.reduce((sum, x) => sum + Math.log(x), 0) / numbers.length);
const smallest = (numbers) => Math.min(...numbers);
const largest = (numbers) => Math.max(...numbers);

/**
 * @typedef {object} Goal
 * @property {string} work
 * @property {string} figure what is measured
 * @property {"at least" | "at most" | "below"} sense
 * @property {number} target
 * @property {string} unit after numbers: "x", "%", or nothing
 * @property {readonly string[]} cases
 * @property {(results: Results, name: string) => number | undefined} measure of one case
 * @property {(numbers: readonly number[]) => number} join the cases' numbers to one
 * @property {string} joined how, in words
 */

const times = (work, cases, peer, target, { join = geometricMean, joined = "geometric mean" } = {}) => ({
  work,
  figure: `times faster than ${peer.text}`,
  sense: "at least",
  target,
  unit: "x",
  cases,
  measure: (results, name) => ratio(results, name, peer.labels, OURS),
  join,
  joined,
});
const TORCH = { text: "eager torch, default allocator", labels: ["torch"] };
const TORCH_HEAP = { text: "eager torch, heap reuse", labels: ["torch, heap reuse"] };
const TFJS = { text: "tfjs-wasm", labels: ["tfjs"] };
const LOOP = { text: "the JS loop", labels: ["JS loop"] };
const NATIVE = { text: "native C (below 1 is slower)", labels: ["C"] };
const SCIPY = { text: "scipy", labels: ["scipy"] };
const SURFACE_DISTANCE = { text: "surface-distance", labels: ["surface-distance"] };
const MONAI = { text: "MONAI", labels: ["MONAI"] };
const least = { join: smallest, joined: "least" };
const most = { join: largest, joined: "most" };

const binaryWork = "Dice + BCE and focal Tversky, 2^20 and 2^24";
const softmaxWork = "softmax CE + Dice, 4 and 14 classes";
const percent = (share) => (share === undefined ? undefined : 100 * share);
const floorShare = (cases, floors, ours, target, threads) => ({
  work: `Dice + BCE and focal Tversky, 2^24, ${threads}`,
  figure: "share of the bandwidth floor",
  sense: "at least",
  target,
  unit: "%",
  cases,
  measure: (results, name) => percent(ratio(results, name, floors, ours)),
  join: geometricMean,
  joined: "geometric mean",
});

const addedGoals = ["added-binary", "added-4"].flatMap((start) => {
  const cases = beginning(start);
  const work = start === "added-binary" ? "Dice + BCE + focal added" : "softmax Dice + CE + focal added, 4 classes";
  return [
    {
      work,
      figure: "time over that of the first alone",
      sense: "at most",
      target: 1.8,
      unit: "x",
      cases,
      measure: (results, name) => ratio(results, name, ["added"], ["first alone"]),
      ...most,
    },
    {
      work,
      figure: "time over that of the two computed apart",
      sense: "below",
      target: 1,
      unit: "x",
      cases,
      measure: (results, name) => {
        const parts = [["first alone"], ["focal alone"]].map((label) => ratio(results, name, label, ["added"]));
        return parts.includes(undefined) ? undefined : 1 / (parts[0] + parts[1]);
      },
      ...most,
    },
  ];
});

const pairGoal = (start, work, figure, above, target) => ({
  work,
  figure,
  sense: "at most",
  target,
  unit: "x",
  cases: beginning(start),
  measure: (results, name) => ratio(results, name, [above], ["losskit"]),
  ...most,
});

/** A call takes a tenth of the 1,000 pairs that the figure names. */
const secondsGoal = (work, cases, target) => ({
  work,
  figure: "seconds, one thread",
  sense: "at most",
  target,
  unit: " s",
  cases,
  measure: (results, name) => {
    const median = medianOf(results[name], OURS);
    return median === undefined ? undefined : ((median / 1000) * 1000) / PAIRS_64;
  },
  ...most,
});

const accuracyGoal = (work, figure, target, cases, key) => ({
  work,
  figure,
  sense: "at most",
  target,
  unit: "",
  cases: cases.map(({ name }) => name),
  measure: (results, name) => results[name]?.entries.find(({ label }) => OURS.includes(label))?.errors?.[key],
  ...most,
});
const manyVoxels = ACCURACY.filter(({ data }) => data.voxels >= 4096);
const fewVoxels = ACCURACY.filter(({ data }) => data.voxels < 4096);
const ofOneChannel = manyVoxels.filter(({ data }) => data.classes === 1);
const ofSeveral = manyVoxels.filter(({ data }) => data.classes > 1);

/** @type {readonly Goal[]} */
export const GOALS = [
  times(binaryWork, BINARY, TORCH, 8.5),
  times(binaryWork, BINARY, TORCH_HEAP, 3.5),
  times(binaryWork, BINARY, TORCH_HEAP, 2, least),
  times(binaryWork, BINARY, TFJS, 16),
  times(binaryWork, BINARY, LOOP, 15),
  times(binaryWork, BINARY, NATIVE, 0.3),
  floorShare(sized(BINARY, 24), ["floor"], OURS, 38, "one thread"),
  floorShare(beginning("threads-bce", "threads-focal"), ["floor, 2 threads"], OURS_TWO, 45, "two threads"),
  times(softmaxWork, SOFTMAX, TORCH, 7),
  times(softmaxWork, SOFTMAX, TORCH_HEAP, 3),
  times(softmaxWork, SOFTMAX, TFJS, 16),
  ...addedGoals,
  times("Lovász hinge, a network's usual output, 2^20 and 2^24", beginning("lovasz-hinge-usual"), TORCH, 14, least),
  times("Lovász hinge, random output, 2^20 and 2^24", beginning("lovasz-hinge-random"), TORCH, 10, least),
  times("distance transform, 1024² discs", ["distance-discs"], SCIPY, 4, least),
  times("distance transform, 256³ spheres", ["distance-spheres"], SCIPY, 25, least),
  times("distance transform, 256³ with 8 seeds", ["distance-seeds"], SCIPY, 8, least),
  ...[
    ["2^24", beginning("threads-").filter((name) => !name.includes("idle"))],
    ["2^20 after 5 ms of idling", beginning("threads-idle")],
  ].map(([size, cases]) => ({
    work: `two threads, ${size}`,
    figure: "times faster than one thread",
    sense: "at least",
    target: 1.5,
    unit: "x",
    cases,
    measure: (results, name) => ratio(results, name, OURS, OURS_TWO),
    ...least,
  })),
  pairGoal("targets", "label maps of bytes", "time over that of float targets", "losskit, bytes", 1),
  pairGoal("arrays", "plain typed arrays", "time over that of allocated arrays", "losskit, plain arrays", 1.5),
  {
    work: "metrics: Dice and all counts, 256³, 5 classes",
    figure: "share of the speed of reading both arrays, in C",
    sense: "at least",
    target: 60,
    unit: "%",
    cases: ["metrics-counts"],
    measure: (results, name) => percent(ratio(results, name, ["read bytes"], OURS)),
    ...least,
  },
  times("metrics: HD95, average distances and NSD, 256³ organ", ["metrics-surfels"], SURFACE_DISTANCE, 10, least),
  times("metrics: HD95, ASSD and NSD, 256³ organ", ["metrics-voxels"], MONAI, 10, least),
  secondsGoal("metrics: 1,000 random shapes in 64³, every metric", ["metrics-shapes64"], 60),
  secondsGoal("metrics: 1,000 times random voxels in 64³, those of losskit evaluate", ["metrics-noise64"], 60),
  accuracyGoal("accuracy from 4,096 voxels, saturated too", "value, relative error", 1e-7, manyVoxels, "value"),
  accuracyGoal("accuracy from 4,096 voxels, saturated too", "gradient, each element", 5e-7, ofOneChannel, "element"),
  accuracyGoal("accuracy from 4,096 voxels, softmax", "gradient, of the largest", 1e-6, ofSeveral, "ofLargest"),
  accuracyGoal("accuracy of fewer voxels", "value, units in the last place of float32", 4, fewVoxels, "ulps"),
];

/** Whether a peer could not take part in the case, so that there is nothing to compare with. */
const withoutPeer = (result) =>
  result?.entries.some(({ label, skipped }) => skipped && !label.startsWith("losskit")) ?? false;

/**
 * What the results say of a goal.
 *
 * @param {Goal} goal
 * @param {Results} results
 * @returns {{ number?: number, range?: [number, number], missing: string[], impossible: string[], reached?: boolean }} no number where no case
 *   was measured; `missing` were not, `impossible` are cases in which the peer was skipped; `reached` only where none is missing
 */
export function judge(goal, results) {
  const found = goal.cases.map((name) => [name, goal.measure(results, name)]);
  const without = found.filter(([, number]) => number === undefined).map(([name]) => name);
  const impossible = without.filter((name) => withoutPeer(results[name]));
  const missing = without.filter((name) => !impossible.includes(name));
  const numbers = found.map(([, number]) => number).filter((number) => number !== undefined);
  if (numbers.length === 0) return { missing, impossible };
  const number = goal.join(numbers);
  const holds = { "at least": number >= goal.target, "at most": number <= goal.target, below: number < goal.target };
  return {
    number,
    range: [smallest(numbers), largest(numbers)],
    missing,
    impossible,
    reached: missing.length === 0 ? holds[goal.sense] : undefined,
  };
}
