// What is measured: one entry a run, in which all its contestants take turns.

/**
 * @typedef {object} Entry
 * @property {string} label in tables
 * @property {string} as the contestant, by its name in contestants.mjs
 * @property {string} work what it does
 */

/**
 * @typedef {object} Case
 * @property {string} name also of its result file; 2p20 is 2^20 voxels
 * @property {string} title
 * @property {{ voxels: number, classes: number, spread: string } | { mask: string } | { pair: string, count?: number }} data
 * @property {readonly Entry[]} entries who takes part
 * @property {number} [idle] ms of sleep before each timed call
 * @property {boolean} [brief] a call takes so little time that the turns are those of small sizes
 * @property {boolean} [untimed] only the accuracy counts
 * @property {boolean} quick whether --quick takes it
 */

const WORK_TITLES = {
  "bce-dice": "Dice + BCE",
  "focal-tversky": "Focal Tversky",
  "ce-dice": "Softmax CE + Dice",
  "lovasz-hinge": "Lovász hinge",
};
const PEERS = ["torch", "torch, heap reuse", "tfjs", "JS loop", "C"];

const all = (names, work) => names.map((name) => ({ label: name, as: name, work }));
const voxelData = (exponent, classes = 1, spread = "usual") => ({ voxels: 2 ** exponent, classes, spread });

const binary = ["bce-dice", "focal-tversky"].flatMap((work) =>
  [20, 24].map((exponent) => ({
    name: `${work}-2p${exponent}`,
    title: `${WORK_TITLES[work]}, float32 targets, 2^${exponent} voxels`,
    data: voxelData(exponent),
    entries: all(["losskit", ...PEERS, "floor", "read", "triad"], work),
    quick: exponent === 20,
  })),
);

const softmax = [
  [4, 20],
  [4, 24],
  [14, 20],
  [14, 22],
].map(([classes, exponent]) => ({
  name: `ce-dice-${classes}-2p${exponent}`,
  title: `Softmax CE + Dice, ${classes} classes, label map, 2^${exponent} voxels`,
  data: voxelData(exponent, classes),
  entries: all(["losskit, bytes", ...PEERS], "ce-dice"),
  quick: exponent === 20,
}));

/** One loss, the other, and both added: all by losskit, so that only the sharing of work differs. */
const added = [20, 24].flatMap((exponent) =>
  [
    { name: "added-binary", title: "Dice + BCE + focal", classes: 1, first: "bce-dice", second: "focal" },
    {
      name: "added-4",
      title: "Softmax Dice + CE + focal, 4 classes",
      classes: 4,
      first: "ce-dice",
      second: "class-focal",
    },
  ].map(({ name, title, classes, first, second }) => ({
    name: `${name}-2p${exponent}`,
    title: `${title} added, 2^${exponent} voxels`,
    data: voxelData(exponent, classes),
    entries: [
      { label: "first alone", as: "losskit, bytes", work: first },
      { label: "focal alone", as: "losskit, bytes", work: second },
      { label: "added", as: "losskit, bytes", work: `${first}+${second}` },
    ],
    quick: exponent === 20,
  })),
);

const lovasz = ["usual", "random"].flatMap((spread) =>
  [20, 24].map((exponent) => ({
    name: `lovasz-hinge-${spread}-2p${exponent}`,
    title: `Lovász hinge, ${spread === "usual" ? "a network's usual output" : "random output"}, 2^${exponent} voxels`,
    data: voxelData(exponent, 1, spread),
    entries: all(["losskit", "torch", "torch, heap reuse", "JS loop", "C"], "lovasz-hinge"),
    quick: exponent === 20,
  })),
);

const distances = [
  ["discs", "1024² with 60 discs"],
  ["spheres", "256³ with 60 spheres"],
  ["seeds", "256³ with 8 seeds"],
].map(([mask, title]) => ({
  name: `distance-${mask}`,
  title: `Exact Euclidean distance transform, ${title}`,
  data: { mask },
  entries: all(["losskit, bytes", "scipy"], "distance"),
  quick: mask === "discs",
}));

const THREADED = ["bce-dice", "focal-tversky", "ce-dice"];
const threads = THREADED.flatMap((work) => {
  const classes = work === "ce-dice" ? 4 : 1;
  const one = classes === 1 ? "losskit" : "losskit, bytes";
  const two = classes === 1 ? "losskit, 2 threads" : "losskit, bytes, 2 threads";
  const floors = classes === 1 ? ["floor", "floor, 2 threads"] : [];
  return [
    {
      name: `threads-${work}-2p24`,
      title: `${WORK_TITLES[work]} on two threads, 2^24 voxels`,
      data: voxelData(24, classes),
      entries: all([one, two, ...floors], work),
      quick: false,
    },
    {
      name: `threads-idle-${work}-2p20`,
      title: `${WORK_TITLES[work]} on two threads, 2^20 voxels, after 5 ms of idling`,
      data: voxelData(20, classes),
      idle: 5,
      entries: all([one, two], work),
      quick: true,
    },
  ];
});

const PAIRS = { targets: ["losskit", "losskit, bytes"], arrays: ["losskit", "losskit, plain arrays"] };
const PAIR_TITLES = {
  targets: "label maps of bytes against float32 targets",
  arrays: "plain arrays against allocated ones",
};
const pairs = Object.entries(PAIRS).flatMap(([pair, names]) =>
  ["bce-dice", "focal-tversky"].flatMap((work) =>
    [20, 24].map((exponent) => ({
      name: `${pair}-${work}-2p${exponent}`,
      title: `${WORK_TITLES[work]}, ${PAIR_TITLES[pair]}, 2^${exponent} voxels`,
      data: voxelData(exponent),
      entries: all(names, work),
      quick: exponent === 20,
    })),
  ),
);

/** 1,000 voxels are fewer than the figures promise for; 4,096 the first that they do. */
const ACCURACY_SIZES = [1000, 4096, 2 ** 20];
const accuracy = ["bce-dice", "focal-tversky", "ce-dice"].flatMap((work) =>
  ["usual", "saturated"].flatMap((spread) =>
    ACCURACY_SIZES.map((voxels) => ({
      name: `accuracy-${work}-${spread}-${voxels === 2 ** 20 ? "2p20" : voxels}`,
      title: `Accuracy of ${WORK_TITLES[work]}, ${spread} logits, ${voxels === 2 ** 20 ? "2^20" : voxels} voxels`,
      data: { voxels, classes: work === "ce-dice" ? 4 : 1, spread },
      entries: all([work === "ce-dice" ? "losskit, bytes" : "losskit", "torch", "tfjs", "JS loop", "C"], work),
      untimed: true,
      quick: voxels === 2 ** 20,
    })),
  ),
);

const OUR_METRICS = "losskit metrics";
/** Pairs of 64³ in one call; the figure is for ten times as many. */
export const PAIRS_64 = 100;
const ours = (work) => ({ label: "losskit", as: OUR_METRICS, work });
const metrics = [
  {
    name: "metrics-counts",
    title: "Dice and all counts, 256³ pair of byte labels, 5 classes",
    data: { pair: "organs" },
    entries: [
      ours("counts"),
      { label: "losskit, plain arrays", as: "losskit metrics, plain arrays", work: "counts" },
      ...all(["numpy", "read bytes"], "counts"),
    ],
    brief: true,
    quick: true,
  },
  {
    name: "metrics-surfels",
    title: "HD95, average distances and NSD as surface-distance defines them, 256³ organ",
    data: { pair: "organ" },
    entries: [ours("surfaces as surfels"), ...all(["surface-distance"], "surfaces")],
    quick: false,
  },
  {
    name: "metrics-voxels",
    title: "HD95, ASSD and NSD as MONAI defines them, 256³ organ",
    data: { pair: "organ" },
    entries: [ours("surfaces as voxels"), ...all(["MONAI"], "surfaces")],
    quick: false,
  },
  ...[
    ["shapes", "everything", "every metric, random shapes"],
    ["noise", "evaluated", "what losskit evaluate measures, random voxels"],
  ].map(([kind, work, words]) => ({
    name: `metrics-${kind}64`,
    title: `${PAIRS_64} pairs of 64³ with spacing: ${words}`,
    data: { pair: `${kind}64`, count: PAIRS_64 },
    entries: [ours(work)],
    quick: false,
  })),
];

/** @type {readonly Case[]} */
export const CASES = [
  ...binary,
  ...softmax,
  ...added,
  ...lovasz,
  ...distances,
  ...threads,
  ...pairs,
  ...metrics,
  ...accuracy,
];

/**
 * Cases to run.
 *
 * @param {{ quick: boolean, names: readonly string[] }} choice names are those of cases, or the beginnings of some
 * @returns {Case[]}
 * @throws Error where a name fits no case
 */
export function chooseCases({ quick, names }) {
  for (const name of names) {
    if (!CASES.some((each) => each.name.startsWith(name))) {
      throw new Error(`no case begins with ${name}; there are ${CASES.map((each) => each.name).join(", ")}`);
    }
  }
  const chosen = CASES.filter((each) => names.length === 0 || names.some((name) => each.name.startsWith(name)));
  return quick ? chosen.filter((each) => each.quick) : chosen;
}
