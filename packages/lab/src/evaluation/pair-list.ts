// Reads a CSV of pairs: the columns reference and prediction, maybe case.

import { dirname, resolve } from "node:path";
import { listed } from "../datasets/case-files.js";
import { LabError } from "../errors.js";
import { SCORED_ENDINGS, scoredFormatOf, stemOf } from "../volumes/file-name.js";
import { readText } from "../volumes/read-bytes.js";
import { csvRows } from "./csv-rows.js";
import type { Pair } from "./pairs.js";

const COLUMNS = ["reference", "prediction", "case"] as const;

/**
 * The pairs of a CSV, in its order. Its first row names the columns, of which others than reference, prediction and case are passed over; paths
 * start at the folder of the CSV. Without a column case the case is the name of the reference.
 *
 * @throws LabError UNREADABLE_FILE, or BAD_DATASET naming the row
 */
export async function readPairList(path: string): Promise<Pair[]> {
  const rows = csvRows(await readText(path));
  if (rows === undefined) throw new LabError("BAD_DATASET", `${path}: a field that starts with a quote does not end`);
  const [head = [], ...body] = rows;
  const names = head.map((name) => name.toLowerCase());
  const [reference, prediction, caseColumn] = COLUMNS.map((name) => names.indexOf(name));
  if (reference! < 0 || prediction! < 0) {
    throw new LabError(
      "BAD_DATASET",
      `${path} has the columns ${listed(head.map((name) => shortened(name)))}; its first row must name the columns reference and prediction, and may name case`,
    );
  }
  if (body.length === 0) throw new LabError("EMPTY_DATASET", `${path} has no pairs below its first row`);
  const folder = dirname(resolve(path));
  const taken = new Map<string, number>();
  return body.map((row, index): Pair => {
    const where = `${path}, pair ${index + 1}`;
    const file = (column: number): string => {
      const name = row[column] ?? "";
      if (name === "") throw new LabError("BAD_DATASET", `${where}: ${head[column]} is empty; give a file`);
      if (scoredFormatOf(name) === undefined) {
        throw new LabError(
          "BAD_DATASET",
          `${where}: ${head[column]} is ${shortened(name, 200)}; losskit reads ${SCORED_ENDINGS}`,
        );
      }
      return resolve(folder, name);
    };
    const pair = { reference: file(reference!), prediction: file(prediction!) };
    const id = row[caseColumn!] || stemOf(pair.reference);
    const other = taken.get(id);
    if (other !== undefined) {
      throw new LabError(
        "BAD_DATASET",
        `${where}: the case ${id} is that of pair ${other} too; give each pair its own name in a column case`,
      );
    }
    taken.set(id, index + 1);
    return { case: id, ...pair };
  });
}

/** What is no table may have a line of any length. */
const shortened = (name: string, most = 40): string => (name.length > most ? `${name.slice(0, most)}…` : name);
