// Names, numbers and plain text as LaTeX: Greek words become letters, words stand upright, and nothing in a text can be a command.

/** Greek words that are a letter in LaTeX, with the letter itself, which a formula may use as well. */
const GREEK: Readonly<Record<string, string>> = {
  alpha: "α",
  beta: "β",
  gamma: "γ",
  delta: "δ",
  epsilon: "ε",
  zeta: "ζ",
  eta: "η",
  theta: "θ",
  iota: "ι",
  kappa: "κ",
  lambda: "λ",
  mu: "μ",
  nu: "ν",
  xi: "ξ",
  pi: "π",
  rho: "ρ",
  sigma: "σ",
  tau: "τ",
  upsilon: "υ",
  phi: "φ",
  chi: "χ",
  psi: "ψ",
  omega: "ω",
  Gamma: "Γ",
  Delta: "Δ",
  Theta: "Θ",
  Lambda: "Λ",
  Xi: "Ξ",
  Pi: "Π",
  Sigma: "Σ",
  Upsilon: "Υ",
  Phi: "Φ",
  Psi: "Ψ",
  Omega: "Ω",
};

/** By word and by letter; epsilon in the form that is no element sign, also where it is abbreviated. */
const COMMANDS: ReadonlyMap<string, string> = new Map([
  ...Object.entries(GREEK).flatMap(([word, letter]) => [[word, `\\${word}`] as const, [letter, `\\${word}`] as const]),
  ...["epsilon", "ε", "ϵ", "eps"].map((name) => [name, "\\varepsilon"] as const),
]);

const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\textbackslash{}",
  "^": "\\textasciicircum{}",
  "~": "\\textasciitilde{}",
  "{": "\\{",
  "}": "\\}",
  _: "\\_",
  "#": "\\#",
  "%": "\\%",
  "&": "\\&",
  $: "\\$",
};

/** Any text as the argument of \text: what LaTeX would read as a command is escaped, invisible characters are spaces. */
export function escapeText(text: string): string {
  return text
    .replace(/[\p{C}\p{Z}\s]+/gu, " ")
    .trim()
    .replace(/[\\^~{}_#%&$]/gu, (character) => ESCAPES[character]);
}

/** A name without its indices, in parts. */
export interface NameParts {
  /** As a LaTeX atom. */
  readonly base: string;
  /** What stands below it before any index: the `d` of s_d. */
  readonly subscript: readonly string[];
  /** Whether the base is a word rather than a letter. */
  readonly isWord: boolean;
}

/**
 * The parts of a formula's name: `alpha` is a Greek letter, `TP` an upright word, `w_dice` a letter with a word below.
 * Names that could come out alike otherwise (`_a`, `a__b`) are spelled.
 */
export function nameParts(name: string): NameParts {
  const [base, ...subscript] = name.split("_");
  if (base === "" || subscript.includes("")) return { base: word(name), subscript: [], isWord: true };
  return { base: atom(base), subscript: subscript.map(atom), isWord: [...base].length > 1 && !COMMANDS.has(base) };
}

/**
 * Parts of all names of a formula. Two that LaTeX writes alike (`alpha` and `α`) are told apart: the longer one is spelled.
 */
export function partsOfNames(names: Iterable<string>): Map<string, NameParts> {
  const parts = new Map<string, NameParts>();
  const taken = new Set<string>();
  for (const name of [...new Set(names)].sort((a, b) => a.length - b.length)) {
    let own = nameParts(name);
    if (taken.has(written(own))) own = { base: word(name), subscript: [], isWord: true };
    taken.add(written(own));
    parts.set(name, own);
  }
  return parts;
}

const written = ({ base, subscript }: NameParts) => [base, ...subscript].join("_");

function atom(part: string): string {
  if (COMMANDS.has(part)) return COMMANDS.get(part) as string;
  if (/^[A-Za-z]$|^\d+$/u.test(part)) return part;
  return word(part);
}

/** Upright; in \text where its letters are not those of LaTeX's mathematics. */
const word = (text: string) =>
  /^[A-Za-z0-9_]+$/u.test(text) ? `\\mathrm{${escapeText(text)}}` : `\\text{${escapeText(text)}}`;

/** A subscript, in braces where it needs them. */
export const below = (index: string): string => `_${index.length === 1 ? index : `{${index}}`}`;

/** A name with its subscript and indices: s_d, d_{p,i}. */
export function subscripted({ base, subscript }: NameParts, indices = ""): string {
  const all = [...subscript, ...(indices === "" ? [] : [indices])].join(",");
  return all === "" ? base : base + below(all);
}

/** Fractions that are printed as such where a number is one of them: 4/3 rather than 1.3333333333333333. */
const LARGEST_DENOMINATOR = 12;

/**
 * A number from 0 up, to the last digit: as a fraction, with a power of ten, or as its digits.
 *
 * @param inline a fraction with a slash, for exponents
 */
export function numberText(value: number, inline = false): { readonly tex: string; readonly isAtom: boolean } {
  const digits = String(value);
  if (digits.length > 10) {
    for (let denominator = 3; denominator <= LARGEST_DENOMINATOR; denominator++) {
      const numerator = Math.round(value * denominator);
      if (numerator > 0 && numerator / denominator === value) {
        return inline
          ? { tex: `${numerator}/${denominator}`, isAtom: false }
          : { tex: `\\frac{${numerator}}{${denominator}}`, isAtom: false };
      }
    }
  }
  const [mantissa, exponent] = value.toExponential().split("e");
  const shorter = digits.includes("e") || (value !== 0 && value < 1e-3) || (value >= 1e5 && mantissa.length <= 3);
  if (!shorter) return { tex: digits, isAtom: true };
  const power = `10^{${Number(exponent)}}`;
  return { tex: mantissa === "1" ? power : `${mantissa} \\cdot ${power}`, isAtom: false };
}
