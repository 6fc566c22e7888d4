// The two dials of the unified focal losses: one for the balance between the classes, one for the focus on hard voxels.

import type { ParameterDefinition } from "./loss.js";

/** Weight of what is missed. */
const balance: ParameterDefinition = {
  symbol: "delta",
  default: 0.6,
  min: 0,
  max: 1,
  meaning: "weight of misses and of foreground; false alarms and background have 1 - delta",
};

const FOCUS = "0 for no focus; towards 1 easy background fades and hard classes pull more";

/** @param most largest focus: below 1 where 1 - focus is an exponent; any number where the focus is one itself */
export const imbalance = (most?: number): Readonly<Record<"balance" | "focus", ParameterDefinition>> => ({
  balance,
  focus: { symbol: "gamma", default: 0.5, min: 0, ...(most === undefined ? {} : { max: most }), meaning: FOCUS },
});
