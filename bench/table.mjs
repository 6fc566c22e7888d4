// Fills the tables of docs/performance.md from the last results: npm run table -- [--results FOLDER] [--docs FILE]

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { CASES } from "./harness/cases.mjs";
import { performanceTables } from "./harness/tables.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const BEGIN = "<!-- results: begin (npm run table writes what follows) -->";
const END = "<!-- results: end -->";

const { values } = parseArgs({
  options: {
    results: { type: "string", default: here("results") },
    docs: { type: "string", default: here("../docs/performance.md") },
  },
});
const known = new Set(CASES.map(({ name }) => `${name}.json`));
const files = readdirSync(values.results).filter((file) => known.has(file));
const all = files.map((file) => JSON.parse(readFileSync(join(values.results, file), "utf8")));
const results = Object.fromEntries(all.map((result) => [result.name, result]));
const page = readFileSync(values.docs, "utf8");
const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)];
if (from < 0 || to < from)
  throw new Error(`${values.docs} needs the lines ${BEGIN} and ${END}, between which the tables go`);
const filled = `${page.slice(0, from)}${BEGIN}\n\n${performanceTables(results)}\n${page.slice(to)}`;
writeFileSync(values.docs, filled);
process.stdout.write(`${files.length} of ${CASES.length} results are in ${values.docs}\n`);
