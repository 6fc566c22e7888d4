// The lines below a printed loss: the values of its parameters, and in words the options that are not the library's defaults.

import { CLASS } from "../formula/axes.js";
import { type ParameterValue, type TermSettings, termSettings } from "../formula/options.js";
import { escapeText, type NameParts, numberText, subscripted } from "./latex-names.js";
import type { Part } from "./latex-parts.js";
import { widthOf } from "./latex-printed.js";

/** `with α = 0.25, γ = 2`: every parameter that the formulas name, once; on several lines where they are many. */
export function parameterLines(parts: readonly Part[], longest: number): string[] {
  const values = new Set<string>();
  for (const part of parts) {
    for (const [symbol, value] of Object.entries(part.values ?? {})) {
      if (part.parts.has(symbol) && value !== undefined) values.add(written(symbol, value, part));
    }
  }
  const lines: string[] = [];
  let filled = Number.POSITIVE_INFINITY;
  for (const value of values) {
    const width = widthOf(value) + 2;
    if (filled + width > longest) {
      if (lines.length > 0) lines[lines.length - 1] += ",";
      lines.push((lines.length === 0 ? "&\\text{with } " : "&\\qquad ") + value);
      filled = width;
    } else {
      lines[lines.length - 1] += `,\\; ${value}`;
      filled += width;
    }
  }
  return lines;
}

/** A parameter and its value; one number for a matrix is that of every pair of different classes. */
function written(parameter: string, value: ParameterValue, { letters, names, parts }: Part): string {
  const name = parts.get(parameter) as NameParts;
  if (typeof value === "number") {
    const index = letters.index.get(CLASS);
    const symbol = subscripted(name);
    if (names.parameters?.[parameter] !== "matrix") return `${symbol} = ${signedNumber(value)}`;
    return `${subscripted(name, `${index}${index}'`)} = ${signedNumber(value)} \\text{ for } ${index} \\ne ${index}'`;
  }
  if (typeof value[0] === "number") {
    return `${subscripted(name)} = (${(value as readonly number[]).map(signedNumber).join(", ")})`;
  }
  const rows = (value as readonly (readonly number[])[]).map((row) => row.map(signedNumber).join(" & "));
  return `${subscripted(name)} = \\begin{pmatrix} ${rows.join(" \\\\ ")} \\end{pmatrix}`;
}

const signedNumber = (value: number): string => (value < 0 ? "-" : "") + numberText(Math.abs(value), true).tex;

const DEFAULTS = termSettings({}, {});

/** One line for all terms where their options agree, else one for each. */
export function settingLines(parts: readonly Part[]): string[] {
  const sentences = parts.map(({ settings = DEFAULTS }) => settingsInWords(settings).join("; "));
  if (new Set(sentences).size === 1) return sentences[0] === "" ? [] : [`&\\text{${escapeText(sentences[0])}}`];
  return parts.flatMap(({ title = "" }, i) =>
    sentences[i] === "" ? [] : [`&\\text{${escapeText(`${title}: ${sentences[i]}`)}}`],
  );
}

/** What the formula does not say: which classes and images it is of, and how they become one number. */
function settingsInWords(settings: TermSettings): string[] {
  const { classes, images, joinClasses, classWeights, classWeighting, emptyMasks, reduction } = settings;
  const words: string[] = [];
  if (classes === "foreground") words.push("classes from 1 on");
  else if (classes !== "all") words.push(`classes ${classes.join(", ")}`);
  if (emptyMasks === "present") words.push("classes present in the target");
  if (emptyMasks === "skip") words.push("classes absent from the target left out");
  if (emptyMasks === "zero") words.push("classes absent from the target count 0");
  if (images === "each") words.push("each image by itself");
  if (joinClasses === "sum") words.push("summed over classes");
  if (joinClasses === "pooled") words.push("sums over all classes at once");
  if (classWeights) {
    words.push(`class weights ${classWeights.join(", ")}${classWeighting === "factor" ? " as factors" : ""}`);
  }
  if (reduction === "sum") words.push("summed over images");
  if (reduction === "none") words.push("images and classes kept apart");
  if (reduction === "voxels") words.push("voxels kept apart");
  return words;
}
