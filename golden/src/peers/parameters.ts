// Reads the parameters of a golden case and keeps account of which were read.

import type { GoldenCase } from "../cases.js";
import type { Parameters } from "./peer-call.js";

export interface AccountedParameters extends Parameters {
  /** Names that nobody has read. */
  left(): readonly string[];
}

export function readParameters({ loss, case: name, params }: GoldenCase): AccountedParameters {
  const read = new Set<string>();
  const take = (parameter: string): unknown => {
    read.add(parameter);
    return params[parameter];
  };
  const typed = (parameter: string, type: "number" | "boolean"): unknown => {
    const value = take(parameter);
    if (typeof value === type) return value;
    throw new Error(`${parameter} of ${loss}/${name} is ${JSON.stringify(value)}; it should be a ${type}`);
  };
  return {
    number: (parameter) => typed(parameter, "number") as number,
    boolean: (parameter) => typed(parameter, "boolean") as boolean,
    optional: <T>(parameter: string) => (take(parameter) ?? undefined) as T | undefined,
    unused: (...parameters) => {
      for (const parameter of parameters) read.add(parameter);
    },
    left: () => Object.keys(params).filter((parameter) => !read.has(parameter)),
  };
}
