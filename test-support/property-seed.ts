// The seed of the property tests: the same in every run, so that a change is judged by what it changed; LOSSKIT_PROPERTY_SEED=random, or a number, tries other cases.

import { env } from "node:process";
import { configureGlobal } from "fast-check";

const wanted = env.LOSSKIT_PROPERTY_SEED ?? "1";
// Without a seed fast-check takes one at random, and prints it where a property fails.
if (wanted !== "random") {
  const seed = Number(wanted);
  if (wanted === "" || !Number.isInteger(seed)) {
    throw new Error(`LOSSKIT_PROPERTY_SEED is "${wanted}": give a whole number, or "random".`);
  }
  configureGlobal({ seed });
}
