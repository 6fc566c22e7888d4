// Reads the results of an earlier evaluation from its folder.

import { join } from "node:path";
import { asObject, readJson } from "../datasets/json-file.js";
import { LabError } from "../errors.js";
import { OUTPUT_FILES } from "./evaluation-folder.js";
import type { EvaluationResult } from "./results.js";

/**
 * The result in a folder that `losskit evaluate --out` wrote.
 *
 * @throws LabError UNREADABLE_FILE, BAD_DATASET
 */
export async function readStoredResult(folder: string): Promise<EvaluationResult> {
  const path = join(folder, OUTPUT_FILES.results);
  const json = asObject(await readJson(path), path);
  const parts = ["cases", "structures", "failed"].every((name) => Array.isArray(json[name]));
  if (json.schema !== "losskit-evaluation/1" || !parts || typeof json.settings !== "object") {
    throw new LabError("BAD_DATASET", `${path} is no result of losskit evaluate that this version can read`);
  }
  return json as unknown as EvaluationResult;
}

/**
 * Refuses two results whose numbers mean different things.
 *
 * @throws LabError USAGE naming what differs
 */
export function checkComparable(a: EvaluationResult, b: EvaluationResult): void {
  const facts = ({ settings: { surface, boundary, objects, ignore, structures, pixelSpacing } }: EvaluationResult) => ({
    ...surface,
    boundary,
    objects,
    ignore,
    structures,
    pixelSpacing,
  });
  const [one, other] = [facts(a), facts(b)] as Record<string, unknown>[];
  const differing = Object.keys({ ...one, ...other }).filter(
    (name) =>
      JSON.stringify(one![name]) !== JSON.stringify(other![name]) &&
      // Where one of the two did not ask for such metrics, none of them is compared.
      !((name === "boundary" || name === "objects") && (one![name] === undefined || other![name] === undefined)),
  );
  if (differing.length > 0) {
    throw new LabError(
      "USAGE",
      `the two results were made with other settings: ${differing.join(", ")}; evaluate both alike`,
    );
  }
  const references = new Map(a.cases.map((record) => [record.case, record.reference]));
  const moved = b.cases.find((record) => (references.get(record.case) ?? record.reference) !== record.reference);
  if (moved !== undefined) {
    throw new LabError(
      "USAGE",
      `the case ${moved.case} has the reference ${references.get(moved.case)} in one result and ${moved.reference} in the other; ` +
        "a paired comparison needs the same references",
    );
  }
}
