import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { allLosses, lossNamed, REFERENCES, toBibtex } from "../../src/losses/all.js";
import { centralDifferences, distance, exampleCall, headsOf, largest } from "./calls.js";

const seeds = fc.integer({ min: 1, max: 1e9 });

describe.each(allLosses.map((factory) => [factory.definition.name, factory] as const))("%s", (_, factory) => {
  const { definition } = factory;
  const heads = headsOf(factory);

  it("has a gradient that central differences agree with, for every head", () => {
    for (const head of heads) {
      fc.assert(
        fc.property(seeds, (seed) => {
          const { logits, target, options } = exampleCall(seed, head);
          const { gradient } = factory().valueAndGradient(logits, target, options);
          const measured = centralDifferences(factory(), logits, target, options);
          expect(distance(gradient, measured)).toBeLessThan(1e-6 * largest(measured) + 1e-8);
        }),
        { numRuns: 5 },
      );
    }
  });

  it("stays in its range with one channel", () => {
    const [low, high] = definition.range;
    const head = heads.find(({ channels }) => channels === 1) ?? heads[0];
    fc.assert(
      fc.property(seeds, fc.constantFrom(0.1, 3, 40), (seed, spread) => {
        const { logits, target, options } = exampleCall(seed, { ...head, spread });
        const value = factory().value(logits, target, options);
        // A few units in the last place, for sums of rounded numbers.
        if (low !== null) expect(value).toBeGreaterThanOrEqual(low - 1e-12);
        if (high !== null) expect(value).toBeLessThanOrEqual(high + 1e-12);
      }),
      { numRuns: 30 },
    );
  });

  it.each(definition.identities)("is what its identity says: %j", ({ parameters, equals, offset = 0 }) => {
    const activation = heads[0].activation;
    fc.assert(
      fc.property(seeds, (seed) => {
        const { logits, target, options } = exampleCall(seed, { activation });
        const mine = factory(parameters).valueAndGradient(logits, target, options);
        const others = equals.map(({ weight, loss, parameters: theirs }) => {
          const { value, gradient } = lossNamed(loss)(theirs).valueAndGradient(logits, target, options);
          return { value: weight * value, gradient: gradient.map((slope) => weight * slope) };
        });
        const value = others.reduce((sum, other) => sum + other.value, offset);
        const gradient = mine.gradient.map((__, i) => others.reduce((sum, other) => sum + other.gradient[i], 0));
        expect(Math.abs(mine.value - value)).toBeLessThan(1e-12 * Math.max(1, Math.abs(value)));
        expect(distance(mine.gradient, gradient)).toBeLessThan(1e-12);
      }),
      { numRuns: 10 },
    );
  });

  it("does not care in which order the voxels come", () => {
    const [head] = heads;
    const { logits, target, options } = exampleCall(5, { ...head, images: 1, space: [12] });
    const order = Array.from({ length: 12 }, (__, i) => (5 * i + 3) % 12);
    const { channels } = head;
    const turned = logits.map((__, i) => logits[Math.floor(i / 12) * 12 + order[i % 12]]);
    const { value, gradient } = factory().valueAndGradient(logits, target, options);
    const again = factory().valueAndGradient(
      turned,
      target.map((__, i) => target[order[i]]),
      options,
    );
    expect(Math.abs(again.value - value)).toBeLessThan(1e-13 * Math.max(1, Math.abs(value)));
    const expected = gradient.map((__, i) => gradient[Math.floor(i / 12) * 12 + order[i % 12]]);
    expect(distance(again.gradient, expected)).toBeLessThan(1e-13);
    expect(gradient).toHaveLength(12 * channels);
  });

  describe("is finite, with its gradient,", () => {
    const finite = (logits: Float64Array, target: Uint8Array, options: ReturnType<typeof exampleCall>["options"]) => {
      const { value, gradient } = factory().valueAndGradient(logits, target, options);
      expect(Number.isFinite(value)).toBe(true);
      expect(gradient.every(Number.isFinite)).toBe(true);
    };

    it.each([1e4, 800, 40, 1e-300, 0])("for logits of plus and minus %d, right and wrong", (size) => {
      for (const head of heads.filter(({ activation }) => activation !== "none")) {
        const { logits, target, options } = exampleCall(3, head);
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

    it("for probabilities of exactly 0 and 1", () => {
      for (const head of heads.filter(({ activation }) => activation === "none")) {
        const { logits, target, options } = exampleCall(3, head);
        finite(
          logits.map((p, i) => (i % 2 === 0 ? Math.round(p) : p)),
          target,
          options,
        );
      }
    });

    it("for empty masks, full masks, one voxel, and nothing but ignored voxels", () => {
      for (const head of heads) {
        const { logits, target, options } = exampleCall(4, head);
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
        const one = exampleCall(6, { ...head, images: 1, space: [1] });
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
    if (definition.erratum) expect(definition.erratum.difference.length).toBeGreaterThan(40);
  });
});

it("knows no loss by a name that is mistyped, and says which it may be", () => {
  expect(() => lossNamed("tverski")).toThrow(/did you mean tversky\?/);
  expect(new Set(allLosses.map(({ definition }) => definition.name)).size).toBe(allLosses.length);
});
