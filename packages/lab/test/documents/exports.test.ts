// docs/exports.md holds the table of what works where, as trying every export gives it now.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { withSupportTable } from "../../src/documents/support-table.js";

const page = readFileSync(fileURLToPath(new URL("../../../../docs/exports.md", import.meta.url)), "utf8");

it("has the table of what works where", () => {
  expect(page, "npm run build && node scripts/write-loss-pages.mjs").toBe(withSupportTable(page));
});

it("gives a reason for every refusal", () => {
  const named = [...page.matchAll(/(?<!^)\[\^(\d+)\]/gmu)].map(([, number]) => number);
  const given = [...page.matchAll(/^\[\^(\d+)\]: .+\.$/gmu)].map(([, number]) => number);
  expect(named.length).toBeGreaterThan(10);
  expect([...new Set(named)].sort()).toEqual([...given].sort());
});
