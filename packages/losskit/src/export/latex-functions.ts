// Functions that a formula applies element by element, as LaTeX of arguments that are printed already.

import { NOTATION, PREFIX_FUNCTIONS } from "./latex-operators.js";
import { call, enclosed, FUNCTION, type Printed, piece, prefixed, sum } from "./latex-printed.js";

export const ONE = piece("1", 1, { look: "number" });

/** All but those that need to know where they stand: choices, logarithms of sums, powers. */
export function printFunction(
  name: string,
  args: readonly Printed[],
  note: (kind: "notation", key: string) => void,
): Printed {
  const [e] = args;
  switch (name) {
    case "abs":
      return piece(enclosed(e, "\\lvert ", " \\rvert"), e.width + 1, { look: "function", tall: e.tall });
    case "sqrt":
      return piece(`\\sqrt{${e.tex}}`, e.width + 1, { level: FUNCTION, look: "function", tall: e.tall });
    case "softplus":
      return call("\\log", [sum([ONE, call("\\exp", args)].map((body) => ({ negative: false, body })))]);
    case "expm1":
      return sum([
        { negative: false, body: call("\\exp", args) },
        { negative: true, body: ONE },
      ]);
    case "min":
    case "max":
    case "exp":
      return call(`\\${name}`, args);
    case "sigmoid":
    case "clamp":
    case "constant":
      note("notation", name);
      return call(NOTATION[name].tex, args);
    default:
      return prefixed(PREFIX_FUNCTIONS[name], e);
  }
}
