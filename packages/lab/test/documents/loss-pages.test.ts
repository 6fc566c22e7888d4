// docs/losses holds a page for each loss, as the generator writes it now: a page that is missing, old or of no loss fails here.

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import temml from "temml";
import { describe, expect, it } from "vitest";
import { lossPages } from "../../src/documents/loss-pages.js";

const folder = fileURLToPath(new URL("../../../../docs/losses/", import.meta.url));
const read = (name: string) => readFileSync(`${folder}${name}`, "utf8");
const pages = lossPages(JSON.parse(read("agreement.json")));
const files = readdirSync(folder).filter((name) => name.endsWith(".md"));

/** What brings the folder up to date; git then shows the difference. */
const REMEDY = "npm run build && node scripts/write-loss-pages.mjs";

describe("docs/losses", () => {
  it("has a page for each loss, and no other", () => {
    expect(files.sort(), REMEDY).toEqual([...pages.keys()].sort());
  });

  it("is what the generator writes", () => {
    const old = [...pages].filter(([name, text]) => files.includes(name) && read(name) !== text);
    expect(
      old.map(([name]) => name),
      REMEDY,
    ).toEqual([]);
  });

  it("has mathematics that parse, and figures for all code", () => {
    for (const [name, text] of pages) {
      const displayed = [...text.matchAll(/^```math\n([\s\S]*?)^```$/gmu)].map(([, tex]) => tex);
      const inline = [...text.matchAll(/\$`(.*?)`\$/gu)].map(([, tex]) => tex);
      for (const tex of [...displayed, ...inline]) {
        expect(() => temml.renderToString(tex, { throwOnError: true }), `${name}: ${tex}`).not.toThrow();
      }
      expect(displayed, name).toHaveLength(name === "README.md" ? 0 : 1);
      expect(text, name).not.toContain("Not measured yet");
    }
  });
});
