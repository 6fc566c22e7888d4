// Catches the error of a formula for tests that read its code, place and text.

import { FormulaError } from "../../src/errors.js";

/** The FormulaError that `action` throws; fails where it throws nothing or anything else. */
export function errorOf(action: () => unknown): FormulaError {
  try {
    action();
  } catch (error) {
    if (error instanceof FormulaError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
