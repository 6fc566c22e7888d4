// Writes the questions and the table of rules into docs/how-to-choose-a-loss.md, from the data in packages/lab/src/choosing. Run `npm run build` before.

import { readFileSync, writeFileSync } from "node:fs";
import { questionsAsMarkdown, rulesAsMarkdown } from "../packages/lab/dist/choosing/rules-table.js";

const path = new URL("../docs/how-to-choose-a-loss.md", import.meta.url);
const parts = { questions: questionsAsMarkdown(), rules: rulesAsMarkdown() };
let page = readFileSync(path, "utf8");
for (const [name, text] of Object.entries(parts)) {
  const [start, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
  const [from, to] = [page.indexOf(start), page.indexOf(end)];
  if (from < 0 || to < from)
    throw new Error(`${path.pathname} has no place for the ${name}: "${start}" before "${end}"`);
  page = `${page.slice(0, from)}${start}\n\n${text}\n\n${page.slice(to)}`;
}
writeFileSync(path, page);
