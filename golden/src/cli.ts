// Command line of the golden runner: npm run golden -- [DIR] [FILES] [--backend B] [--json] [--write-docs]

import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { agreementPage } from "./agreement-page.js";
import { goldenFilesIn, goldenKind, readGoldenFile } from "./cases.js";
import { BACKENDS, type Backend } from "./compare.js";
import { compareOverlapMetrics } from "./metrics-overlap.js";
import { compareSurfaceMetrics } from "./metrics-surface.js";
import { type FileSummary, runGoldenFile } from "./run.js";

const DEFAULT_DIRECTORY = fileURLToPath(new URL("../../../shared/golden", import.meta.url));

const PAGE = fileURLToPath(new URL("../../docs/agreement.md", import.meta.url));

const USAGE = "usage: npm run golden -- [DIR] [FILES…] [--backend reference|wasm] [--json] [--write-docs]";

function main(): number {
  let parsed: ReturnType<typeof readArguments>;
  try {
    parsed = readArguments();
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    return 2;
  }
  const { directory, files, backend, json, writeDocs } = parsed;
  if (!existsSync(directory)) {
    console.error(`there is no folder ${directory}; give one that holds golden files\n${USAGE}`);
    return 2;
  }
  const summaries: FileSummary[] = [];
  const metrics: MetricSummary[] = [];
  try {
    const all = () => [...goldenFilesIn(directory), ...goldenFilesIn(directory, "metrics")];
    for (const file of files.length > 0 ? files : all()) {
      const path = join(directory, file);
      if (goldenKind(path) === "metrics") metrics.push(metricSummary(path));
      else summaries.push(runGoldenFile(readGoldenFile(path), backend));
    }
  } catch (error) {
    console.error((error as Error).message);
    return 2;
  }
  if (summaries.length + metrics.length === 0) {
    console.error(`${directory} holds no file of golden cases`);
    return 2;
  }
  if (json) console.log(JSON.stringify([...summaries, ...metrics], null, 2));
  else {
    for (const summary of summaries) print(summary);
    for (const { file, compared, failures } of metrics) {
      console.log(`${file}\n\n${compared} values of metrics compared, ${failures.length} beyond the bounds`);
      for (const failure of failures) console.log(`  ${failure}`);
    }
  }
  if (writeDocs) {
    writeFileSync(PAGE, agreementPage(summaries));
    console.error(`wrote ${PAGE}`);
  }
  return [...summaries, ...metrics].some(({ failures }) => failures.length > 0) ? 1 : 0;
}

interface MetricSummary {
  readonly file: string;
  readonly compared: number;
  readonly failures: readonly string[];
}

/** Metrics are counts and distances in float64 on every backend. */
function metricSummary(file: string): MetricSummary {
  const parts = [compareOverlapMetrics(file), compareSurfaceMetrics(file)];
  return {
    file,
    compared: parts.reduce((sum, { compared }) => sum + compared, 0),
    failures: parts.flatMap(({ failures }) => failures),
  };
}

function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      backend: { type: "string", default: "reference" },
      json: { type: "boolean", default: false },
      "write-docs": { type: "boolean", default: false },
    },
  });
  const backend = BACKENDS.find((name): name is Backend => name === values.backend);
  if (!backend) throw new Error(`--backend is ${values.backend}; it may be ${BACKENDS.join(", ")}`);
  const [directory = DEFAULT_DIRECTORY, ...files] = positionals;
  const writeDocs = values["write-docs"];
  if (writeDocs && (files.length > 0 || backend !== "reference")) {
    throw new Error(
      "--write-docs wants all files of the folder, on the reference backend: leave FILES and --backend out",
    );
  }
  return { directory, files, backend, json: values.json, writeDocs };
}

function print(summary: FileSummary): void {
  console.log(`${summary.file}\n`);
  printTable(
    ["loss", "cases", "compared", "disagree", "by rule", "worst value", "worst gradient"],
    summary.losses.map(({ loss, cases, compared, disagreements, rules, worstValueError, worstGradientError }) => [
      loss,
      cases,
      compared,
      disagreements,
      Object.values(rules).reduce((a, b) => a + b, 0),
      compared > 0 ? worstValueError.toExponential(1) : "",
      worstGradientError?.toExponential(1) ?? "",
      Object.entries(rules)
        .map(([rule, count]) => `${count} ${rule}`)
        .join(", "),
    ]),
  );
  console.log("");
  printTable(
    ["library", "cases", "compared", "within", "disagree", "by rule"],
    summary.libraries.map(({ library, cases, compared, within, disagreements, rules }) => [
      library,
      cases,
      compared,
      within,
      disagreements,
      rules,
    ]),
  );
  for (const [rule, reason] of Object.entries(summary.reasons)) console.log(`\n${rule}: ${reason}`);
  if (summary.disagreements.length > 0) console.log("\ndocumented disagreements:");
  for (const { library, classes, when, cases, reason, source } of summary.disagreements) {
    console.log(`  ${library} ${classes.join(", ")}, ${when} (${cases} cases): ${reason} [${source}]`);
  }
  const byReference = summary.byReference > 0 ? ` (${summary.byReference} of them on the reference backend)` : "";
  console.log(
    `\n${summary.cases} cases, ${summary.compared} compared${byReference}, ${summary.byDisagreement} documented disagreements, ${summary.byRule} by rule, ${summary.failures.length} beyond the bounds or not compared`,
  );
  for (const { loss, case: name, detail } of summary.failures) console.log(`  ${loss}/${name}: ${detail}`);
}

/** Names on the left, numbers on the right; what has no heading comes last, in parentheses. */
function printTable(headings: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const width = (column: number) => Math.max(headings[column].length, ...rows.map((row) => String(row[column]).length));
  const line = (cells: readonly (string | number)[]) => {
    const aligned = headings.map((_, i) =>
      i === 0 ? String(cells[i]).padEnd(width(i)) : String(cells[i]).padStart(width(i)),
    );
    const note = cells[headings.length];
    return `${aligned.join("  ")}${note ? `  (${note})` : ""}`;
  };
  console.log(line(headings));
  for (const row of rows) console.log(line(row));
}

process.exitCode = main();
