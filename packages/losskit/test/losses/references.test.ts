import { describe, expect, it } from "vitest";
import { BOUNDARY } from "../../src/losses/references/boundary.js";
import { COMPOUND } from "../../src/losses/references/compound.js";
import { REGION } from "../../src/losses/references/region.js";
import { TOPOLOGY } from "../../src/losses/references/topology.js";
import { VOXEL } from "../../src/losses/references/voxel.js";
import { REFERENCES, toBibtex } from "../../src/losses/references.js";

const FAMILIES = { BOUNDARY, COMPOUND, REGION, TOPOLOGY, VOXEL };
const FIELD = /^ {2}(title|author|journal|booktitle|howpublished|year|eprint|archiveprefix) = \{(.+)\},?$/;

/** Open braces after each character. */
function depths(text: string): number[] {
  let depth = 0;
  return [...text].map((character) => {
    if (character === "{") depth++;
    if (character === "}") depth--;
    return depth;
  });
}

/** A family name as a key spells it: letters only, none with an accent. */
const keyed = (family: string) =>
  family
    .replace(/\\./g, "")
    .replace(/[^a-z]/gi, "")
    .toLowerCase();

describe.each(Object.entries(REFERENCES))("%s", (key, { author, title, venue, year, arxiv }) => {
  it("prints as a BibTeX entry whose braces close where the fields and the entry end", () => {
    const entry = toBibtex(key);
    const open = depths(entry);
    expect(open.indexOf(0, entry.indexOf("{"))).toBe(entry.length - 1);
    const [head, ...lines] = entry.split("\n").slice(0, -1);
    expect(head).toMatch(new RegExp(`^@(article|inproceedings|misc)\\{${key},$`));
    for (const line of lines) {
      const [, , value] = line.match(FIELD) ?? [];
      expect(value?.trim(), line).toBeTruthy();
      expect(depths(value).every((depth) => depth >= 0)).toBe(true);
      expect(depths(value).at(-1)).toBe(0);
    }
    expect(lines.length).toBe(3 + (year ? 1 : 0) + (arxiv ? 2 : 0));
  });

  it("names its authors as BibTeX parts them, and a key after the first", () => {
    const names = author.split(" and ");
    const last = names.at(-1) === "others" ? names.pop() : undefined;
    if (last) expect(names.length).toBeGreaterThanOrEqual(10);
    for (const name of names) expect(name).toMatch(/^(\{[^{}]+\}|[^,]+, [^,]+)$/);
    if (key === "page") return;
    const family = keyed(names[0].split(",")[0]);
    const [, word, keyYear] = key.match(/^([a-z]+)((?:19|20)\d\d)[a-z]*$/) ?? [];
    expect(word.startsWith(family) || family.startsWith(word)).toBe(true);
    expect(Number(keyYear)).toBeLessThanOrEqual(year ?? 0);
    // BibTeX of old reads no accents but TeX's.
    expect([...author, ...title, ...venue].filter((character) => character > "~")).toEqual([]);
  });

  it("did not appear before its preprint", () => {
    if (venue === "arXiv") expect(arxiv).toBeDefined();
    if (arxiv === undefined) return;
    const [, yy, month] = arxiv.match(/^(\d\d)(\d\d)\.\d{4,5}$/) ?? [];
    expect(Number(month)).toBeGreaterThanOrEqual(1);
    expect(Number(month)).toBeLessThanOrEqual(12);
    expect(year).toBeGreaterThanOrEqual(2000 + Number(yy));
    // arXiv counts with five digits from 2015 on.
    expect(arxiv.length).toBe(Number(yy) >= 15 ? 10 : 9);
  });
});

it("has each paper once, in alphabetical order in its family", () => {
  const keys = Object.values(FAMILIES).flatMap((family) => {
    const own = Object.keys(family);
    expect(own).toEqual([...own].sort());
    return own;
  });
  expect(new Set(keys).size).toBe(keys.length);
  expect(Object.keys(REFERENCES).sort()).toEqual(keys.sort());
  const all = Object.values(REFERENCES);
  expect(new Set(all.map(({ title }) => title.toLowerCase())).size).toBe(all.length);
  const preprints = all.flatMap(({ arxiv }) => arxiv ?? []);
  expect(new Set(preprints).size).toBe(preprints.length);
});

it("knows no paper by a key that is mistyped, and says which it may be", () => {
  expect(() => toBibtex("milletari2061")).toThrow(/no reference milletari2061; did you mean milletari2016\?/);
  expect(() => toBibtex("constructor")).toThrow(/no reference constructor/);
});
