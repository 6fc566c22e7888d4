// Arbitrary JSON for the files that describe a data set: values of any kind in the places of valid ones, and text that is no JSON.

import fc from "fast-check";

/** Any JSON, with the names that trip code which takes an object for a table. */
const anyValue = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>(
    "",
    " ",
    null,
    -1,
    0.5,
    1e300,
    70_000,
    [],
    {},
    { toString: 1 },
    [{ toString: null }],
    [[[]]],
  ),
  fc.dictionary(
    fc.constantFrom("__proto__", "constructor", "toString", "0", "1", "ignore", ""),
    fc.jsonValue({ maxDepth: 1 }),
  ),
);

/** Copies of a valid object in which one value, however deep, is any other or is missing, or which is any JSON as a whole. */
export function nearly(valid: unknown): fc.Arbitrary<unknown> {
  const place = fc.array(fc.nat(20), { minLength: 1, maxLength: 4 });
  const changed = fc.tuple(place, fc.option(anyValue, { nil: undefined, freq: 8 })).map(([path, value]) => {
    const copy = structuredClone(valid);
    put(copy, path, value);
    return copy;
  });
  return fc.oneof({ weight: 5, arbitrary: changed }, { weight: 1, arbitrary: anyValue });
}

/** Follows the numbers as far as there are objects, each counted round its entries. */
function put(within: unknown, [at = 0, ...rest]: readonly number[], value: unknown): void {
  const table = within as Record<string, unknown>;
  const keys = Object.keys(table);
  const key = keys[at % Math.max(keys.length, 1)] ?? "0";
  const inner = table[key];
  if (rest.length > 0 && typeof inner === "object" && inner !== null) put(inner, rest, value);
  else if (value === undefined) delete table[key];
  else table[key] = value;
}

/** The text of a file with pieces cut out and others put in. */
export const damaged = (text: string): fc.Arbitrary<string> =>
  fc
    .array(fc.tuple(fc.nat(text.length), fc.string({ unit: "binary", maxLength: 6 }), fc.nat(8)), {
      minLength: 1,
      maxLength: 4,
    })
    .map((changes) =>
      changes.reduce((now, [at, put, removed]) => now.slice(0, at) + put + now.slice(at + removed), text),
    );
