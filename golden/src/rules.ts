// Cases that are not compared, each under a rule with its reason; what ours must do there is checked all the same.

import type { GoldenCase } from "./cases.js";

export interface Rule {
  readonly name: string;
  readonly reason: string;
  readonly covers: (golden: GoldenCase, classes: number, ignore: number | undefined) => boolean;
  /** What ours must do instead. */
  readonly expects: "finite value or coded error" | "finite value" | "coded error";
}

export const RULES: readonly Rule[] = [
  {
    name: "raises",
    reason: "the other code raised; ours gives a finite value or an error with a code",
    covers: ({ error }) => error !== undefined,
    expects: "finite value or coded error",
  },
  {
    name: "no number",
    reason:
      "the other code gives NaN or an empty list for the mean of nothing; ours gives the finite value its definition states",
    covers: ({ value }) => (Array.isArray(value) ? value.length === 0 : Number.isNaN(value)),
    expects: "finite value",
  },
  {
    name: "undeclared labels",
    reason: "the target holds labels that are no class and not declared as ignored; ours refuses them",
    covers: ({ targetKind, targets }, classes, ignore) =>
      targetKind === "labels" && targets.some((label) => !(label >= 0 && label < classes) && label !== ignore),
    expects: "coded error",
  },
];
