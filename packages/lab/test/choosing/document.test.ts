// docs/how-to-choose-a-loss.md holds the questions and rules of the data; scripts/write-choosing-page.mjs puts them there.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { questionsAsMarkdown, rulesAsMarkdown } from "../../src/choosing/rules-table.js";

const page = readFileSync(fileURLToPath(new URL("../../../../docs/how-to-choose-a-loss.md", import.meta.url)), "utf8");
/** What stands in the page between two comments. */
const part = (name: string) =>
  page.match(new RegExp(`<!-- ${name} -->\n\n([^]*?)\n\n<!-- end of ${name} -->`, "u"))?.[1];

describe("docs/how-to-choose-a-loss.md", () => {
  it("has the questions", () => {
    expect(part("questions")).toBe(questionsAsMarkdown());
  });

  it("has the table of rules", () => {
    expect(part("rules")).toBe(rulesAsMarkdown());
  });
});
