// `losskit phantoms`: writes synthetic images with masks, splits and statistics.

import { resolve } from "node:path";
import { defineCommand } from "citty";
import { DEFAULT_COUNTS, LEAST_COUNTS, MOST_CASES } from "../datasets/phantoms/phantom-dataset.js";
import {
  DEFAULT_DIALS,
  DIAL_RANGES,
  PHANTOM_PRESETS,
  type PhantomDials,
  parsePreset,
} from "../datasets/phantoms/presets.js";
import { writePhantoms } from "../datasets/phantoms/write-phantoms.js";
import { LabError } from "../errors.js";
import { readWholeNumber } from "./arguments.js";
import { onInterrupt } from "./interrupt.js";

/** Options of the dials, by their names in the library. */
const DIALS = {
  foreground: "foregroundScale",
  size: "sizeScale",
  contrast: "contrast",
  noise: "noise",
  "border-shift": "borderShift",
  missed: "missedFraction",
} as const satisfies Record<string, keyof PhantomDials>;

const LARGEST_SEED = 2 ** 31 - 1;

export const phantomsCommand = defineCommand({
  meta: { name: "phantoms", description: "Write synthetic images with masks" },
  args: {
    preset: { type: "string", required: true, valueHint: "name", description: PHANTOM_PRESETS.join(", ") },
    out: { type: "string", required: true, valueHint: "dir", description: "Folder to write" },
    seed: { type: "string", valueHint: "n", description: "Other images with another seed (default 1)" },
    train: { type: "string", valueHint: "n", description: `Training cases (default ${DEFAULT_COUNTS.train})` },
    validation: {
      type: "string",
      valueHint: "n",
      description: `Validation cases (default ${DEFAULT_COUNTS.validation})`,
    },
    test: { type: "string", valueHint: "n", description: `Test cases (default ${DEFAULT_COUNTS.test})` },
    foreground: { type: "string", valueHint: "x", description: "Factor on the foreground fraction" },
    size: { type: "string", valueHint: "x", description: "Factor on the size of objects" },
    contrast: { type: "string", valueHint: "x", description: "Factor on the contrast" },
    noise: { type: "string", valueHint: "x", description: "Factor on the noise" },
    "border-shift": { type: "string", valueHint: "px", description: "Label noise: borders move by up to this" },
    missed: { type: "string", valueHint: "x", description: "Label noise: share of objects not labelled" },
    force: { type: "boolean", description: "Replace the phantoms in --out" },
  },
  async run({ args }) {
    if (!args.preset) throw new LabError("USAGE", `--preset is missing; choose one of ${PHANTOM_PRESETS.join(", ")}`);
    if (!args.out) throw new LabError("USAGE", "--out is missing; give the folder to write");
    const preset = parsePreset(args.preset);
    const count = (name: keyof typeof DEFAULT_COUNTS) => {
      const text = args[name];
      return text === undefined
        ? DEFAULT_COUNTS[name]
        : readWholeNumber(`--${name}`, text, LEAST_COUNTS[name], MOST_CASES);
    };
    const directory = resolve(args.out);
    const interrupt = onInterrupt();
    try {
      await writePhantoms(preset, directory, {
        seed: args.seed === undefined ? 1 : readWholeNumber("--seed", args.seed, 0, LARGEST_SEED),
        train: count("train"),
        validation: count("validation"),
        test: count("test"),
        dials: readDials(args),
        force: args.force,
        signal: interrupt.signal,
        onCase: (written, all) => {
          if (process.stderr.isTTY) process.stderr.write(`\r${written} of ${all} phantoms`);
        },
      });
    } finally {
      interrupt.release();
      // Back to the start of the line, and clear it.
      if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
    }
    process.stderr.write(`Train on it with: losskit compare ${directory}\n`);
    process.stdout.write(`${directory}\n`);
  },
});

function readDials(args: Readonly<Record<string, unknown>>): PhantomDials {
  const dials: Record<keyof PhantomDials, number> = { ...DEFAULT_DIALS };
  for (const [option, dial] of Object.entries(DIALS)) {
    const text = args[option];
    if (typeof text !== "string") continue;
    const value = text.trim() === "" ? Number.NaN : Number(text);
    const [low, high] = DIAL_RANGES[dial];
    if (!(value >= low && value <= high)) {
      const usual = DEFAULT_DIALS[dial];
      throw new LabError("USAGE", `--${option} is "${text}"; it is a number from ${low} to ${high} (default ${usual})`);
    }
    dials[dial] = value;
  }
  return dials;
}
