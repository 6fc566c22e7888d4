// Finds what an array may not hold: NaN and infinities, probabilities and targets outside [0, 1], undeclared labels.

import { LosskitError } from "../errors.js";
import type { Call } from "../formula/options.js";

/** Where an element lies, in the shape of its array. */
function place(index: number, call: Call, perChannel: boolean): string {
  const { classes, space, layout } = call;
  const extents = !perChannel
    ? [call.images, ...space]
    : layout === "channels-first"
      ? [call.images, classes, ...space]
      : [call.images, ...space, classes];
  const position: number[] = [];
  let rest = index;
  for (const extent of [...extents].reverse()) {
    position.unshift(rest % extent);
    rest = Math.floor(rest / extent);
  }
  return `[${position.join(", ")}]`;
}

/**
 * Reads every value of a call once.
 *
 * @throws LosskitError NOT_FINITE, PROBABILITY_RANGE, TARGET_RANGE or LABEL, with the first offending value and its place
 */
export function checkValues(call: Call): void {
  checkLogits(call);
  checkTarget(call);
  checkWeights(call);
  for (const name of Object.keys(call.fields)) checkFieldValues(name, call);
}

export function checkLogits(call: Call): void {
  const { logits } = call;
  const what = call.activation === "none" ? "probabilities" : "logits";
  const bad = firstNotFinite(logits);
  if (bad >= 0) {
    throw new LosskitError(
      "NOT_FINITE",
      `the ${what} hold ${logits[bad]} at ${place(bad, call, true)}; they must be finite: look for a division by 0 or an overflow in the network before the loss`,
    );
  }
  if (call.activation !== "none") return;
  for (let i = 0; i < logits.length; i++) {
    if (logits[i] >= 0 && logits[i] <= 1) continue;
    throw new LosskitError(
      "PROBABILITY_RANGE",
      `the probabilities hold ${logits[i]} at ${place(i, call, true)}; with activation "none" they lie in [0, 1]: give logits with "sigmoid" or "softmax" instead`,
    );
  }
}

export function checkTarget(call: Call): void {
  const { target, ignore } = call;
  if (call.targetForm === "channels") {
    for (let i = 0; i < target.length; i++) {
      if ((target[i] >= 0 && target[i] <= 1) || target[i] === ignore) continue;
      throw new LosskitError(
        "TARGET_RANGE",
        `the target holds ${target[i]} at ${place(i, call, true)}; a target per channel lies in [0, 1]: divide a 0/255 mask by 255, or declare the value with ignore`,
      );
    }
    return;
  }
  const largest = call.classes === 1 ? 1 : call.classes - 1;
  for (let i = 0; i < target.length; i++) {
    const label = target[i];
    if ((label >= 0 && label <= largest) || label === ignore) continue;
    const declare = ignore === undefined ? `declare it with ignore: ${label}` : `ignored is ${ignore}`;
    throw new LosskitError(
      "LABEL",
      `the label map holds ${label} at ${place(i, call, false)}; labels are 0 to ${largest}${call.classes === 1 ? " for one channel" : ""}: if it marks voxels that do not count, ${declare}`,
    );
  }
}

export function checkWeights(call: Call): void {
  const { weights = [] } = call;
  for (let i = 0; i < weights.length; i++) {
    if (weights[i] >= 0 && weights[i] < Number.POSITIVE_INFINITY) continue;
    throw new LosskitError(
      "NOT_FINITE",
      `the voxel weights hold ${weights[i]} at ${place(i, call, false)}; they are finite and not negative`,
    );
  }
}

export function checkFieldValues(name: string, call: Call): void {
  const field = call.fields[name];
  const wrong = firstNotFinite(field);
  if (wrong < 0) return;
  const perChannel = field.length !== call.images * call.voxels;
  throw new LosskitError(
    "NOT_FINITE",
    `the field ${name} holds ${field[wrong]} at ${place(wrong, call, perChannel)}; it must be finite`,
  );
}

/** x - x is 0 for finite numbers only. */
function firstNotFinite(array: ArrayLike<number>): number {
  for (let i = 0; i < array.length; i++) if (array[i] - array[i] !== 0) return i;
  return -1;
}
