// The benchmark against peers: npm run peers -- [--quick] [--rounds N] [--library FILE] [--out FOLDER] [NAME…]

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { CASES, chooseCases } from "./harness/cases.mjs";
import { compileNative, contestants } from "./harness/contestants.mjs";
import { machineFacts } from "./harness/machine.mjs";
import { caseMarkdown } from "./harness/report.mjs";
import { runCase } from "./harness/run-case.mjs";

const HELP = `Measures losskit against its peers, all in turns, and writes one JSON and one Markdown file a case.

  npm run peers -- [options] [NAME…]

  NAME            cases whose name begins so; all where none is given
  --quick         only the sizes of about 2^20
  --rounds N      rounds to keep, at least 7 (default: 15 for small cases, 9 for large ones)
  --library FILE  entry file of losskit (default: ../packages/losskit/dist/index.js; build first)
  --out FOLDER    where results go (default: results)
  --list          names the cases and ends
`;

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

function readOptions() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: "boolean", default: false },
      rounds: { type: "string" },
      library: { type: "string", default: here("../packages/losskit/dist/index.js") },
      out: { type: "string", default: here("results") },
      list: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds >= 7)) {
    throw new Error(`--rounds is ${values.rounds}; a median needs a whole number of at least 7`);
  }
  return { ...values, rounds, names: positionals, library: resolve(values.library), out: resolve(values.out) };
}

async function main() {
  const options = readOptions();
  if (options.help) return void process.stdout.write(HELP);
  if (options.list) return void process.stdout.write(`${CASES.map(({ name }) => name).join("\n")}\n`);
  const cases = chooseCases(options);
  const temporary = mkdtempSync(join(tmpdir(), "losskit-bench-"));
  process.once("exit", () => rmSync(temporary, { recursive: true, force: true }));
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));
  mkdirSync(options.out, { recursive: true });
  const { native, reason } = compileNative(temporary);
  const machine = machineFacts();
  const say = (text) => process.stdout.write(`${text}\n`);
  const who = contestants({ library: options.library, native });
  for (const [i, each] of cases.entries()) {
    say(`[${i + 1}/${cases.length}] ${each.title} (${each.name})`);
    const measured = await runCase(each, {
      contestants: who,
      nativeReason: reason,
      rounds: options.rounds,
      temporary,
      say,
    });
    const result = { ...measured, date: new Date().toISOString(), machine };
    const markdown = caseMarkdown(result);
    writeFileSync(join(options.out, `${each.name}.json`), `${JSON.stringify(result, undefined, 2)}\n`);
    writeFileSync(join(options.out, `${each.name}.md`), markdown);
    say(
      markdown
        .split("\n")
        .filter((line) => line.startsWith("|"))
        .join("\n"),
    );
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
