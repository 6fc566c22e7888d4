// The sentence a reader takes away: which loss is best, if that can be said.

import { isClaimedBetter, type PairComparison } from "./claims.js";
import type { RankingRow } from "./ranking.js";

const list = (names: readonly string[]) =>
  names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;

const short = ({ label, dice }: RankingRow) => `${label} (${(dice as number).toFixed(3)})`;

const figure = ({ label, dice }: RankingRow) => `${label} (mean Dice ${(dice as number).toFixed(3)})`;

/**
 * @param rows best first
 * @param nothingClaimed why nothing can be claimed, if so
 */
export function verdictOf(
  rows: readonly RankingRow[],
  pairs: readonly PairComparison[],
  nothingClaimed: string | undefined,
): string {
  const ranked = rows.filter(({ dice }) => dice !== null);
  if (ranked.length === 0) return "No loss finished a trial, so there is nothing to rank.";
  const [best, ...others] = ranked;
  if (others.length === 0) return `Only ${figure(best)} has results; there is nothing to compare it with.`;
  if (nothingClaimed) {
    const order =
      ranked.length > 4
        ? `${list(ranked.slice(0, 3).map(short))} come first`
        : `the order is ${list(ranked.map(short))}`;
    return `No difference is claimed: ${nothingClaimed}. By mean Dice ${order}.`;
  }
  const trials = Math.max(...ranked.map(({ seeds }) => seeds));
  if (best.seeds < trials) {
    return (
      `No winner can be named: ${figure(best)} comes first on the ${best.seeds} of ${trials} seeds that it finished, ` +
      "but a loss with an unfinished trial is not claimed to be better."
    );
  }
  const beats = (other: RankingRow) => isClaimedBetter(pairs, best.label, other.label);
  const beaten = others.filter(beats).map(({ label }) => label);
  const near = others.filter((other) => !beats(other)).map(({ label }) => label);
  if (near.length === 0)
    return `${figure(best)} is best: its lead over ${list(beaten)} is more than other training runs and other test cases would change.`;
  if (beaten.length === 0) {
    return `No winner can be named: ${figure(best)} comes first, but its lead over ${list(near)} is within what other training runs and other test cases would change.`;
  }
  return `${figure(best)} comes first and is better than ${list(beaten)}; its lead over ${list(near)} is within what other training runs and other test cases would change.`;
}
