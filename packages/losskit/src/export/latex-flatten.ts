// Flattens nested sums and products: what they add and multiply, in the order of the text.

import type { Expression } from "../formula/syntax.js";

/** What a sum adds up, however it is nested to the left, or to the right behind a plus. */
export function addends(expression: Expression): { negative: boolean; e: Expression }[] {
  const found: { negative: boolean; e: Expression }[] = [];
  let next = expression;
  while (next.kind === "binary" && (next.operator === "+" || next.operator === "-")) {
    const { operator, left, right } = next;
    found.unshift(...(operator === "+" ? addends(right) : [{ negative: true, e: right }]));
    next = left;
  }
  return [{ negative: false, e: next }, ...found];
}

/** What a product multiplies, however it is nested. */
export function factors(expression: Expression): Expression[] {
  const found: Expression[] = [];
  let next = expression;
  while (next.kind === "binary" && next.operator === "*") {
    found.unshift(...factors(next.right));
    next = next.left;
  }
  return [next, ...found];
}

/** A chain of products and quotients, read from the left: what it begins with, and what follows. */
export function chain(expression: Expression): {
  readonly first: Expression;
  readonly steps: readonly { readonly operator: "*" | "/"; readonly e: Expression }[];
} {
  const steps: { operator: "*" | "/"; e: Expression }[] = [];
  let next = expression;
  while (next.kind === "binary" && (next.operator === "*" || next.operator === "/")) {
    steps.push({ operator: next.operator, e: next.right });
    next = next.left;
  }
  return { first: next, steps: steps.reverse() };
}
