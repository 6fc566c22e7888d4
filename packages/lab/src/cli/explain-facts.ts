// What is known of a loss beside its formula, in sentences: its values, what it trains, what its weights weigh, and who else has it.

import type { LossDefinition } from "losskit";

/** Libraries by their names for people, in the order of the page. */
const LIBRARY_NAMES: Readonly<Record<keyof NonNullable<LossDefinition["elsewhere"]>, string>> = {
  monai: "MONAI",
  smp: "smp",
  nnunet: "nnU-Net",
  segloss: "SegLoss",
  kornia: "kornia",
  keras: "Keras",
  optax: "optax",
};

/** Of a loss that is equal elsewhere. */
export const THE_SAME = "the same";

export interface Facts {
  readonly facts: readonly string[];
  readonly elsewhere: readonly { readonly library: string; readonly name: string; readonly verdict: string }[];
}

export function explainFacts(definition: LossDefinition): Facts {
  const { options, elsewhere = {} } = definition;
  const differing = Object.entries(options ?? {}).map(([option, setting]) => `${option}=${String(setting)}`);
  const values = valueSentence(definition);
  return {
    facts: [
      `${rangeSentence(definition)} ${trainsSentence(definition)}`,
      ...(values === undefined ? [] : [values]),
      ...weighSentences(definition),
      ...(differing.length > 0 ? [`Set as its paper has it, unless you say otherwise: ${differing.join(", ")}.`] : []),
    ],
    elsewhere: (Object.keys(LIBRARY_NAMES) as (keyof typeof LIBRARY_NAMES)[]).flatMap((library) => {
      const counterpart = elsewhere[library];
      if (counterpart === undefined) return [];
      const { name, differs } = counterpart;
      return [
        { library: LIBRARY_NAMES[library], name, verdict: differs === undefined ? THE_SAME : `differs, ${differs}` },
      ];
    }),
  };
}

function rangeSentence({ range: [low, high] }: LossDefinition): string {
  const value =
    low !== null && high !== null
      ? `from ${low} to ${high}`
      : low !== null
        ? `at least ${low}`
        : high !== null
          ? `at most ${high}`
          : "any number";
  return `Its value is ${value} at the defaults.`;
}

function trainsSentence({ activations, severalChannels }: LossDefinition): string {
  const sigmoid = (activations === undefined || activations.includes("sigmoid")) && !severalChannels;
  const softmax = activations === undefined || activations.includes("softmax");
  const one = sigmoid ? "sigmoid" : "softmax with the background";
  return `It trains one foreground class (${one})${softmax ? " or several (softmax)" : ""}.`;
}

/** Most digits that tell values apart: 1/3 is 0.3333. */
const show = (value: number): string => String(Number(value.toPrecision(4)));

function valueSentence({ values }: LossDefinition): string | undefined {
  if (values === undefined) return undefined;
  const cases: readonly (readonly [string, number | null])[] = [
    ["right everywhere", values.perfect],
    ["wrong everywhere", values.inverted],
    ["empty mask, predicted empty", values.empty],
    ["empty mask, all marked", values.falseAlarm],
    ["full mask, p = 1/2", values.half],
  ];
  const known = cases.flatMap(([name, value]) => (value === null ? [] : [`${name} ${show(value)}`]));
  const open = cases.flatMap(([name, value]) => (value === null ? [name] : []));
  const sentences = [
    ...(known.length > 0 ? [`Values: ${known.join("; ")}.`] : []),
    ...(open.length > 0 ? [`It depends on the size or the logits where: ${open.join("; ")}.`] : []),
  ];
  return sentences.join(" ");
}

function weighSentences({ weighs = {}, parameters }: LossDefinition): string[] {
  const each = Object.entries(weighs).map(([name, what]) => `${parameters[name]?.symbol ?? name} that of ${what}`);
  return each.length === 0 ? [] : [`Raising it raises the cost of one thing alone: ${each.join(", ")}.`];
}
