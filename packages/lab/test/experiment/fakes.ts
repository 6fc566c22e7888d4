// A data set, a training and a runner of trials that need no network, for tests of what is around them.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import type { Case, Dataset } from "../../src/datasets/dataset.js";
import type { CompareObserver } from "../../src/experiment/compare.js";
import type { ExperimentPlan } from "../../src/experiment/plan.js";
import type { TrialResult } from "../../src/experiment/results.js";
import type { Train, TrialRequest } from "../../src/experiment/trial.js";
import type { TrialRunner } from "../../src/experiment/trial-pool.js";

const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

/** An empty folder that is gone after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "losskit-"));
  folders.push(folder);
  return folder;
}

/** An 8 × 8 image with a square of the class; `offset` moves it. */
export function squareCase(id: string, offset: number, label = 1): Case {
  const labels = Uint8Array.from({ length: 64 }, (_, i) => {
    const [row, column] = [Math.floor(i / 8), i % 8];
    return row >= offset && row < offset + 4 && column >= 2 && column < 6 ? label : 0;
  });
  return { id, shape: [8, 8], spacing: [1, 1], channels: 1, image: Float32Array.from(labels), labels };
}

export function squares(classes: readonly string[] = ["square"]): Dataset {
  const splits = { train: ["a", "b"], validation: ["c"], test: ["d", "e", "f"] };
  return {
    name: "squares",
    dimension: 2,
    channels: 1,
    classes,
    splits,
    splitNote: "Made for a test.",
    load: async (id) => squareCase(id, id.charCodeAt(0) % 4),
  };
}

export const plan = (changes: Partial<ExperimentPlan> = {}): ExperimentPlan => ({
  schema: "losskit-experiment/1",
  versions: { losskit: "0.1.0" },
  data: { kind: "files", path: "/data/squares" },
  losses: ["dice", "bce"],
  settings: { steps: 4, batch: 2, crop: 8, seeds: [1, 2], peakRate: 0.004, baseChannels: 2, depth: 1 },
  ...changes,
});

/** Trains nothing: predicts the reference moved by one voxel, so Dice is 0.75 wherever the square stays inside. */
export const fakeTrain: Train = async ({ settings, onStep }) => {
  const curve = Array.from({ length: settings.steps }, (_, i) => ({ step: i + 1, loss: 1 / (i + settings.seed) }));
  for (const { step, loss } of curve) onStep?.(step, loss);
  return {
    curve,
    validation: [{ step: settings.steps, dice: 0.5 }],
    async predict({ labels }) {
      return Uint8Array.from(labels, (_, i) => (i % 8 === 0 ? 0 : labels[i - 1]));
    },
    onnx: Uint8Array.of(1, 2, 3),
    async release() {},
  };
};

/** A finished result that tells trials apart by its score. */
export const finishedResult = ({ trial }: TrialRequest): TrialResult => ({
  loss: trial.label,
  seed: trial.seed,
  status: "finished",
  seconds: 1,
  curve: [{ step: 1, loss: 0.5 }],
  validation: [],
  cases: [],
});

/** Runs each trial with the function, in this process and at once. */
export function fakeRunner(
  run: (request: TrialRequest, signal: AbortSignal) => Promise<TrialResult>,
): TrialRunner & { readonly ran: string[]; closed: boolean } {
  const ran: string[] = [];
  const runner = {
    ran,
    closed: false,
    async run(request: TrialRequest, { onStep, signal }: Parameters<TrialRunner["run"]>[1]) {
      ran.push(request.trial.name);
      onStep(0);
      onStep(1);
      return run(request, signal);
    },
    async close() {
      runner.closed = true;
    },
  };
  return runner;
}

export const silent: CompareObserver = { onStart() {}, onStep() {}, onEnd() {} };
