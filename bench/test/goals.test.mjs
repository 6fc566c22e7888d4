// Tests of what results say of the figures, and that cases and contestants fit together.

import assert from "node:assert/strict";
import { test } from "node:test";
import { CASES, chooseCases } from "../harness/cases.mjs";
import { contestants } from "../harness/contestants.mjs";
import { GOALS, judge } from "../harness/goals.mjs";
import { performanceTables } from "../harness/tables.mjs";

const result = (medians) => ({
  entries: Object.entries(medians).map(([label, median]) => ({ label, times: { median } })),
});
const goalOf = (figure) => GOALS.find((goal) => goal.figure.includes(figure));

test("names of cases differ, and each entry names a contestant", () => {
  assert.equal(new Set(CASES.map(({ name }) => name)).size, CASES.length);
  const who = contestants({ library: "losskit.js" });
  for (const { name, entries } of CASES) {
    assert.equal(new Set(entries.map(({ label }) => label)).size, entries.length, name);
    for (const { as } of entries) assert.ok(who[as], `${name}: ${as}`);
  }
});

test("every figure is measured by some case", () => {
  for (const { work, cases } of GOALS) {
    assert.ok(cases.length > 0, work);
    for (const name of cases)
      assert.ok(
        CASES.some((each) => each.name === name),
        name,
      );
  }
});

test("a figure is the geometric mean over its cases, and reached only where all are measured", () => {
  const goal = goalOf("default allocator");
  const [first, second, ...others] = goal.cases;
  const some = { [first]: result({ losskit: 1, torch: 4 }), [second]: result({ losskit: 1, torch: 25 }) };
  const partly = judge(goal, some);
  assert.ok(Math.abs(partly.number - 10) < 1e-12);
  assert.deepEqual(partly.range, [4, 25]);
  assert.deepEqual(partly.missing, others);
  assert.equal(partly.reached, undefined);
  const rest = Object.fromEntries(others.map((name) => [name, result({ losskit: 1, torch: 10 })]));
  assert.equal(judge(goal, { ...some, ...rest }).reached, true);
  const slower = Object.fromEntries(others.map((name) => [name, result({ losskit: 1, torch: 5 })]));
  assert.equal(judge(goal, { ...some, ...slower }).reached, false);
});

test("a case that the peer cannot do is left out and named, one that losskit cannot do is missing", () => {
  const goal = goalOf("tfjs");
  const [first, ...others] = goal.cases;
  const rest = Object.fromEntries(others.map((name) => [name, result({ losskit: 1, tfjs: 20 })]));
  const ours = { label: "losskit", times: { median: 1 } };
  const theirs = { label: "tfjs", times: { median: 20 } };
  const peerless = judge(goal, { ...rest, [first]: { entries: [ours, { label: "tfjs", skipped: "too large" }] } });
  assert.deepEqual([peerless.impossible, peerless.missing, peerless.reached], [[first], [], true]);
  const oursless = judge(goal, { ...rest, [first]: { entries: [{ label: "losskit", skipped: "no build" }, theirs] } });
  assert.deepEqual([oursless.impossible, oursless.missing, oursless.reached], [[], [first], undefined]);
});

test("added losses are held against the sum of the two apart", () => {
  const goal = goalOf("two computed apart");
  const measured = Object.fromEntries(
    goal.cases.map((name) => [name, result({ "first alone": 3, "focal alone": 5, added: 6 })]),
  );
  assert.ok(Math.abs(judge(goal, measured).number - 6 / 8) < 1e-12);
});

test("what was not measured says so", () => {
  assert.deepEqual(judge(GOALS[0], {}), { missing: [...GOALS[0].cases], impossible: [] });
  assert.match(performanceTables({}), /Nothing has been measured/);
});

test("cases are chosen by the beginnings of names, and a name that fits none is an error", () => {
  assert.deepEqual(
    chooseCases({ quick: true, names: ["bce-dice"] }).map(({ name }) => name),
    ["bce-dice-2p20"],
  );
  assert.throws(() => chooseCases({ quick: false, names: ["dice-bce"] }), /no case begins with dice-bce/);
});
