// Command line of the golden runner: npm run golden -- [DIR] [FILES] [--backend B] [--json]

import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { goldenFilesIn, readGoldenFile } from "./cases.js";
import { BACKENDS, type Backend } from "./compare.js";
import { type FileSummary, runGoldenFile } from "./run.js";

const DEFAULT_DIRECTORY = fileURLToPath(new URL("../../../shared/golden", import.meta.url));

/** Files of the default folder that are left out unless they are named, with the reason. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  "peers.json": "the losses and conventions of other libraries are not in this version",
};

const USAGE = "usage: npm run golden -- [DIR] [FILES…] [--backend reference|wasm] [--json]";

function main(): number {
  let parsed: ReturnType<typeof readArguments>;
  try {
    parsed = readArguments();
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    return 2;
  }
  const { directory, files, backend, json } = parsed;
  if (!existsSync(directory)) {
    console.error(`there is no folder ${directory}; give one that holds golden files\n${USAGE}`);
    return 2;
  }
  const summaries: FileSummary[] = [];
  try {
    for (const file of files.length > 0 ? files : defaultFiles(directory)) {
      summaries.push(runGoldenFile(readGoldenFile(join(directory, file)), backend));
    }
  } catch (error) {
    console.error((error as Error).message);
    return 2;
  }
  if (summaries.length === 0) {
    console.error(`${directory} holds no file of golden cases`);
    return 2;
  }
  if (json) console.log(JSON.stringify(summaries, null, 2));
  else for (const summary of summaries) print(summary);
  return summaries.some(({ failures }) => failures.length > 0) ? 1 : 0;
}

function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { backend: { type: "string", default: "reference" }, json: { type: "boolean", default: false } },
  });
  const backend = BACKENDS.find((name): name is Backend => name === values.backend);
  if (!backend) throw new Error(`--backend is ${values.backend}; it may be ${BACKENDS.join(", ")}`);
  const [directory = DEFAULT_DIRECTORY, ...files] = positionals;
  return { directory, files, backend, json: values.json };
}

function defaultFiles(directory: string): string[] {
  return goldenFilesIn(directory).filter((name) => {
    const reason = LEFT_OUT[name];
    if (reason) console.error(`left out: ${name} (${reason}); name it to run it`);
    return !reason;
  });
}

function print(summary: FileSummary): void {
  const width = Math.max(...summary.losses.map(({ loss }) => loss.length), 4);
  console.log(`${summary.file}\n`);
  console.log(`${"loss".padEnd(width)}  cases  compared  by rule  worst value  worst gradient`);
  for (const { loss, cases, compared, rules, worstValueError, worstGradientError } of summary.losses) {
    const byRule = Object.values(rules).reduce((a, b) => a + b, 0);
    const names = Object.entries(rules).map(([rule, count]) => `${count} ${rule}`);
    const columns = [
      loss.padEnd(width),
      String(cases).padStart(5),
      String(compared).padStart(8),
      String(byRule).padStart(7),
      worstValueError.toExponential(1).padStart(11),
      worstGradientError.toExponential(1).padStart(14),
    ];
    console.log(`${columns.join("  ")}${names.length > 0 ? `  (${names.join(", ")})` : ""}`);
  }
  for (const [rule, reason] of Object.entries(summary.reasons)) console.log(`\n${rule}: ${reason}`);
  const byReference = summary.byReference > 0 ? ` (${summary.byReference} of them on the reference backend)` : "";
  console.log(
    `\n${summary.cases} cases, ${summary.compared} compared${byReference}, ${summary.byRule} by rule, ${summary.failures.length} beyond the bounds or not compared`,
  );
  for (const { loss, case: name, detail } of summary.failures) console.log(`  ${loss}/${name}: ${detail}`);
}

process.exitCode = main();
