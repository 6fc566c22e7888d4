// Names in generated Python: in its style, and never one of its words.

/** Words of Python, and what generated code calls its own. */
const TAKEN = new Set(
  (
    "False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda " +
    "nonlocal not or pass raise return try while with abs bool float int len list map max min next object pow range set sum tuple type zip " +
    "self torch keras ops nn math F x y p q log_p log_q logits target weights space valid class_index y_true y_pred"
  ).split(" "),
);

/** "falsePositiveWeight" becomes false_positive_weight. */
export const snakeCase = (name: string): string =>
  name.replaceAll(/(?<=[a-z0-9])[A-Z]/gu, (letter) => `_${letter}`).toLowerCase();

/** Gives each thing a name of its own: the wished one in Python's style where it is free, else with a number behind it. */
export function nameGiver(reserved: Iterable<string> = []): (wish: string) => string {
  const used = new Set([...TAKEN, ...reserved]);
  return (wish) => {
    // Letters that are no ASCII would be legal in Python, but few can type them.
    const plain = snakeCase(wish.replaceAll(/[^A-Za-z0-9_]/gu, "_")).replace(/^(?=\d)/u, "_") || "value";
    let name = plain;
    for (let i = 2; used.has(name); i++) name = `${plain}_${i}`;
    used.add(name);
    return name;
  };
}
