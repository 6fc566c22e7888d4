import { describe, expect, it } from "vitest";
import { ROUTINES } from "../../src/formula/operations.js";
import { ROUTINE_FUNCTIONS } from "../../src/routines/routines.js";
import { distinct } from "./grids.js";

/** Two values of each scalar argument that make a difference on the values below. */
const SCALARS: Readonly<Record<string, readonly [number, number]>> = {
  fraction: [0.25, 0.5],
  threshold: [0.6, 0.2],
  iterations: [2, 1],
  exponent: [2, 1],
  sigma: [0.7, 1.4],
};

const USE_SPACING = ["distance", "signed_distance", "nearest_component", "squared_gradient", "absolute_gradient"];

describe("ROUTINE_FUNCTIONS", () => {
  it("has a function for every routine of the language, of the kind its signature asks for", () => {
    expect(Object.keys(ROUTINE_FUNCTIONS).sort()).toEqual(Object.keys(ROUTINES).sort());
    for (const [name, signature] of Object.entries(ROUTINES)) {
      const routine = ROUTINE_FUNCTIONS[name];
      expect([name, routine.kind]).toEqual([name, signature.gives === "groups" ? "group" : "grid"]);
      const hasGradient = routine.kind === "grid" && routine.gradient !== undefined;
      expect([name, hasGradient]).toEqual([name, signature.gradient === "routine"]);
    }
  });

  it("passes every scalar and the spacing on where they matter, and writes to no argument", () => {
    const space = [8, 12];
    const cotangent = distinct(96, 2);
    // Two objects, one of them large enough to survive two erosions.
    const values = distinct(96, 1).map((value, i) => {
      const [y, x] = [Math.floor(i / 12), i % 12];
      const inside = (y >= 1 && y < 7 && x < 6) || (y === 0 && x > 9);
      return inside ? 0.6 + 0.4 * value : 0.4 * value;
    });
    const before = values.slice();
    for (const [name, routine] of Object.entries(ROUTINE_FUNCTIONS)) {
      const names = ROUTINES[name].scalarArguments;
      const scalars = names.map((scalar) => SCALARS[scalar][0]);
      /** The scalars with one of them changed, for each of them. */
      const changed = names.map((scalar, i) => scalars.map((own, j) => (i === j ? SCALARS[scalar][1] : own)));
      if (routine.kind === "group") {
        const weightsOf = (own: readonly number[]) => routine.weights(values, values.map(Math.round), own);
        expect(weightsOf(scalars).length, name).toBe(96);
        for (const own of changed) expect(weightsOf(own), `${name}(${own})`).not.toEqual(weightsOf(scalars));
        continue;
      }
      const result = routine.value(values, scalars, space, [2, 1]);
      expect(result, name).toBeInstanceOf(Float64Array);
      expect(result.length, name).toBe(96);
      for (const own of changed) {
        expect(routine.value(values, own, space, [2, 1]), `${name}(${own})`).not.toEqual(result);
      }
      const stretched = routine.value(values, scalars, space, [9, 1]);
      expect(String(stretched) !== String(result), name).toBe(USE_SPACING.includes(name));
      if (!routine.gradient) continue;
      const gradient = routine.gradient(values, scalars, space, [2, 1], cotangent);
      expect(gradient.length, name).toBe(96);
      for (const own of changed) {
        const other = routine.gradient(values, own, space, [2, 1], cotangent);
        expect(other, `${name}(${own})`).not.toEqual(gradient);
      }
      const steeper = routine.gradient(values, scalars, space, [9, 1], cotangent);
      expect(String(steeper) !== String(gradient), name).toBe(USE_SPACING.includes(name));
    }
    expect(values).toEqual(before);
    expect(cotangent).toEqual(distinct(96, 2));
  });

  it("hands the scalars and the targets to the group routines", () => {
    const lovasz = ROUTINE_FUNCTIONS.lovasz;
    const top = ROUTINE_FUNCTIONS.top_mean;
    if (lovasz.kind !== "group" || top.kind !== "group") return expect.fail("both are group routines");
    expect([...lovasz.weights(Float64Array.of(1, 2), Float64Array.of(1, 0), [])]).toEqual([0.5, 0.5]);
    expect([...lovasz.weights(Float64Array.of(1, 2), Float64Array.of(1, 1), [])]).toEqual([0.5, 0.5]);
    expect([...lovasz.weights(Float64Array.of(1, 2), Float64Array.of(0, 1), [])]).toEqual([0, 1]);
    expect([...top.weights(Float64Array.of(1, 2, 3, 4), undefined, [0.5])]).toEqual([0, 0, 0.5, 0.5]);
    const hard = ROUTINE_FUNCTIONS.hard_mean;
    if (hard.kind !== "group") return expect.fail("a group routine");
    expect([...hard.weights(Float64Array.of(1, 2, 4, 3), undefined, [3, 0.25])]).toEqual([0, 0, 0.5, 0.5]);
    expect([...hard.weights(Float64Array.of(1, 2, 4, 3), undefined, [5, 0.25])]).toEqual([0, 0, 1, 0]);
  });
});
