// Tests of turns and their statistics.

import assert from "node:assert/strict";
import { test } from "node:test";
import { spread, takeTurns } from "../interleave.mjs";

test("spread gives median, minimum and quartiles, between two values where there is no middle one", () => {
  assert.deepEqual(spread([5, 1, 4, 2, 3]), { median: 3, minimum: 1, quartiles: [2, 4] });
  assert.deepEqual(spread([4, 1, 2, 3]), { median: 2.5, minimum: 1, quartiles: [1.75, 3.25] });
});

test("every contestant has one turn a round, in orders that differ, and warm-up rounds do not count", async () => {
  const taken = [];
  const contestant = (name) => async () => taken.push(name);
  let state = 1;
  const random = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  const names = ["a", "b", "c", "d"];
  const measured = await takeTurns(Object.fromEntries(names.map((name) => [name, contestant(name)])), {
    rounds: 7,
    warmUp: 2,
    random,
  });
  const rounds = Array.from({ length: 9 }, (_, round) => taken.slice(4 * round, 4 * round + 4));
  for (const round of rounds) assert.deepEqual([...round].sort(), names);
  assert.ok(new Set(rounds.map((round) => round.join(""))).size > 1);
  for (const name of names) assert.equal(measured[name].length, 7);
});
