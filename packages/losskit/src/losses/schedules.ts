// Weights that change in training: schedules of a number, and losses whose terms follow them.

import { LosskitError } from "../errors.js";
import { show } from "../formula/options.js";
import { add } from "./define.js";
import type { Loss } from "./loss.js";

/** A number that depends on the step of training, counted from 0 in epochs or batches; fractions of a step are fine. */
export type Schedule = (step: number) => number;

export interface RampOptions {
  /** The value up to the step `start`. */
  readonly from: number;
  /** The value from step `start + steps` on. */
  readonly to: number;
  /** Steps on the way, above 0. */
  readonly steps: number;
  /** First step of the way; 0 where absent. */
  readonly start?: number;
}

/**
 * The same number at every step.
 *
 * @throws LosskitError PARAMETER for a value or a step that is not a finite number
 */
export function constant(value: number): Schedule {
  checkNumber("value", value);
  return checked(() => value);
}

/**
 * From one number to another in equal steps.
 *
 * @throws LosskitError PARAMETER for options or a step that are not finite numbers, or without steps
 *
 * @example linear({ from: 1, to: 0.01, steps: 99 }) // falls by 0.01 a step
 */
export const linear = (options: RampOptions): Schedule => ramp(options, (share) => share);

/**
 * From one number to another along half a cosine, slow at both ends: to + (from - to) (1 + cos(π share)) / 2, share being that of the steps done
 * (Loshchilov and Hutter, "SGDR", ICLR 2017, without restarts).
 *
 * @throws LosskitError PARAMETER as `linear`
 */
export const cosine = (options: RampOptions): Schedule =>
  // (1 - cos πt) / 2 = sin²(πt / 2), which keeps its digits near 0.
  ramp(options, (share) => Math.sin((Math.PI / 2) * share) ** 2);

/**
 * Numbers that hold for some steps each: the first before step `at[0]`, the second from there on, and so forth.
 *
 * @param options.values one more than there are steps in `at`
 * @param options.at steps at which the next value takes over, rising
 * @throws LosskitError PARAMETER for values, steps or their number that are not as described
 *
 * @example stepped({ values: [0, 0.1, 1], at: [20, 50] })
 */
export function stepped({
  values,
  at,
}: {
  readonly values: readonly number[];
  readonly at: readonly number[];
}): Schedule {
  if (!Array.isArray(values) || !Array.isArray(at)) {
    throw new LosskitError("PARAMETER", `values is ${show(values)} and at is ${show(at)}; give two lists of numbers`);
  }
  const own: readonly number[] = [...values];
  const turns: readonly number[] = [...at];
  for (const value of own) checkNumber("a value", value);
  for (const step of turns) checkNumber("a step of at", step);
  if (own.length !== turns.length + 1) {
    throw new LosskitError(
      "PARAMETER",
      `there are ${own.length} values and ${turns.length} steps in at; give one value more than steps`,
    );
  }
  if (turns.some((step, i) => i > 0 && step <= turns[i - 1])) {
    throw new LosskitError("PARAMETER", `at is ${show(turns)}; its steps rise`);
  }
  return checked((step) => own[turns.filter((turn) => turn <= step).length]);
}

/**
 * A loss whose terms change their weights in training. The weights are inputs of what is compiled: a step compiles nothing anew.
 *
 * @param terms pairs of a schedule, or a number, and a loss
 * @returns the weighted sum for a step
 * @throws LosskitError DEFINITION without terms; PARAMETER for a weight or a step that is not a finite number
 *
 * @example
 * // The boundary loss takes over from Dice, by 0.01 an epoch (Kervadec et al., MIDL 2019).
 * const alpha = linear({ from: 1, to: 0.01, steps: 99 });
 * const lossAt = scheduled([[alpha, dice()], [(step) => 1 - alpha(step), boundary()]]);
 * lossAt(epoch).valueAndGradient(logits, labels, { shape });
 */
export function scheduled(
  terms: readonly (readonly [weight: Schedule | number, loss: Loss])[],
): (step: number) => Loss {
  if (!Array.isArray(terms) || terms.length === 0) {
    throw new LosskitError("DEFINITION", "scheduled() needs a list of at least one pair of a weight and a loss");
  }
  const own: readonly (readonly [Schedule | number, Loss])[] = [...terms];
  for (const entry of own) {
    const sound = Array.isArray(entry) && entry.length === 2 && ["function", "number"].includes(typeof entry[0]);
    if (!sound || !Array.isArray((entry[1] as Loss | undefined)?.terms)) {
      throw new LosskitError(
        "DEFINITION",
        "an entry of scheduled() is no pair; give [weight, loss], the weight a number or a schedule, for example [1, dice()]",
      );
    }
    if (typeof entry[0] === "number") checkNumber("the weight of a loss", entry[0]);
  }
  return (step) => {
    checkNumber("step", step);
    return add(
      ...own.map(([weight, loss]): readonly [number, Loss] => [
        typeof weight === "number" ? weight : weight(step),
        loss,
      ]),
    );
  };
}

function checkNumber(what: string, value: number): void {
  if (Number.isFinite(value)) return;
  throw new LosskitError("PARAMETER", `${what} is ${show(value)}; it is a finite number`);
}

const checked =
  (schedule: Schedule): Schedule =>
  (step) => {
    checkNumber("step", step);
    return schedule(step);
  };

/** @param progress of the way, from 0 to 1, by the share of the steps done */
function ramp({ from, to, steps, start = 0 }: RampOptions, progress: (share: number) => number): Schedule {
  for (const [name, value] of Object.entries({ from, to, steps, start })) checkNumber(name, value);
  if (steps <= 0) throw new LosskitError("PARAMETER", `steps is ${steps}; it is above 0`);
  const [low, high] = from < to ? [from, to] : [to, from];
  return checked((step) => {
    const share = (step - start) / steps;
    if (share <= 0) return from;
    if (share >= 1) return to;
    const done = progress(share);
    // Rounding may lead a little past the ends where they are near each other.
    return Math.min(high, Math.max(low, from * (1 - done) + to * done));
  });
}
