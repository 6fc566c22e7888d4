// The head of the network for a loss: one sigmoid for one class where the loss takes it, else softmax with a channel for the background.

import type { Activation, CallOptions, Loss } from "losskit";

export interface Head {
  readonly channels: number;
  readonly activation: Activation;
}

/** "1 sigmoid channel" or "3 softmax channels". */
export const describeHead = ({ channels, activation }: Head): string =>
  `${channels} ${activation} channel${channels === 1 ? "" : "s"}`;

/**
 * Heads that a network for these classes may have, the usual one first. One class is also two channels, one of them the background: a softmax of
 * two is the sigmoid of their difference, so that losses which compare channels train the same network.
 */
export function possibleHeads(classes: readonly string[]): readonly [Head, ...Head[]] {
  const softmax: Head = { channels: classes.length + 1, activation: "softmax" };
  return classes.length === 1 ? [{ channels: 1, activation: "sigmoid" }, softmax] : [softmax];
}

/** The first head that the loss can train, or why it can train none. */
export function chooseHead(
  loss: Loss,
  classes: readonly string[],
): { readonly head: Head } | { readonly refusal: string } {
  const missing = missingField(loss);
  if (missing) return { refusal: missing };
  const heads = possibleHeads(classes);
  const reasons: string[] = [];
  for (const head of heads) {
    const reason = loss.refusal(head);
    if (reason === undefined) return { head };
    reasons.push(heads.length > 1 ? `${reason} (${describeHead(head)})` : reason);
  }
  return { refusal: reasons.join("; ") };
}

/** The field of a loss that is the brightness of the image, one number per voxel: the network's own input. */
const IMAGE_FIELD = "image";

const fieldsOf = (loss: Loss): [string, string][] =>
  loss.terms.flatMap(({ definition }) => Object.entries(definition.fields ?? {}));

function missingField(loss: Loss): string | undefined {
  const missing = fieldsOf(loss).find(([name, form]) => name !== IMAGE_FIELD || form !== "voxel");
  return missing && `it needs the array "${missing[0]}" with each image, which training does not have`;
}

/**
 * Arrays that a loss wants with each call: "image" is the first channel of what the network sees, normalised as that is.
 *
 * @param image `[batch, channels, ...space]`
 * @param voxels of one image
 */
export function fieldsFor(
  loss: Loss,
  image: Float32Array,
  size: { readonly batch: number; readonly voxels: number },
): Pick<CallOptions, "fields"> {
  if (fieldsOf(loss).length === 0) return {};
  const { batch, voxels } = size;
  const stride = image.length / batch;
  const first = new Float32Array(batch * voxels);
  for (let b = 0; b < batch; b++) first.set(image.subarray(b * stride, b * stride + voxels), b * voxels);
  return { fields: { [IMAGE_FIELD]: first } };
}
