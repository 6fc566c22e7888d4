// What a person finds in a model: parameters under the names of the loss, and in its metadata the formula, the papers and the options.

import type { Parameters } from "../backends/evaluate-groups.js";
import { parameterPrefix, weightName } from "../compiler/program.js";
import type { ParameterValue, TermSettings } from "../formula/options.js";
import type { Loss } from "../losses/loss.js";
import { toBibtex } from "../losses/references.js";
import { version } from "../version.js";
import type { Builder, Tensor } from "./onnx-builder.js";
import type { ExportSettings } from "./options.js";

/**
 * Initializers of the graph's parameters, each made when it is asked for. In a sum of losses the name of the loss goes before that of the
 * parameter: "dice.smooth".
 */
export function parameterTensors(loss: Loss, parameters: Parameters, builder: Builder): (name: string) => Tensor {
  const names = parameterNames(loss);
  const tensors = new Map<string, Tensor>();
  return (name) => {
    const known = tensors.get(name);
    if (known) return known;
    const { title, meaning } = names.get(name) as Named;
    const value = parameters.get(name) as ParameterValue;
    const tensor = builder.parameter({ name: title, type: "float64", doc: meaning, ...layout(value) });
    tensors.set(name, tensor);
    return tensor;
  };
}

/** A scalar; [1, classes, 1] for one number per class; [classes, classes] for a matrix. */
function layout(value: ParameterValue): { readonly dims: readonly number[]; readonly values: readonly number[] } {
  if (typeof value === "number") return { dims: [], values: [value] };
  const values = value.flat();
  return { dims: typeof value[0] === "number" ? [1, value.length, 1] : [value.length, value.length], values };
}

interface Named {
  readonly title: string;
  readonly meaning: string;
}

function parameterNames({ terms }: Loss): ReadonlyMap<string, Named> {
  const names = new Map<string, Named>();
  terms.forEach(({ definition }, i) => {
    const prefix = terms.length > 1 ? `${definition.name.replaceAll(/[^A-Za-z0-9]+/gu, "_")}.` : "";
    const add = (key: string, name: string, meaning: string) => names.set(key, { title: prefix + name, meaning });
    for (const [name, { symbol, meaning }] of Object.entries(definition.parameters)) {
      add(parameterPrefix(i) + symbol, name, meaning || `'${symbol}' of the formula`);
    }
    add(weightName(i), "termWeight", `factor of the ${definition.title}`);
    add(`${parameterPrefix(i)}:selected`, "countedClasses", "1 for the classes that count");
    add(`${parameterPrefix(i)}:classWeights`, "classWeights", "weight of each class");
  });
  return names;
}

/** Facts about the loss, for the model's metadata: `loss`, `losskit_version`, `formula`, `paper` (BibTeX), `terms` and `call` (JSON). */
export function describeLoss({ terms }: Loss, settings: ExportSettings, options: readonly TermSettings[]) {
  const title = terms.map(({ definition }) => definition.title).join(" + ");
  const formulas = terms.map(({ definition }) => plainFormula(definition.formula));
  const papers = [...new Set(terms.flatMap(({ definition }) => definition.references))];
  const { head, activation, ignore, weights } = settings;
  return {
    doc: `${title}: value and gradient.\n\n${formulas.join("\n\n")}`,
    metadata: {
      loss: terms.map(({ definition }) => definition.name).join(" + "),
      losskit_version: version,
      formula: formulas.join("\n\n"),
      paper: papers.map(toBibtex).join("\n\n"),
      terms: JSON.stringify(
        terms.map(({ definition, weight, parameters }, i) => ({
          loss: definition.name,
          weight,
          parameters,
          options: options[i],
        })),
      ),
      call: JSON.stringify({ head, activation, ignore, weights }),
    },
  };
}

/** Without the indent that it has in the code. */
const plainFormula = (formula: string) =>
  formula
    .trim()
    .split("\n")
    .map((line) => line.trim())
    .join("\n");
