// What the library knows of a paper.

export interface Reference {
  /** BibTeX entry type. */
  readonly type: "article" | "inproceedings" | "misc";
  readonly title: string;
  /** As BibTeX wants it: "Family, Given and Family, Given". */
  readonly author: string;
  /** Of publication, which may be later than that of the preprint. Absent where the source does not say. */
  readonly year?: number;
  /** Journal, proceedings, or where a page was published. */
  readonly venue: string;
  readonly arxiv?: string;
}

/** Papers by key: the first author's family name and a year, of the preprint or of publication. */
export type References = Readonly<Record<string, Reference>>;
