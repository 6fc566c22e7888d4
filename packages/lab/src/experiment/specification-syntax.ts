// Reads the text of a loss specification into its terms, with the place of each part; knows grammar, not which losses exist.

import { LabError } from "../errors.js";

/** One `name=value` of a term; offsets count characters from the start of the specification. */
export interface ParameterSyntax {
  readonly name: string;
  readonly nameAt: number;
  readonly value: string;
  readonly valueAt: number;
}

/** A weight that goes from one number at the first training step to another at the last: `linear(1,0.01)`. */
export interface WeightSchedule {
  readonly kind: "linear" | "cosine";
  readonly from: number;
  readonly to: number;
}

/** `[weight*]name[:param=value[;param=value]]`. */
export interface TermSyntax {
  readonly weight: number | WeightSchedule;
  readonly name: string;
  readonly nameAt: number;
  readonly parameters: readonly ParameterSyntax[];
}

/** Terms joined by `+`, or a label with the user's own formula. */
export type SpecificationSyntax =
  | { readonly kind: "terms"; readonly terms: readonly TermSyntax[] }
  | { readonly kind: "formula"; readonly label: string; readonly formula: string };

/** A problem with a specification, with the specification and a caret under the place. */
export function describeProblem(specification: string, at: number, length: number, problem: string): string {
  const lineStart = specification.lastIndexOf("\n", at - 1) + 1;
  const line = specification.slice(lineStart).split("\n", 1)[0];
  // Tabs are kept, so that the carets stand under the characters in any terminal.
  const margin = specification.slice(lineStart, at).replace(/[^\t]/gu, " ");
  return `${problem}\n  ${line}\n  ${margin}${"^".repeat(Math.max(1, length))}`;
}

// A label, then `=`, with no `:` before it (a parameter has one) and no second `=` after it (a comparison).
const FORMULA = /^\s*([^=:]*?)\s*=(?!=)\s*([\s\S]*?)\s*$/u;
const LABEL = /^[\p{L}\p{N}][\p{L}\p{N} ._()/*+-]*$/u;
const LONGEST_LABEL = 40;

const NUMBER = /(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?/iuy;
const SCHEDULE = /(?:linear|cosine)\s*\(/uy;
const NAME = /[a-z][a-z0-9_-]*/iuy;
// A number keeps the sign of its exponent; anything else ends where the next parameter or term begins.
const VALUE = /[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?(?:\s*[,/]\s*[^;+,/\s]+)*|[^;+\s]+/iuy;
const SPACE = /\s*/uy;

/**
 * Reads one specification.
 *
 * @param text for example `dice`, `0.5*dice+ce`, `tversky:alpha=0.7;beta=0.3` or
 *   `soft dice = 1 - 2*sum(p*y) / (sum(p) + sum(y))`.
 * @throws LabError USAGE that points at the place and says what was expected there.
 */
export function readSpecification(text: string): SpecificationSyntax {
  const asFormula = FORMULA.exec(text);
  if (asFormula) return readFormula(text, asFormula[1], asFormula[2]);

  let at = 0;
  function take(pattern: RegExp): string | undefined {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    at += found?.length ?? 0;
    return found;
  }
  function takeSymbol(symbol: string): boolean {
    take(SPACE);
    if (text[at] !== symbol) return false;
    at++;
    take(SPACE);
    return true;
  }
  function fail(problem: string, place = at, length = 1): never {
    throw new LabError("USAGE", describeProblem(text, place, length, `cannot read this loss: ${problem}`));
  }
  const found = () => (at < text.length ? `found "${text.slice(at).match(/^\S/u)?.[0] ?? text[at]}"` : "found the end");

  /** One end of a schedule. */
  function readEnd(kind: string): number {
    take(SPACE);
    const start = at;
    const digits = take(NUMBER);
    if (digits === undefined) fail(`expected a number from 0, as in ${kind}(0.01,1), ${found()}`);
    const value = Number(digits);
    if (!Number.isFinite(value)) fail(`the weight is ${value}; it is a finite number`, start, digits.length);
    return value;
  }

  function readSchedule(opening: string): WeightSchedule {
    const start = at - opening.length;
    const kind = opening.startsWith("linear") ? "linear" : "cosine";
    const from = readEnd(kind);
    if (!takeSymbol(",")) fail(`expected "," and the weight of the last step, as in ${kind}(0.01,1), ${found()}`);
    const to = readEnd(kind);
    if (!takeSymbol(")")) fail(`expected ")" after the weight of the last step, ${found()}`);
    if (from === 0 && to === 0) fail("the weight is 0 from the first step to the last", start, at - start);
    if (!takeSymbol("*"))
      fail(`expected "*" after ${kind}(${from},${to}), as in ${kind}(${from},${to})*dice, ${found()}`);
    return { kind, from, to };
  }

  function readWeight(): number | WeightSchedule {
    const schedule = take(SCHEDULE);
    if (schedule !== undefined) return readSchedule(schedule);
    const start = at;
    const sign = text[at] === "-" ? -1 : 1;
    if (sign < 0) at++;
    const digits = take(NUMBER);
    if (digits === undefined) {
      at = start;
      return 1;
    }
    const weight = sign * Number(digits);
    if (!takeSymbol("*")) fail(`expected "*" after the weight ${digits}, as in ${digits}*dice, ${found()}`);
    if (!(weight > 0 && Number.isFinite(weight))) {
      fail(`the weight is ${weight}; a weight is a finite number above 0`, start, digits.length + (sign < 0 ? 1 : 0));
    }
    return weight;
  }

  function readParameter(): ParameterSyntax {
    const nameAt = at;
    const name = take(NAME);
    if (name === undefined) fail(`expected the name of a parameter, as in tversky:alpha=0.7, ${found()}`);
    if (!takeSymbol("=")) fail(`expected "=" and a value after the parameter ${name}, ${found()}`);
    const valueAt = at;
    const value = take(VALUE);
    if (value === undefined) fail(`expected a value for the parameter ${name}, ${found()}`);
    return { name, nameAt, value, valueAt };
  }

  function readTerm(): TermSyntax {
    take(SPACE);
    const weight = readWeight();
    const nameAt = at;
    const name = take(NAME);
    if (name === undefined) fail(`expected the name of a loss, ${found()}`);
    const parameters: ParameterSyntax[] = [];
    if (takeSymbol(":")) {
      do parameters.push(readParameter());
      while (takeSymbol(";"));
    }
    return { weight, name, nameAt, parameters };
  }

  if (text.trim() === "") fail("it is empty; give the name of a loss, as in dice (see: losskit list)", 0);
  const terms = [readTerm()];
  while (takeSymbol("+")) terms.push(readTerm());
  take(SPACE);
  if (at < text.length) {
    const { parameters } = terms[terms.length - 1];
    const expected = parameters.length > 0 ? '";", "+" or the end' : '":", "+" or the end';
    fail(`expected ${expected}, ${found()}`);
  }
  return { kind: "terms", terms };
}

function readFormula(text: string, label: string, formula: string): SpecificationSyntax {
  const fail = (at: number, problem: string): never => {
    throw new LabError("USAGE", describeProblem(text, at, 1, `cannot read this loss: ${problem}`));
  };
  const labelAt = text.indexOf(label);
  if (label === "")
    fail(text.indexOf("="), 'expected a label before "=", as in: my dice = 1 - 2*sum(p*y)/(sum(p)+sum(y))');
  if (!LABEL.test(label)) {
    fail(
      labelAt,
      'a label before "=" starts with a letter or digit and holds letters, digits, spaces and . _ ( ) / * + -',
    );
  }
  if (label.length > LONGEST_LABEL) {
    fail(labelAt, `the label has ${label.length} characters; tables and plots have room for ${LONGEST_LABEL}`);
  }
  if (formula === "") fail(text.length, 'expected a formula after "="');
  return { kind: "formula", label, formula };
}
