// What every form of data set on disk comes down to: the files of each case, the classes in its masks, and the splits.

import type { ClassDeclaration } from "./class-names.js";
import type { Split } from "./dataset.js";

export interface CaseFiles {
  readonly id: string;
  /** One file per channel in their order; a single PNG may hold three. */
  readonly images: readonly string[];
  readonly mask: string;
  /** Where present, loss and metrics count only where this mask is not 0. */
  readonly regionOfInterest?: string;
}

export interface DatasetFiles {
  readonly name: string;
  readonly cases: readonly CaseFiles[];
  readonly declaration: ClassDeclaration;
  readonly splits: Readonly<Record<Split, readonly string[]>>;
  readonly splitNote: string;
}

/** The first few of a list for a message, with the number of those left out. */
export function listed(items: readonly (string | number)[], most = 10): string {
  const shown = items.slice(0, most).join(", ");
  return items.length > most ? `${shown} and ${items.length - most} more` : shown;
}
