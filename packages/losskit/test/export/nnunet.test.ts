// Exported nnU-Net trainers build their loss beside stand-ins for nnU-Net, and the loss is ours, summed over the scales as nnU-Net weighs them.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { pythonWith } from "../../../../test-support/programs.js";
import { exportNnunet } from "../../src/export/nnunet.js";
import { add, bce, dice, diceCe, mumfordShah } from "../../src/index.js";
import type { Loss } from "../../src/losses/loss.js";
import { type ExportCase, exportCase } from "./export-cases.js";

const python = pythonWith("torch");

/** What a trainer knows of its data set and of its training. */
interface Trainer {
  readonly regions: boolean;
  readonly ignore: number | null;
  readonly scales: number;
  readonly ddp: boolean;
  readonly compiles: boolean;
}

interface Built {
  readonly trainer: string;
  readonly value: number;
  readonly gradients: readonly (readonly number[])[];
  readonly weights: readonly number[];
  readonly error?: string;
}

const LABELS: Trainer = { regions: false, ignore: null, scales: 3, ddp: false, compiles: true };
const REGIONS: Trainer = { ...LABELS, regions: true };

/** Builds the loss of a trainer and runs it, all in one process. */
function build(cases: readonly { text: string; trainer: Trainer; examples: readonly ExportCase[] }[]): Built[] {
  const input = cases.map(({ text, trainer, examples }) => ({
    text,
    trainer,
    outputs: examples.map(({ logits, shape }) => ({ data: Array.from(logits), shape })),
    // nnU-Net keeps an axis of length 1 for the classes of a label map.
    targets: examples.map(({ target, shape }) => {
      const [images, channels, ...space] = shape;
      const own = trainer.regions ? channels : target.length / (images * space.reduce((a, b) => a * b));
      return { data: Array.from(target), shape: [images, own, ...space] };
    }),
  }));
  const program = fileURLToPath(new URL("run_nnunet.py", import.meta.url));
  const { stdout, stderr, status } = spawnSync(python as string, ["-B", program], {
    input: JSON.stringify(input),
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

/** One batch in each scale, the finest first. */
const scalesOf = (loss: Loss, head: "multiclass" | "multilabel", { ignore, scales }: Trainer): ExportCase[] =>
  Array.from({ length: scales }, (_, i) =>
    exportCase(loss, 5 + i, { head, ...(ignore !== null && { ignore }) }, { channels: 3, space: [8 >> i, 12 >> i] }),
  );

/** Our value and gradients, weighted as nnU-Net weighs its scales. */
function combined(loss: Loss, examples: readonly ExportCase[], weights: readonly number[]) {
  const results = examples.map(({ logits, target, call }) => loss.valueAndGradient(logits, target, call));
  return {
    value: results.reduce((sum, { value }, i) => sum + weights[i] * value, 0),
    gradients: results.map(({ gradient }, i) => Array.from(gradient, (slope) => weights[i] * slope)),
  };
}

describe.skipIf(!python)("the loss of a trainer", () => {
  const setups = [
    { title: "labels", loss: diceCe(), head: "multiclass", trainer: LABELS, weights: [2 / 3, 1 / 3, 0] },
    {
      title: "an ignore label",
      loss: diceCe(),
      head: "multiclass",
      trainer: { ...LABELS, ignore: 3 },
      weights: [2 / 3, 1 / 3, 0],
    },
    {
      title: "regions",
      loss: add(dice({ images: "each" }), [0.5, bce()]),
      head: "multilabel",
      trainer: REGIONS,
      weights: [2 / 3, 1 / 3, 0],
    },
    {
      title: "a network on several machines",
      loss: diceCe(),
      head: "multiclass",
      trainer: { ...LABELS, scales: 2, ddp: true, compiles: false },
      weights: [1 / 1.000001, 1e-6 / 1.000001],
    },
    { title: "one scale", loss: diceCe(), head: "multiclass", trainer: { ...LABELS, scales: 1 }, weights: [1] },
  ] as const;

  const cases = setups.map(({ loss, head, trainer }) => {
    const text = exportNnunet(loss, { head });
    return { text, trainer, examples: scalesOf(loss, head, trainer) };
  });
  const built = python ? build(cases) : [];

  it.each(setups)("for $title", (setup) => {
    const at = setups.indexOf(setup);
    const { value, gradients, weights, error } = built[at];
    expect(error).toBeUndefined();
    weights.forEach((weight, i) => {
      expect(weight).toBeCloseTo(setup.weights[i], 15);
    });
    const ours = combined(setup.loss, cases[at].examples, setup.weights);
    expect(value).toBeCloseTo(ours.value, 12);
    expect(gradients).toHaveLength(setup.trainer.scales);
    const [slopes, own] = [gradients.flat(), ours.gradients.flat()];
    expect(slopes).toHaveLength(own.length);
    const apart = slopes.map((slope, i) => Math.abs(slope - own[i]));
    expect(Math.max(...apart)).toBeLessThan(1e-12);
    expect(Math.max(...own.map(Math.abs))).toBeGreaterThan(1e-4);
  });

  it("is refused on a data set of another kind", () => {
    const labels = exportNnunet(diceCe());
    const regions = exportNnunet(dice(), { head: "multilabel" });
    const wrong = [
      { text: labels, trainer: REGIONS },
      { text: regions, trainer: LABELS },
      { text: regions, trainer: { ...REGIONS, ignore: 3 } },
    ];
    expect(build(wrong.map((one) => ({ ...one, examples: [] }))).map(({ error }) => error)).toEqual([
      "the data set has regions; this trainer is for labels (export with head multilabel)",
      "the data set has no regions; this trainer is for regions (export with head multiclass)",
      "the data set has an ignore label, which this trainer does not take beside regions",
    ]);
  });
});

describe("a trainer", () => {
  it("reads as reviewed", async () => {
    await expect(exportNnunet(diceCe())).toMatchFileSnapshot("nnunet.golden.py");
  });

  it("has the name asked for", () => {
    expect(exportNnunet(diceCe(), { name: "Mine" })).toMatch(/^class nnUNetTrainerMine\(nnUNetTrainer\):$/mu);
  });

  it("takes regions for a loss of one channel", () => {
    expect(exportNnunet(bce())).toContain("if not self.label_manager.has_regions:");
  });

  it.each([
    [{ head: "binary" as const }, 'head is "binary"; nnU-Net has a channel for the background too'],
    [{ ignore: 255 }, "ignore is 255; a trainer of nnU-Net gets logits, and the data set says what is ignored"],
    [{ probabilities: true }, "probabilities is true"],
    [{ weights: true }, "weights is true"],
  ])("refuses %j", (options, problem) => {
    expect(() => exportNnunet(dice(), options)).toThrow(problem);
    expect(() => exportNnunet(dice(), options)).toThrow(expect.objectContaining({ code: "OPTION" }));
  });

  it("refuses a loss that needs more than the batch", () => {
    expect(() => exportNnunet(mumfordShah())).toThrow("it needs the array image with every batch");
  });
});
