// The parameters of a graph as text: attributes of a class, arrays over classes, and the classes that count.

import type { TermSettings } from "../formula/options.js";
import type { Parameter } from "./parameters.js";
import { atom, type Text } from "./python-text.js";

/** How a language writes what is not a plain number. */
export interface ParameterForms {
  /** A vector or matrix that the constructor keeps, as an array. */
  array(attribute: string): string;
  /** One number for every pair of different classes. */
  offDiagonal(attribute: string): string;
  /** 1 where a condition on the class index holds. */
  selected(condition: string): string;
}

/**
 * @param functions names of the functions above the class, which a line must not hide
 * @returns the text of a parameter by its name in the graph, and the lines that the texts asked for so far rely on
 */
export function parameterTexts(
  parameters: readonly Parameter[],
  settings: readonly TermSettings[],
  forms: ParameterForms,
  functions: readonly string[],
): { text(symbol: string): Text; lines(): readonly string[] } {
  const bySymbol = new Map(
    parameters.flatMap((parameter) => parameter.symbols.map((symbol) => [symbol, parameter] as const)),
  );
  const lines = new Map<string, string>();
  const given = (name: string, expression: string): Text => {
    // Equal expressions of two terms share a line.
    const known = [...lines].find(([, other]) => other === expression);
    if (known) return atom(known[0]);
    let free = name;
    for (let i = 2; lines.has(free) || functions.includes(free); i++) free = `${name}_${i}`;
    lines.set(free, expression);
    return atom(free);
  };
  return {
    text(symbol) {
      const [term, own] = [Number(symbol.slice(0, symbol.indexOf("."))), symbol.slice(symbol.indexOf(".") + 1)];
      if (own === ":selected") return given("counted", forms.selected(selection(settings[term].classes)));
      const parameter = bySymbol.get(symbol);
      if (parameter === undefined) throw new Error(`the graph has a parameter ${symbol} that no term has`);
      const { name, value, offDiagonal } = parameter;
      if (offDiagonal) return given(name, forms.offDiagonal(`self.${name}`));
      return typeof value === "number" ? atom(`self.${name}`) : given(name, forms.array(`self.${name}`));
    },
    lines: () => [...lines].map(([name, expression]) => `${name} = ${expression}`),
  };
}

function selection(classes: TermSettings["classes"]): string {
  if (classes === "foreground") return "class_index > 0";
  if (classes === "all") return "class_index >= 0";
  return classes
    .map((index) => (classes.length > 1 ? `(class_index == ${index})` : `class_index == ${index}`))
    .join(" | ");
}
