// The papers behind the losses, by key, and their BibTeX.

import { LosskitError, nearest } from "../errors.js";
import { BOUNDARY } from "./references/boundary.js";
import { COMPOUND } from "./references/compound.js";
import type { References } from "./references/reference.js";
import { REGION } from "./references/region.js";
import { TOPOLOGY } from "./references/topology.js";
import { VOXEL } from "./references/voxel.js";

export type { Reference } from "./references/reference.js";

/** Every paper by key; a key stands in one family only. */
export const REFERENCES: References = { ...VOXEL, ...REGION, ...COMPOUND, ...BOUNDARY, ...TOPOLOGY };

const VENUE_FIELD = { article: "journal", inproceedings: "booktitle", misc: "howpublished" } as const;

/**
 * A reference as a BibTeX entry; the key is its key in REFERENCES.
 *
 * @throws LosskitError DEFINITION, with the nearest key there is
 */
export function toBibtex(key: string): string {
  if (!Object.hasOwn(REFERENCES, key)) {
    const similar = nearest(key, Object.keys(REFERENCES));
    const advice = similar ? `did you mean ${similar}?` : "take one of the keys of REFERENCES";
    throw new LosskitError("DEFINITION", `there is no reference ${key}; ${advice}`);
  }
  const { type, title, author, year, venue, arxiv } = REFERENCES[key];
  const fields = [
    ["title", title],
    ["author", author],
    [VENUE_FIELD[type], venue],
    ...(year ? [["year", String(year)] as const] : []),
    ...(arxiv ? [["eprint", arxiv] as const, ["archiveprefix", "arXiv"] as const] : []),
  ];
  return `@${type}{${key},\n${fields.map(([name, value]) => `  ${name} = {${value}}`).join(",\n")}\n}`;
}
