// Reads the JSON files that describe a data set; the checks here name the file and the field.

import { LabError } from "../errors.js";
import { readText } from "../volumes/read-bytes.js";

export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * @throws LabError UNREADABLE_FILE, or BAD_DATASET when it is not JSON
 */
export async function readJson(file: string): Promise<unknown> {
  const text = await readText(file);
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new LabError("BAD_DATASET", `${file} is not valid JSON: ${(error as Error).message}`, { cause: error });
  }
}

/** @throws LabError BAD_DATASET when the file does not hold one JSON object */
export async function readJsonObject(file: string): Promise<JsonObject> {
  return asObject(await readJson(file), file);
}

/** @throws LabError BAD_DATASET; `where` names the file and the field */
export function asObject(value: unknown, where: string): JsonObject {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new LabError("BAD_DATASET", `${where} must be a JSON object, not ${kindOf(value)}`);
}

/** @throws LabError BAD_DATASET */
export function asStrings(value: unknown, where: string): readonly string[] {
  if (Array.isArray(value) && value.every((item) => typeof item === "string" && item.trim() !== ""))
    return value as string[];
  throw new LabError("BAD_DATASET", `${where} must be a list of names`);
}

/** @throws LabError BAD_DATASET */
export function asString(value: unknown, where: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw new LabError("BAD_DATASET", `${where} must be text, not ${kindOf(value)}`);
}

function kindOf(value: unknown): string {
  if (value === undefined) return "missing";
  if (value === null) return "null";
  return Array.isArray(value) ? "a list" : `a ${typeof value}`;
}
