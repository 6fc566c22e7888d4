// What an export is made for: the network's last layer, and what the training code hands to the loss.

import { LosskitError } from "../errors.js";
import type { CallStructure } from "../formula/apply-options.js";
import { type Activation, show } from "../formula/options.js";
import type { Loss } from "../losses/loss.js";

/** "binary": one channel; "multilabel": several, each by itself; "multiclass": several that exclude one another. */
export const HEADS = ["binary", "multilabel", "multiclass"] as const;
export type Head = (typeof HEADS)[number];

export interface ExportOptions {
  /** Default: "multiclass" for a loss that compares channels, else "binary". */
  readonly head?: Head;
  /** True where the network gives probabilities; by default it gives logits, which lose no digits. */
  readonly probabilities?: boolean;
  /** Number of channels, for formats that need to know it; otherwise any. Default 1 for a binary head, else 2. */
  readonly channels?: number;
  /** Target value of voxels that do not count. */
  readonly ignore?: number;
  /** Whether the loss takes a weight for each voxel. */
  readonly weights?: boolean;
  /** Name of the class or model; by default made from the loss's. */
  readonly name?: string;
}

/** Export options after their checks. */
export interface ExportSettings {
  readonly head: Head;
  readonly activation: Activation;
  readonly structure: CallStructure;
  readonly ignore: number | undefined;
  readonly weights: boolean;
  readonly name: string;
}

/**
 * Fills in and checks the options of an export.
 *
 * @throws LosskitError OPTION; UNSUPPORTED where the loss cannot be trained with such a head
 */
export function exportSettings(loss: Loss, options: ExportOptions = {}): ExportSettings {
  const { head = defaultHead(loss), probabilities = false, ignore, weights = false } = options;
  if (!HEADS.includes(head)) {
    throw new LosskitError("OPTION", `head is ${show(head)}; it may be ${HEADS.map(show).join(", ")}`);
  }
  const { channels = head === "binary" ? 1 : 2, name = className(loss) } = options;
  const fits = head === "binary" ? channels === 1 : Number.isInteger(channels) && channels >= 2;
  if (!fits) {
    const allowed = head === "binary" ? "1" : "a whole number from 2";
    throw new LosskitError("OPTION", `channels is ${show(channels)}; with head "${head}" it is ${allowed}`);
  }
  if (ignore !== undefined && !Number.isFinite(ignore)) {
    throw new LosskitError("OPTION", `ignore is ${show(ignore)}; it is the target value of voxels that do not count`);
  }
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/u.test(name)) {
    throw new LosskitError("OPTION", `name is ${show(name)}; it is a name of letters, digits and _`);
  }
  const activation = probabilities ? "none" : head === "multiclass" ? "softmax" : "sigmoid";
  const refused = loss.refusal({ channels, activation });
  if (refused) throw new LosskitError("UNSUPPORTED", `${refused} (head "${head}")`);
  const targetForm = head === "multiclass" ? "labels" : "channels";
  const structure = { channels, targetForm, ignores: ignore !== undefined, weighted: weights } as const;
  return { head, activation, structure, ignore, weights, name };
}

function defaultHead(loss: Loss): Head {
  const sigmoid = loss.refusal({ channels: 1, activation: "sigmoid" }) === undefined;
  return sigmoid ? "binary" : "multiclass";
}

/** "dice-ce" becomes DiceCeLoss; a sum without a name is named after its terms. */
function className({ definition, terms }: Loss): string {
  const names = definition ? [definition.name] : terms.map((term) => term.definition.name);
  const words = names.flatMap((name) => name.split(/[^A-Za-z0-9]+/u)).filter(Boolean);
  const joined = words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join("");
  const name = /^[A-Za-z_]/u.test(joined) ? joined : `Loss${joined}`;
  return name.endsWith("Loss") ? name : `${name}Loss`;
}
