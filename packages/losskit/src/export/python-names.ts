// Names in generated Python: in its style, and never one of its words.

/** Words of Python and of its built-in functions. */
const WORDS = new Set(
  (
    "False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda " +
    "nonlocal not or pass raise return try while with yield abs all any bool dict dir filter float format hash id input int iter len list map max " +
    "min next object pow print range round set slice sorted str sum super tuple type vars zip"
  ).split(" "),
);
/** What generated code calls its own. */
const OWN = (
  "self torch keras ops nn math F x y p q log_p log_q logits target labels weights space valid class_index counted y_true y_pred " +
  "sample_weight kwargs"
).split(" ");

/** "falsePositiveWeight" becomes false_positive_weight. */
export const snakeCase = (name: string): string =>
  name.replaceAll(/(?<=[a-z0-9])[A-Z]/gu, (letter) => `_${letter}`).toLowerCase();

/** Whether a class may have a name: no word of Python's, nothing that generated code calls something else. */
export const isFreeName = (name: string, taken: readonly string[]): boolean =>
  ![...WORDS, ...OWN, "Tensor", ...taken].includes(name);

/**
 * Gives each thing a name of its own in Python's style: the wished one; where it is taken the other one, if there is one; else with a number behind it. A
 * word of Python's gets a low line, as its style guide has it.
 */
export function nameGiver(reserved: Iterable<string> = []): (wish: string, other?: string) => string {
  const used = new Set([...OWN, ...reserved]);
  const asName = (wish: string) => {
    // Letters that are no ASCII would be legal in Python, but few can type them.
    const plain = snakeCase(wish.replaceAll(/[^A-Za-z0-9_]/gu, "_")).replace(/^(?=\d)/u, "_") || "value";
    return WORDS.has(plain) ? `${plain}_` : plain;
  };
  return (wish, other) => {
    const own = asName(wish);
    const plain = other !== undefined && used.has(own) ? asName(other) : own;
    let name = plain;
    for (let i = 2; used.has(name); i++) name = `${plain}_${i}`;
    used.add(name);
    return name;
  };
}
