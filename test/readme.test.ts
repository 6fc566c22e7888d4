// The two READMEs name every loss, so that nobody looks for one that is there, or for one that is not.

import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { allLosses } from "../packages/losskit/src/losses/all.js";

const papers = allLosses.filter(({ definition }) => !definition.erratum).map(({ definition }) => definition.name);

it.each(["README.md", "README.zh-CN.md"])("%s has every loss once in its table", (name) => {
  const page = readFileSync(new URL(`../${name}`, import.meta.url), "utf8");
  const families = /^\| (distribution|region|boundary|compound|topology|基于分布|基于区域|基于边界|复合|拓扑)/;
  const rows = page.split("\n").filter((line) => families.test(line));
  const named = rows.flatMap((row) => [...row.matchAll(/`([a-z-]+)`/g)].map(([, loss]) => loss));
  expect(named.sort()).toEqual([...papers].sort());
});
