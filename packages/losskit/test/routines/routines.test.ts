import { describe, expect, it } from "vitest";
import { ROUTINES } from "../../src/formula/operations.js";
import { ROUTINE_FUNCTIONS } from "../../src/routines/routines.js";
import { distinct } from "./grids.js";

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

  it("passes the scalar and the spacing on, and writes to no argument", () => {
    const values = distinct(24, 1);
    const before = values.slice();
    const cotangent = distinct(24, 2);
    for (const [name, routine] of Object.entries(ROUTINE_FUNCTIONS)) {
      if (routine.kind === "group") {
        const weights = routine.weights(values, Float64Array.from(values, Math.round), 0.5);
        expect(weights.length, name).toBe(24);
        continue;
      }
      const result = routine.value(values, 1, [4, 6], [2, 1]);
      expect(result, name).toBeInstanceOf(Float64Array);
      expect(result.length, name).toBe(24);
      const other = routine.value(values, 4, [4, 6], [9, 1]);
      const depends = !["border", "components"].includes(name);
      expect(String(other) !== String(result), name).toBe(depends);
      if (!routine.gradient) continue;
      const gradient = routine.gradient(values, 1, [4, 6], [2, 1], cotangent);
      expect(gradient.length, name).toBe(24);
      expect(String(routine.gradient(values, 4, [4, 6], [9, 1], cotangent)) !== String(gradient), name).toBe(true);
    }
    expect(values).toEqual(before);
    expect(cotangent).toEqual(distinct(24, 2));
  });

  it("hands the fraction and the targets to the group routines", () => {
    const lovasz = ROUTINE_FUNCTIONS.lovasz;
    const top = ROUTINE_FUNCTIONS.top_mean;
    if (lovasz.kind !== "group" || top.kind !== "group") return expect.fail("both are group routines");
    expect([...lovasz.weights(Float64Array.of(1, 2), Float64Array.of(1, 0), 0)]).toEqual([0.5, 0.5]);
    expect([...lovasz.weights(Float64Array.of(1, 2), Float64Array.of(1, 1), 0)]).toEqual([0.5, 0.5]);
    expect([...lovasz.weights(Float64Array.of(1, 2), Float64Array.of(0, 1), 0)]).toEqual([0, 1]);
    expect([...top.weights(Float64Array.of(1, 2, 3, 4), undefined, 0.5)]).toEqual([0, 0, 0.5, 0.5]);
  });
});
