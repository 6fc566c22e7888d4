// The scores of every loss, seed, case and class as CSV (RFC 4180).

import type { CompareResult } from "../experiment/results.js";

const COLUMNS = [
  "loss",
  "seed",
  "case",
  "class",
  "dice",
  "iou",
  "sensitivity",
  "precision",
  "truePositives",
  "falsePositives",
  "falseNegatives",
] as const;

/** A field in quotes where it must be; one that a spreadsheet would run as a formula gets an apostrophe in front. */
export function csvField(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const safe = /^[=+\-@\t\r]/u.test(value) ? `'${value}` : value;
  return /[",\r\n]/u.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** An undefined score is an empty field. */
export function toCsv({ trials }: CompareResult): string {
  const rows = trials.flatMap(({ loss, seed, cases }) =>
    cases.map((score) => COLUMNS.map((name) => csvField({ ...score, loss, seed }[name])).join(",")),
  );
  return `${[COLUMNS.join(","), ...rows].join("\r\n")}\r\n`;
}
