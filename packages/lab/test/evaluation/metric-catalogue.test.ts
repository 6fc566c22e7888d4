// The catalogue of metrics: names that cannot be taken for another, and the pages that list them.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { findMetric, isProbabilityMetric, METRICS } from "../../src/evaluation/metric-catalogue.js";

const pageOf = (name: string) => readFileSync(new URL(`../../../../docs/${name}`, import.meta.url), "utf8");

test("every name leads to one metric, in any capitals and with hyphens", () => {
  const names = METRICS.flatMap(({ key, aliases = [] }) => [key, ...aliases].map((name) => ({ key, name })));
  const plain = names.map(({ name }) => name.toLowerCase());
  expect(new Set(plain).size).toBe(names.length);
  for (const { key, name } of names) {
    expect(findMetric(name, "--metrics").key).toBe(key);
    expect(findMetric(name.replaceAll(/(?=[A-Z])/gu, "-").toUpperCase(), "--metrics").key).toBe(key);
  }
  expect(() => findMetric("panoptic-qualty", "--metrics")).toThrow("did you mean panopticQuality?");
});

test("docs/metrics.md has a row for every metric of masks, and docs/command-line.md names it", () => {
  const masks = METRICS.map(({ key }) => key).filter((key) => !isProbabilityMetric(key));
  const rows = pageOf("metrics.md")
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split("|")[1]!);
  const listed = rows.flatMap((cell) => [...cell.matchAll(/`(\w+)`/gu)].map(([, name]) => name!));
  expect(masks.filter((key) => listed.filter((name) => name === key).length !== 1)).toEqual([]);
  const commandLine = pageOf("command-line.md");
  expect(masks.filter((key) => !commandLine.includes(`\`${key}\``))).toEqual([]);
});
