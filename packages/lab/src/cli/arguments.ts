// Checks the arguments of a command before citty reads them: citty passes over what it does not know, we do not.

import { type ParseArgsConfig, parseArgs } from "node:util";
import type { ArgsDef } from "citty";
import { nearest } from "losskit";
import { LabError } from "../errors.js";

/** Options that may be given more than once; the values come from `repeatedValues`. */
export type Repeatable = readonly string[];

/**
 * Checks raw arguments against the definition of a command.
 *
 * @param variadic whether the last argument may be given many times; the values come from `positionalValues`
 * @throws LabError USAGE for an option that does not exist (with a suggestion), lacks its value, is given twice, or an
 *   argument too many or too few.
 */
export function checkArguments(
  command: string,
  rawArgs: readonly string[],
  args: ArgsDef,
  repeatable: Repeatable = [],
  variadic = false,
): void {
  const seeHelp = `see: losskit ${command} --help`;
  const refuse = (problem: string): never => {
    throw new LabError("USAGE", problem);
  };
  const names = Object.keys(args).filter((name) => args[name].type !== "positional");
  const positionals = Object.keys(args).filter((name) => args[name].type === "positional");
  const seen = new Set<string>();
  let positionalCount = 0;
  for (const token of tokenize(rawArgs, args)) {
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional") {
      positionalCount++;
      if (positionalCount > positionals.length && !variadic) {
        const takes = positionals.length === 0 ? "none" : positionals.map((name) => name.toUpperCase()).join(" ");
        refuse(`there is an argument too many: "${token.value}"; losskit ${command} takes ${takes} (${seeHelp})`);
      }
      continue;
    }
    const definition = names.includes(token.name) ? args[token.name] : undefined;
    if (definition === undefined) {
      const near = nearest(token.name, names);
      refuse(`there is no option ${token.rawName}; ${near ? `did you mean --${near}?` : seeHelp}`);
    }
    if (definition?.type === "boolean") {
      if (token.value !== undefined) refuse(`${token.rawName} takes no value, found "${token.value}"`);
    } else if (token.value === undefined || token.value === "") {
      refuse(`${token.rawName} needs a value (${seeHelp})`);
    } else if (!token.inlineValue && token.value.startsWith("-")) {
      refuse(
        `${token.rawName} needs a value, found "${token.value}"; write ${token.rawName}=${token.value} if the value starts with "-"`,
      );
    }
    if (seen.has(token.name) && !repeatable.includes(token.name)) refuse(`${token.rawName} is given more than once`);
    seen.add(token.name);
  }
  const absent = names.find((name) => args[name].required === true && !seen.has(name));
  if (absent !== undefined) refuse(`--${absent} is missing (${seeHelp})`);
  const missing = positionals.slice(positionalCount).find((name) => args[name].required !== false);
  if (missing !== undefined) refuse(`${missing.toUpperCase()} is missing (${seeHelp})`);
}

/** All values of an option that may be repeated, in their order; citty keeps the last alone. */
export function repeatedValues(rawArgs: readonly string[], args: ArgsDef, name: string): string[] {
  return tokenize(rawArgs, args).flatMap((token) =>
    token.kind === "option" && token.name === name && token.value !== undefined ? [token.value] : [],
  );
}

/** Names of the options that are given. */
export const givenOptions = (rawArgs: readonly string[], args: ArgsDef): string[] =>
  tokenize(rawArgs, args).flatMap((token) => (token.kind === "option" ? [token.name] : []));

/** All arguments that are no options, in their order; citty keeps one for each name. */
export function positionalValues(rawArgs: readonly string[], args: ArgsDef): string[] {
  return tokenize(rawArgs, args).flatMap((token) => (token.kind === "positional" ? [token.value] : []));
}

/**
 * A whole number from the command line.
 *
 * @throws LabError USAGE
 */
export function readWholeNumber(option: string, text: string, low: number, high: number): number {
  const value = /^\d+$/u.test(text) ? Number(text) : Number.NaN;
  if (value >= low && value <= high) return value;
  throw new LabError("USAGE", `${option} is "${text}"; it is a whole number from ${low} to ${high}`);
}

/**
 * One of some words; the usual one where none is given.
 *
 * @throws LabError USAGE
 */
export function readChoice<T extends string>(
  option: string,
  text: string | undefined,
  choices: readonly T[],
  usual: T,
): T {
  if (text === undefined) return usual;
  const found = choices.find((choice) => choice === text);
  if (found !== undefined) return found;
  throw new LabError("USAGE", `${option} is "${text}"; it is one of ${choices.join(", ")}`);
}

/** Items of a list with commas; an empty item is refused. */
export function readList(option: string, text: string): string[] {
  const items = text.split(",").map((item) => item.trim());
  if (items.includes("")) {
    throw new LabError(
      "USAGE",
      `${option} is "${text}"; it is a list with commas, as in ${option} a,b, with no empty item`,
    );
  }
  return items;
}

function tokenize(rawArgs: readonly string[], args: ArgsDef) {
  const options: NonNullable<ParseArgsConfig["options"]> = {};
  for (const [name, { type }] of Object.entries(args)) {
    if (type !== "positional") options[name] = { type: type === "boolean" ? "boolean" : "string", multiple: true };
  }
  return parseArgs({ args: [...rawArgs], options, strict: false, allowPositionals: true, tokens: true }).tokens;
}
