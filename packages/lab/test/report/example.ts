// A comparison as the runner would leave it, with made-up numbers that are always the same, and pictures to go with it.

import type { CaseScore, CompareResult, TrialResult } from "../../src/experiment/results.js";
import type { CasePicture } from "../../src/report/case-picture.js";
import { normal, uniformSource } from "../experiment-statistics/normal.js";

const LOSSES: Readonly<Record<string, number>> = {
  "bce-dice": 0.71,
  tversky: 0.7,
  dice: 0.69,
  "focal-tversky": 0.68,
  iou: 0.66,
  combo: 0.65,
  "lovasz-hinge": 0.52,
  focal: 0.33,
};

export function exampleResult(classes: readonly string[] = ["lesion"], testCases = 12): CompareResult {
  const random = uniformSource(11);
  const seeds = [1, 2, 3];
  const difficulty = Array.from({ length: testCases }, () => 0.08 * normal(random));
  const trials = Object.entries(LOSSES).flatMap(([loss, level]) =>
    seeds.map((seed): TrialResult => {
      const run = 0.012 * normal(random);
      if (loss === "focal" && seed === 3) {
        return {
          loss,
          seed,
          status: "diverged",
          message: "the loss is NaN at step 41; lower the rate",
          seconds: 2,
          curve: [],
          validation: [],
          cases: [],
        };
      }
      const curve = Array.from({ length: 40 }, (_, i) => ({
        step: 5 * (i + 1),
        loss: Math.exp(-i / 12) + 0.2 + 0.03 * normal(random),
      }));
      const validation = Array.from({ length: 8 }, (_, i) => ({
        step: 25 * (i + 1),
        dice: level * (1 - Math.exp(-(i + 1) / 2)) + 0.01 * normal(random),
      }));
      const cases = difficulty.flatMap((d, c) =>
        classes.map((name, k) =>
          caseScore(`phantom-${c + 1}`, name, level + d + run + 0.03 * normal(random) - 0.05 * k),
        ),
      );
      return { loss, seed, status: "finished", seconds: 9, curve, validation, cases };
    }),
  );
  return {
    schema: "losskit-compare/1",
    versions: { losskit: "0.1.0", "onnxruntime-node": "1.30.0", node: "20.20.2" },
    command: "losskit compare --preset lesions --steps 200",
    started: "2026-01-01T10:00:00.000Z",
    seconds: 183,
    dataset: {
      name: "phantoms: lesions",
      dimension: 2,
      classes,
      cases: { train: 16, validation: 4, test: testCases },
      splitNote: "synthetic images, preset lesions, seed 1",
      regionOfInterest: false,
    },
    settings: { steps: 200, batch: 8, crop: 64, seeds, peakRate: 0.004, baseChannels: 8, depth: 3 },
    losses: Object.keys(LOSSES).map((label) => ({
      label,
      specification: label,
      formulas: [{ title: `${label} loss`, formula: "loss = 1 - 2 * sum(p * y) / (sum(p) + sum(y))", weight: 1 }],
      references: [`@article{${label},\n  title = {A Paper on ${label}}\n}`],
    })),
    trials,
  };
}

function caseScore(id: string, name: string, value: number): CaseScore {
  const dice = Math.min(1, Math.max(0, value));
  return {
    case: id,
    class: name,
    truePositives: 100,
    falsePositives: 20,
    falseNegatives: 30,
    dice,
    iou: dice / (2 - dice),
    sensitivity: dice,
    precision: Math.min(1, dice + 0.05),
  };
}

/** A disc that was found a little too far to the right. */
export function examplePictures(losses: readonly string[]): CasePicture[] {
  const size = 96;
  const random = uniformSource(3);
  const disc = (cx: number) =>
    Uint8Array.from({ length: size * size }, (_, i) =>
      (Math.floor(i / size) - 48) ** 2 + ((i % size) - cx) ** 2 < 18 ** 2 ? 1 : 0,
    );
  const reference = disc(44);
  const image = Float32Array.from(reference, (label) => label + 0.3 * normal(random));
  return losses.flatMap((loss) =>
    (["worst", "median", "best"] as const).map((kind, k) => ({
      loss,
      case: `phantom-${k + 1}`,
      class: "lesion",
      kind,
      dice: 0.5 + 0.2 * k,
      seed: 2,
      width: size,
      height: size,
      channels: 1 as const,
      image,
      reference,
      prediction: disc(56 - 5 * k),
    })),
  );
}
