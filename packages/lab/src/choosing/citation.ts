// A paper in one line of plain text, for the terminal and the table of rules.

import { REFERENCES } from "losskit/losses";

/** "Shit et al. 2021". */
export function authorsAndYear(key: string): string {
  const { author, year } = REFERENCES[key];
  const families = author.split(" and ").map((name) => plain(name.split(",")[0]));
  const names = families.length > 2 ? `${families[0]} et al.` : families.join(" and ");
  return year === undefined ? names : `${names} ${year}`;
}

/** "Shit et al. 2021, clDice – A Novel …, arXiv 2003.07311". */
export function oneLineReference(key: string): string {
  const { title, venue, arxiv } = REFERENCES[key];
  const place = arxiv ? `arXiv ${arxiv}` : plain(venue);
  return `${authorsAndYear(key)}, ${plain(title)}, ${place}`;
}

/** BibTeX text as a person reads it: braces keep capitals there, and `--` is a dash. */
const plain = (text: string): string => text.replace(/[{}]/gu, "").replace(/--+/gu, "–").trim();
