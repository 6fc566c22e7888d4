// What every loss must keep: its gradient, range, facts and identities, what it may not depend on, and inputs at the edges.

import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { allLosses, lossNamed, REFERENCES, toBibtex } from "../../src/losses/all.js";
import type { Values } from "../../src/losses/loss.js";
import { LIBRARIES } from "../../src/losses/loss.js";
import { callFor, directionalSlope, distance, headsOf, isSpatial, largest, onlyIf, uniformSequence } from "./calls.js";
import { growth, measuredValues } from "./facts-calls.js";

const seeds = fc.integer({ min: 1, max: 1e9 });
type Example = ReturnType<typeof callFor>;

describe.each(allLosses.map((factory) => [factory.definition.name, factory] as const))("%s", (_, factory) => {
  const { definition } = factory;
  const { formula } = definition;
  const heads = headsOf(factory);
  const spatial = isSpatial(factory);

  // `constant(…)` takes a part out of the gradient; normalised-focal.test.ts has that.
  onlyIf(!formula.includes("constant("))("has the gradient that directional differences give, for every head", () => {
    for (const head of heads) {
      let smooth = 0;
      for (let seed = 1; seed <= 12 && smooth < 4; seed++) {
        const { logits, target, options } = callFor(factory, seed, head);
        const uniform = uniformSequence(seed + 100);
        // Probabilities have to stay between 0 and 1.
        const length = head.activation === "none" ? 0.01 : 1;
        const direction = logits.map(() => length * (2 * uniform() - 1));
        const slope = directionalSlope(factory(), logits, direction, target, options);
        if (slope === undefined) continue;
        smooth++;
        const { gradient } = factory().valueAndGradient(logits, target, options);
        const expected = gradient.reduce((sum, g, i) => sum + g * direction[i], 0);
        expect(Math.abs(expected - slope)).toBeLessThan(1e-7 * Math.max(1, Math.abs(slope)));
      }
      expect(smooth).toBeGreaterThanOrEqual(4);
    }
  });

  it("stays in its range", () => {
    const [low, high] = definition.range;
    const head = heads.find(({ channels }) => channels === 1) ?? heads[0];
    fc.assert(
      fc.property(seeds, fc.constantFrom(0.1, 3, 40), (seed, spread) => {
        const { logits, target, options } = callFor(factory, seed, { ...head, spread });
        const value = factory().value(logits, target, options);
        // A few units in the last place, for sums of rounded numbers.
        if (low !== null) expect(value).toBeGreaterThanOrEqual(low - 1e-12);
        if (high !== null) expect(value).toBeLessThanOrEqual(high + 1e-12);
      }),
      { numRuns: 30 },
    );
  });

  it.each(definition.identities)(
    "is what its identity says: %j",
    ({ parameters, options: turned, equals, offset = 0 }) => {
      fc.assert(
        fc.property(seeds, (seed) => {
          const { logits, target, options } = callFor(factory, seed, heads[0]);
          const mine = factory({ ...parameters, ...turned }).valueAndGradient(logits, target, options);
          const others = equals.map(({ weight, loss, parameters: theirs, options: own }) => {
            const { value, gradient } = lossNamed(loss)({ ...theirs, ...own }).valueAndGradient(
              logits,
              target,
              options,
            );
            return { value: weight * value, gradient: gradient.map((slope) => weight * slope) };
          });
          const value = others.reduce((sum, other) => sum + other.value, offset);
          const gradient = mine.gradient.map((__, i) => others.reduce((sum, other) => sum + other.gradient[i], 0));
          expect(Math.abs(mine.value - value)).toBeLessThan(1e-12 * Math.max(1, Math.abs(value)));
          expect(distance(mine.gradient, gradient)).toBeLessThan(1e-12);
        }),
        { numRuns: 10 },
      );
    },
  );

  if (definition.values) {
    const stated = definition.values;
    it("has the values that it states", () => {
      const measured = measuredValues(factory);
      const larger = measuredValues(factory, { rows: 12, decided: 80 });
      for (const key of Object.keys(stated) as (keyof Values)[]) {
        const value = stated[key];
        const same = Math.abs(larger[key] - measured[key]) < 1e-3 * Math.max(1, Math.abs(measured[key]));
        // Null is for what depends on the size of the logits or of the image, and for nothing else.
        expect({ [key]: same }).toEqual({ [key]: value !== null });
        if (value !== null) expect(Math.abs(measured[key] - value), key).toBeLessThan(1e-3);
      }
    });
  }

  it.each(Object.entries(definition.weighs ?? {}))("weighs with %s the %s", (parameter, kind) => {
    const opposite = {
      "false positives": "false negatives",
      "false negatives": "false positives",
      foreground: "background",
      background: "foreground",
    } as const;
    const own = growth(factory, parameter, kind);
    expect(own).toBeGreaterThan(1e-4);
    expect(growth(factory, parameter, opposite[kind])).toBeLessThan(own / 100);
  });

  describe("does not depend on", () => {
    const same = (a: number, b: number, bound = 1e-12) =>
      expect(Math.abs(a - b)).toBeLessThan(bound * Math.max(1, Math.abs(a)));

    onlyIf(!spatial)("the order of the voxels", () => {
      const [head] = heads;
      const { logits, target, options } = callFor(factory, 5, { ...head, images: 1, space: [12] });
      const order = Array.from({ length: 12 }, (__, i) => (5 * i + 3) % 12);
      const { channels } = head;
      const turned = logits.map((__, i) => logits[Math.floor(i / 12) * 12 + order[i % 12]]);
      const { value, gradient } = factory().valueAndGradient(logits, target, options);
      const again = factory().valueAndGradient(
        turned,
        target.map((__, i) => target[order[i]]),
        options,
      );
      same(value, again.value, 1e-13);
      const expected = gradient.map((__, i) => gradient[Math.floor(i / 12) * 12 + order[i % 12]]);
      expect(distance(again.gradient, expected)).toBeLessThan(1e-13);
      expect(gradient).toHaveLength(12 * channels);
    });

    // Thinning takes the sides in turn, equally near objects the smaller number, and slopes the next voxel.
    const sided = /\bskeleton\(|nearest_component|squared_gradient/.test(formula);
    onlyIf(spatial && !sided)("which side of an axis is called first", () => {
      for (const head of heads) {
        const call = callFor(factory, 7, { ...head, images: 1, space: [5, 6] });
        const mirrored = <A extends { length: number; map: (f: (v: number, i: number) => number) => A }>(a: A) =>
          a.map((__, i) => (a as unknown as number[])[i - (i % 6) + 5 - (i % 6)]);
        const fields = call.options.fields && { image: mirrored(call.options.fields.image as Float64Array) };
        const value = factory().value(call.logits, call.target, call.options);
        const again = factory().value(mirrored(call.logits), mirrored(call.target), { ...call.options, fields });
        same(value, again);
      }
    });

    it('the other images, with images "each"', () => {
      for (const head of heads) {
        const { logits, target, options } = callFor(factory, 8, head);
        const each = factory({ images: "each" });
        const voxels = target.length / 2;
        const one = (image: number) => {
          const fields = options.fields && { image: options.fields.image.slice(image * voxels, (image + 1) * voxels) };
          return each.value(
            logits.slice((image * logits.length) / 2, ((image + 1) * logits.length) / 2),
            target.slice(image * voxels, (image + 1) * voxels),
            { ...options, shape: [1, ...options.shape.slice(1)], ...(fields && { fields }) },
          );
        };
        same(each.value(logits, target, options), (one(0) + one(1)) / 2);
      }
    });

    const softmax = heads.find(({ activation }) => activation === "softmax");
    onlyIf(softmax !== undefined && !formula.includes("- x"))("a number added to all logits of a voxel", () => {
      const { logits, target, options } = callFor(factory, 9, softmax);
      const voxels = target.length / 2;
      const shifted = logits.map((x, i) => x + (i % voxels) / 7 + Math.floor(i / (3 * voxels)));
      same(factory().value(logits, target, options), factory().value(shifted, target, options));
    });

    const symmetric =
      softmax !== undefined && !formula.includes("class >") && definition.options?.classes !== "foreground";
    onlyIf(symmetric && !/boundary|cldice/.test(definition.name))("the order of the classes", () => {
      const { logits, target, options } = callFor(factory, 10, softmax);
      const voxels = target.length / 2;
      const rotated = logits.map((__, i) => {
        const channel = Math.floor(i / voxels) % 3;
        return logits[i + (channel === 2 ? -2 : 1) * voxels];
      });
      same(
        factory().value(logits, target, options),
        factory().value(
          rotated,
          target.map((label) => (label + 2) % 3),
          options,
        ),
      );
    });
  });

  describe("is finite, with its gradient,", () => {
    const finite = (logits: Float64Array, target: Uint8Array, options: Example["options"]) => {
      const { value, gradient } = factory().valueAndGradient(logits, target, options);
      expect(Number.isFinite(value)).toBe(true);
      expect(gradient.every(Number.isFinite)).toBe(true);
    };

    it.each([1e4, 800, 40, 1e-300, 0])("for logits of plus and minus %d, right and wrong", (size) => {
      for (const head of heads.filter(({ activation }) => activation !== "none")) {
        const { logits, target, options } = callFor(factory, 3, head);
        finite(
          logits.map((x) => Math.sign(x) * size),
          target,
          options,
        );
        finite(
          logits.map((x, i) => (i % 3 === 0 ? 0 : Math.sign(x) * size)),
          target,
          options,
        );
      }
    });

    it("for the largest float16, and for float32 logits of any size", () => {
      for (const head of heads.filter(({ activation }) => activation !== "none")) {
        for (const size of [65504, 3e38]) {
          const { logits, target, options } = callFor(factory, 3, head);
          finite(
            logits.map((x) => Math.sign(x) * size),
            target,
            options,
          );
        }
      }
    });

    it("for probabilities of exactly 0 and 1", () => {
      for (const head of heads.filter(({ activation }) => activation === "none")) {
        const { logits, target, options } = callFor(factory, 3, head);
        finite(
          logits.map((p, i) => (i % 2 === 0 ? Math.round(p) : p)),
          target,
          options,
        );
      }
    });

    it("for empty masks, full masks, one voxel, and nothing but ignored voxels", () => {
      for (const head of heads) {
        const { logits, target, options } = callFor(factory, 4, head);
        const last = Math.max(1, head.channels - 1);
        finite(
          logits,
          target.map(() => 0),
          options,
        );
        finite(
          logits,
          target.map(() => last),
          options,
        );
        finite(
          logits,
          target.map(() => 255),
          { ...options, ignore: 255 },
        );
        const one = callFor(factory, 6, { ...head, images: 1, space: [1] });
        finite(
          one.logits,
          one.target.map(() => 0),
          one.options,
        );
        finite(
          one.logits,
          one.target.map(() => last),
          one.options,
        );
      }
    });
  });

  it("states what a reader needs", () => {
    expect(definition.name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    expect(definition.use).toMatch(/^Use it .*\. Avoid .*\.$/);
    expect(definition.use.split(/\. /)).toHaveLength(2);
    expect(definition.references.length).toBeGreaterThan(0);
    for (const key of definition.references) {
      expect(Object.keys(REFERENCES)).toContain(key);
      expect(toBibtex(key)).toContain(`{${key},`);
    }
    for (const { meaning, default: value, min = -Infinity, max = Infinity } of Object.values(definition.parameters)) {
      expect(meaning.length).toBeGreaterThan(10);
      expect(value >= min && value <= max).toBe(true);
    }
    for (const [library, { name, differs }] of Object.entries(definition.elsewhere ?? {})) {
      expect(LIBRARIES).toContain(library);
      expect(name.length).toBeGreaterThan(3);
      if (differs !== undefined) expect(differs.length).toBeGreaterThan(10);
    }
    if (definition.erratum) expect(definition.erratum.difference.length).toBeGreaterThan(40);
    else expect(definition.values).toBeDefined();
  });

  it("is largest in its gradient somewhere", () => {
    const { logits, target, options } = callFor(factory, 11, heads[0]);
    expect(largest(factory().valueAndGradient(logits, target, options).gradient)).toBeGreaterThan(1e-6);
  });
});

describe("the list", () => {
  it("has at least 45 losses besides the forms in circulation that differ from a paper", () => {
    expect(allLosses.filter(({ definition }) => !definition.erratum).length).toBeGreaterThanOrEqual(45);
  });

  it("knows no loss by a name that is mistyped, and says which it may be", () => {
    expect(() => lossNamed("tverski")).toThrow(/did you mean tversky\?/);
    expect(new Set(allLosses.map(({ definition }) => definition.name)).size).toBe(allLosses.length);
  });

  it("is of files that are short and leave options to the house", () => {
    const folder = new URL("../../src/losses/", import.meta.url);
    const files = [...readdirSync(folder), ...readdirSync(new URL("errata/", folder)).map((name) => `errata/${name}`)];
    const losses = files
      .filter((file) => file.endsWith(".ts"))
      .map((file) => readFileSync(new URL(file, folder), "utf8"));
    const definitions = losses.filter((text) => /= define(Loss|Compound)\(/.test(text));
    expect(definitions).toHaveLength(allLosses.length);
    for (const text of definitions) {
      expect(text.split("\n").length).toBeLessThanOrEqual(80);
      // Data only: no branch, no function, no default of an option.
      const code = text.replace(/"(\\.|[^"\\])*"|`[^`]*`|\/\/.*/g, "");
      expect(code).not.toMatch(/\b(if|for|while|function)\b|=>|\?/);
    }
  });
});
