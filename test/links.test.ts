// Every link of the documents to a file of the repository leads to one, and to a heading that it has.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

const documents = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => file !== "" && existsSync(join(root, file)));

/** Text without its blocks of code, where brackets are not links. */
const prose = (file: string) => readFileSync(join(root, file), "utf8").replaceAll(/^```[\s\S]*?^```/gmu, "");

/** As GitHub makes anchors of headings: lower case, hyphens for spaces, no punctuation. */
const anchorsOf = (file: string) =>
  [...prose(file).matchAll(/^#+ (.*)$/gmu)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replaceAll(/\s/gu, "-"),
  );

/** Sentences on links of a document that lead nowhere. */
function brokenLinks(file: string): string[] {
  const targets = [...prose(file).matchAll(/\]\(([^)\s]+)\)/gu)].map(([, target]) => target);
  return targets
    .filter((target) => !/^[a-z]+:/u.test(target))
    .flatMap((target) => {
      const [path, anchor] = target.split("#");
      const full = path === "" ? file : relative(root, join(root, dirname(file), path));
      if (!existsSync(join(root, full))) return [`${file}: ${target}`];
      return anchor && full.endsWith(".md") && !anchorsOf(full).includes(anchor) ? [`${file}: ${target}`] : [];
    });
}

it("leads somewhere", () => {
  expect(documents.length).toBeGreaterThan(80);
  expect(documents.flatMap(brokenLinks)).toEqual([]);
});
