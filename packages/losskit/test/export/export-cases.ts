// Calls of exported losses and what our own reference makes of them: random logits and targets for every head.

import type { ExportOptions, Head } from "../../src/export/options.js";
import type { CallOptions, Target } from "../../src/formula/options.js";
import { allLosses } from "../../src/losses/all.js";
import type { Loss, TermArguments } from "../../src/losses/loss.js";
import { uniformSequence } from "../losses/calls.js";

export const IGNORED = 255;

export interface ExportCase {
  readonly title: string;
  readonly options: ExportOptions;
  readonly shape: readonly number[];
  readonly logits: Float64Array;
  /** A label map `[N, *space]` with head "multiclass", else numbers in the shape of the logits. */
  readonly target: Target;
  readonly call: CallOptions;
  readonly fields: Readonly<Record<string, Float64Array>>;
  readonly weights?: Float64Array;
}

export interface CaseShape {
  readonly channels?: number;
  readonly space?: readonly number[];
  readonly spacing?: readonly number[];
}

/** @param options which head, whether voxels are ignored or weighted */
export function exportCase(
  loss: Loss,
  seed: number,
  options: ExportOptions & { readonly head: Head },
  { channels = options.head === "binary" ? 1 : 3, space = [4, 5], spacing }: CaseShape = {},
): ExportCase {
  const { head, ignore, weights: weighted, probabilities } = options;
  const uniform = uniformSequence(seed);
  const images = 2;
  const voxels = images * space.reduce((product, extent) => product * extent, 1);
  const shape = [images, channels, ...space];
  const logits = Float64Array.from({ length: voxels * channels }, () => 3 * (2 * uniform() - 1));
  if (probabilities) toProbabilities(logits, images, channels, head);
  const labels = head === "multiclass";
  const target = new Uint8Array(labels ? voxels : voxels * channels);
  for (let i = 0; i < target.length; i++) target[i] = Math.floor(uniform() * (labels ? channels : 2));
  // Every class is there in every image.
  for (let c = 0; c < (labels ? channels : 2); c++)
    for (let n = 0; n < images; n++) target[(n * target.length) / images + c] = c;
  if (ignore !== undefined) for (let i = 2 + channels; i < target.length; i += 4) target[i] = ignore;
  const fields = Object.fromEntries(
    loss.terms.flatMap(({ definition }) =>
      Object.entries(definition.fields ?? {}).map(([name, form]) => [
        name,
        Float64Array.from({ length: form === "voxel" ? voxels : voxels * channels }, () => 2 * uniform() - 1),
      ]),
    ),
  );
  const weights = weighted ? Float64Array.from({ length: voxels }, () => 2 * uniform()) : undefined;
  const activation = probabilities ? "none" : labels ? "softmax" : "sigmoid";
  const call: CallOptions = {
    shape,
    activation,
    fields,
    backend: "reference",
    ...(ignore !== undefined && { ignore }),
    ...(weights && { weights }),
    ...(spacing && { spacing }),
  };
  const parts = [head, probabilities && "probabilities", ignore !== undefined && "ignore", weighted && "weights"];
  const title = [...parts.filter(Boolean), `[${space}]`].join(", ");
  return { title, options, shape, logits, target, call, fields, ...(weights && { weights }) };
}

function toProbabilities(values: Float64Array, images: number, channels: number, head: Head): void {
  const voxels = values.length / images / channels;
  if (head !== "multiclass") for (let i = 0; i < values.length; i++) values[i] = 1 / (1 + Math.exp(-values[i]));
  else {
    for (let n = 0; n < images; n++) {
      for (let v = 0; v < voxels; v++) {
        const at = (c: number) => (n * channels + c) * voxels + v;
        let sum = 0;
        for (let c = 0; c < channels; c++) sum += Math.exp(values[at(c)]);
        for (let c = 0; c < channels; c++) values[at(c)] = Math.exp(values[at(c)]) / sum;
      }
    }
  }
}

/** Every head that a loss takes, from logits and from probabilities. */
export function exportHeads(loss: Loss): (ExportOptions & { readonly head: Head })[] {
  const heads = [
    { head: "binary", activation: "sigmoid", channels: 1 },
    { head: "multilabel", activation: "sigmoid", channels: 3 },
    { head: "multiclass", activation: "softmax", channels: 3 },
    { head: "binary", activation: "none", channels: 1 },
    { head: "multiclass", activation: "none", channels: 3 },
  ] as const;
  return heads
    .filter(({ activation, channels }) => loss.refusal({ channels, activation }) === undefined)
    .map(({ head, activation }) => ({ head, ...(activation === "none" && { probabilities: true }) }));
}

const OPTION_CHOICES: readonly (readonly TermArguments[])[] = [
  [{}, { classes: "foreground" }, { classes: [2, 0] }, { classes: "present" }],
  [{}, { images: "each" }, { images: "together" }],
  [{}, { joinClasses: "sum" }, { joinClasses: "pooled" }],
  [{}, {}, { classWeights: [0.5, 2, 1] }, { classWeights: [0, 2, 1], classWeighting: "factor" }],
  [{}, {}, { emptyMasks: "skip" }, { emptyMasks: "zero" }],
  [{}, {}, { form: "negative" }, { form: "log" }],
  [{}, {}, { reduction: "sum" }, { reduction: "none" }, { reduction: "voxels" }],
];

/** Every loss with random options of the term, with every head in turn. */
export function optionVariants(): {
  loss: Loss;
  name: string;
  title: string;
  head: ExportOptions & { head: Head };
  seed: number;
}[] {
  const uniform = uniformSequence(5);
  return allLosses.flatMap((factory) =>
    Array.from({ length: 8 }, (_, i) => {
      const picked = OPTION_CHOICES.map((choices) => choices[Math.floor(uniform() * choices.length)]);
      const settings: TermArguments = Object.assign({}, ...picked);
      let loss: Loss;
      try {
        loss = factory(settings);
      } catch {
        // Classes "present" say themselves what becomes of absent ones, and emptyMasks cannot.
        return undefined;
      }
      const heads = exportHeads(loss).filter(({ head }) => head !== "binary" || !settings.classWeights);
      if (heads.length === 0) return undefined;
      const extra = [{}, { ignore: IGNORED }, { weights: true }, { ignore: IGNORED, weights: true }][
        Math.floor(4 * uniform())
      ];
      const head = { ...heads[i % heads.length], ...extra };
      const title = `${factory.definition.name} ${JSON.stringify(settings)}`;
      return {
        loss,
        name: factory.definition.name,
        title,
        head: { ...head, ...(head.head !== "binary" && { channels: 3 }) },
        seed: 100 + i,
      };
    }).flatMap((variant) => variant ?? []),
  );
}
