// A loss by its name on the command line.

import { type LossFactory, nearest } from "losskit";
import { allLosses } from "losskit/losses";
import { LabError } from "../errors.js";

/**
 * The loss of that name, in any case of letters.
 *
 * @throws LabError USAGE with the nearest name there is
 */
export function findLoss(name: string): LossFactory {
  const wanted = name.trim().toLowerCase();
  const found = allLosses.find(({ definition }) => definition.name === wanted);
  if (found) return found;
  const near = nearest(
    wanted,
    allLosses.map(({ definition }) => definition.name),
  );
  const advice = near ? `did you mean "${near}"?` : "losskit list shows those there are";
  throw new LabError("USAGE", `there is no loss "${name}"; ${advice}`);
}
