// Reads files of golden cases and checks that they have the schema that golden/README.md describes.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const SCHEMA = "segloss-golden/1";

export interface GoldenCase {
  readonly loss: string;
  readonly case: string;
  readonly shape: readonly number[];
  readonly params: Readonly<Record<string, unknown>>;
  readonly inputKind: "logits" | "probas" | "preds";
  readonly input: readonly number[];
  readonly targetKind: "binary" | "labels" | "onehot" | "soft";
  readonly targets: readonly number[];
  /** A number, or a list; null where the code raised. NaN and infinities as numbers. */
  readonly value: number | readonly number[] | null;
  readonly gradient: readonly number[] | null;
  /** "ok" where the gradient is a derivative. */
  readonly fd: string;
  readonly stableValue: number | undefined;
  readonly stableGradient: readonly number[] | undefined;
  readonly error: string | undefined;
}

export interface GoldenFile {
  readonly name: string;
  readonly cases: readonly GoldenCase[];
}

const SPECIAL: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
};

type Json = Readonly<Record<string, unknown>>;

/** What the cases of a file are about; undefined for a file of another schema. */
export function goldenKind(path: string): "losses" | "metrics" | undefined {
  const { schema, cases } = JSON.parse(readFileSync(path, "utf8")) as Json;
  if (schema !== SCHEMA || !Array.isArray(cases)) return undefined;
  if (typeof cases[0]?.loss === "string") return "losses";
  return Array.isArray(cases[0]?.gt) ? "metrics" : undefined;
}

/** Names of the files of a folder that hold golden cases of that kind. */
export function goldenFilesIn(directory: string, kind: "losses" | "metrics" = "losses"): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(".json") && goldenKind(join(directory, name)) === kind)
    .sort();
}

/** @throws Error that names the file, the case and the field that is not as the schema says */
export function readGoldenFile(path: string): GoldenFile {
  let parsed: Json;
  try {
    parsed = JSON.parse(readFileSync(path, "utf8")) as Json;
  } catch (cause) {
    throw new Error(`${path} cannot be read as JSON: ${(cause as Error).message}`, { cause });
  }
  if (parsed.schema !== SCHEMA || !Array.isArray(parsed.cases)) {
    throw new Error(
      `${path} is not a file of golden cases: its schema is ${JSON.stringify(parsed.schema)}, not "${SCHEMA}"`,
    );
  }
  return { name: path, cases: parsed.cases.map((item: Json, i) => readCase(item, `${path}, case ${i}`)) };
}

function readCase(item: Json, where: string): GoldenCase {
  const fail = (field: string): never => {
    throw new Error(`${where} (${item.loss}/${item.case}): ${field} is not as the schema says`);
  };
  const number = (value: unknown, field: string): number => {
    if (typeof value === "number") return value;
    return typeof value === "string" && value in SPECIAL ? SPECIAL[value] : fail(field);
  };
  const list = (field: string): readonly number[] => {
    const values = item[field];
    return Array.isArray(values) ? values.map((value) => number(value, field)) : fail(field);
  };
  const optional = <T>(field: string, read: () => T): T | undefined =>
    item[field] === undefined || item[field] === null ? undefined : read();

  const inputKind = item.input_kind;
  if (inputKind !== "logits" && inputKind !== "probas" && inputKind !== "preds") return fail("input_kind");
  return {
    loss: String(item.loss),
    case: String(item.case),
    shape: list("shape"),
    params: (item.params ?? {}) as Json,
    inputKind,
    input: list(inputKind),
    targetKind: item.target_kind as GoldenCase["targetKind"],
    targets: list("targets"),
    value: Array.isArray(item.value) ? list("value") : (optional("value", () => number(item.value, "value")) ?? null),
    gradient: optional("grad", () => list("grad")) ?? null,
    fd: typeof item.fd === "string" ? item.fd : "",
    stableValue: optional("stable_value", () => number(item.stable_value, "stable_value")),
    stableGradient: optional("stable_grad", () => list("stable_grad")),
    error: optional("error", () => String(item.error)),
  };
}
