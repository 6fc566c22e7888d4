// Keyword arguments that a class of another library hands on to a class inside it: parameters within a parameter, read with the same account.

import type { GoldenCase } from "../cases.js";
import { readParameters } from "./parameters.js";
import type { Parameters } from "./peer-call.js";

/**
 * Reads the object that parameter `name` holds, an empty one where it is null or absent.
 *
 * @param read takes the parameters within
 * @throws Error that names a parameter within that `read` has left
 */
export function readNested<T>(
  parameters: Parameters,
  golden: GoldenCase,
  name: string,
  read: (within: Parameters) => T,
): T {
  const within = readParameters({ ...golden, params: parameters.optional<GoldenCase["params"]>(name) ?? {} });
  const result = read(within);
  const left = within.left();
  if (left.length > 0) throw new Error(`parameters ${left.join(", ")} in ${name} of ${golden.loss} are not mapped`);
  return result;
}
