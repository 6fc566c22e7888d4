// The inputs on which the facts of a loss (`values`, `weighs`) are measured.

import type { CallOptions } from "../../src/formula/options.js";
import type { LossDefinition, LossFactory, Values } from "../../src/losses/loss.js";

/** How the inputs are made: a fact that changes with one of these is no fact of the loss. */
export interface FactScale {
  readonly rows: number;
  /** Absolute logit of a decided voxel. */
  readonly decided: number;
}

const USUAL: FactScale = { rows: 4, decided: 40 };
const COLUMNS = 5;
const filled = (rows: number, label: 0 | 1) => new Uint8Array(COLUMNS * rows).fill(label);
/** The left two columns and every other voxel of the next: half of the image, with a border. */
const halfFilled = (rows: number) =>
  Uint8Array.from({ length: COLUMNS * rows }, (_, i) => (i % 5 < 2 || i % 10 === 2 ? 1 : 0));

/** Channels that the facts are measured with: one where the loss takes one. */
const channelsOf = ({ severalChannels }: LossDefinition) => (severalChannels ? 2 : 1);

function optionsOf(definition: LossDefinition, rows: number): CallOptions {
  const channels = channelsOf(definition);
  const fields = definition.fields && { image: Float64Array.from(halfFilled(rows)) };
  return { shape: [1, channels, rows, COLUMNS], ...(fields && { fields }) };
}

/** Logits whose foreground channel is `of(i)`; the background of two channels stays at 0. */
function logitsOf(definition: LossDefinition, rows: number, of: (voxel: number) => number): Float64Array {
  const channels = channelsOf(definition);
  const voxels = COLUMNS * rows;
  return Float64Array.from({ length: channels * voxels }, (_, i) => (i < (channels - 1) * voxels ? 0 : of(i % voxels)));
}

/** What `values` of a definition states, measured. */
export function measuredValues(factory: LossFactory, scale = USUAL): Readonly<Record<keyof Values, number>> {
  const { definition } = factory;
  const { rows, decided } = scale;
  const value = (of: (voxel: number) => number, target: Uint8Array) =>
    factory().value(logitsOf(definition, rows, of), target, optionsOf(definition, rows));
  const predicting = (mask: Uint8Array) => (voxel: number) => (mask[voxel] ? decided : -decided);
  const half = halfFilled(rows);
  const none = filled(rows, 0);
  const all = filled(rows, 1);
  return {
    perfect: value(predicting(half), half),
    inverted: value(predicting(half.map((label) => 1 - label)), half),
    empty: value(predicting(none), none),
    falseAlarm: value(predicting(all), none),
    half: value(() => 0, all),
  };
}

type Weighed = "false positives" | "false negatives" | "foreground" | "background";

/** Voxels that are wrong, the others right: some background, some foreground, or both of one kind. */
const WRONG: Readonly<Record<Weighed, (label: number) => boolean>> = {
  "false positives": (label) => label === 0,
  "false negatives": (label) => label === 1,
  background: (label) => label === 0,
  foreground: (label) => label === 1,
};

/** How much the loss grows with a parameter where only voxels of one kind are wrong. */
export function growth(factory: LossFactory, parameter: string, kind: Weighed): number {
  const { definition } = factory;
  const own = definition.parameters[parameter].default;
  const half = halfFilled(USUAL.rows);
  const logits = logitsOf(definition, USUAL.rows, (voxel) => {
    const wrong = WRONG[kind](half[voxel]) && voxel % 2 === 0;
    const towards = half[voxel] ? 1 : -1;
    return wrong ? -2 * towards : 8 * towards;
  });
  const value = (setting: number) =>
    factory({ [parameter]: setting }).value(logits, half, optionsOf(definition, USUAL.rows));
  return value(1.2 * own) - value(own);
}
