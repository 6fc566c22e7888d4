import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type BorderKind,
  type DirectedDistances,
  type DistanceMetric,
  type SurfaceOptions,
  surfaceDistances,
} from "../../src/metrics/index.js";
import { bruteDistances, brutePoints } from "./brute-surfaces.js";
import { indicesOf, type RandomPair, randomPair, valueAt } from "./mask-arbitraries.js";

const BORDERS: readonly BorderKind[] = ["voxels", "surfels", "points"];
const METRICS: readonly DistanceMetric[] = ["euclidean", "chessboard", "taxicab"];

const near = (ours: ArrayLike<number>, expected: number[]) => {
  expect(ours.length).toBe(expected.length);
  expected.forEach((value, i) => {
    if (value === Number.POSITIVE_INFINITY) expect(ours[i]).toBe(value);
    else expect(Math.abs(ours[i] - value)).toBeLessThan(1e-12 * Math.max(1, value));
  });
};

const compute = ({ reference, prediction, ...options }: RandomPair & Partial<SurfaceOptions>) =>
  surfaceDistances(reference, prediction, options);

const sorted = ({ distances, sizes }: DirectedDistances) =>
  Array.from(distances, (distance, i) => [distance, sizes?.[i] ?? 1]).sort((a, b) => a[0] - b[0] || a[1] - b[1]);

describe("surfaceDistances", () => {
  for (const border of BORDERS) {
    for (const metric of METRICS) {
      it(`equals the definition for ${border} and ${metric} distances`, () => {
        fc.assert(
          fc.property(randomPair, (pair) => {
            const { shape, spacing } = pair;
            const ours = compute({ ...pair, border, metric });
            const reference = brutePoints(pair.reference, shape, border);
            const prediction = brutePoints(pair.prediction, shape, border);
            near(ours.referenceToPrediction.distances, bruteDistances(reference, prediction, spacing, metric));
            near(ours.predictionToReference.distances, bruteDistances(prediction, reference, spacing, metric));
          }),
          { numRuns: 150 },
        );
      });
    }
  }

  it("equals the definition where masks are far apart, so that distances run over many columns", () => {
    // The reference lies in the first columns of each row, the prediction in the last.
    const farPair = fc
      .record({
        shape: fc.constantFrom<number[][]>([3, 40, 37], [12, 2, 150], [40, 90]),
        steps: fc.array(fc.constantFrom(0.2, 0.7, 1, 3), { minLength: 3, maxLength: 3 }),
        first: fc.integer({ min: 1, max: 9 }),
        last: fc.integer({ min: 1, max: 9 }),
        share: fc.constantFrom(0.01, 0.2, 1),
        draws: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 97, maxLength: 97 }),
      })
      .map(({ shape, steps, first, last, share, draws }) => {
        const width = shape[shape.length - 1];
        const mask = (columns: (x: number) => boolean) =>
          Uint8Array.from({ length: shape.reduce((product, extent) => product * extent, 1) }, (_, at) =>
            columns(at % width) && draws[(at * 31) % draws.length] <= share ? 1 : 0,
          );
        const spacing = steps.slice(0, shape.length);
        return { shape, spacing, reference: mask((x) => x < first), prediction: mask((x) => x >= width - last) };
      });
    fc.assert(
      fc.property(
        farPair,
        fc.constantFrom("voxels" as const, "surfels" as const),
        fc.constantFrom(...METRICS),
        (pair, border, metric) => {
          const reference = brutePoints(pair.reference, pair.shape, border);
          const prediction = brutePoints(pair.prediction, pair.shape, border);
          const { referenceToPrediction, predictionToReference } = compute({ ...pair, border, metric });
          near(referenceToPrediction.distances, bruteDistances(reference, prediction, pair.spacing, metric));
          near(predictionToReference.distances, bruteDistances(prediction, reference, pair.spacing, metric));
        },
      ),
      { numRuns: 60 },
    );
  });

  it("gives the other direction where the masks are exchanged", () => {
    fc.assert(
      fc.property(randomPair, fc.constantFrom(...BORDERS), (pair, border) => {
        const ours = compute({ ...pair, border });
        const exchanged = compute({ ...pair, border, reference: pair.prediction, prediction: pair.reference });
        expect(exchanged.referenceToPrediction).toEqual(ours.predictionToReference);
        expect(exchanged.predictionToReference).toEqual(ours.referenceToPrediction);
      }),
    );
  });

  it("does not change where the image is turned round or grows by empty voxels", () => {
    fc.assert(
      fc.property(randomPair, fc.constantFrom("voxels" as const, "points" as const), (pair, border) => {
        const ours = compute({ ...pair, border });
        const turned = compute({
          ...pair,
          border,
          reference: pair.reference.slice().reverse(),
          prediction: pair.prediction.slice().reverse(),
        });
        expect(sorted(turned.referenceToPrediction)).toEqual(sorted(ours.referenceToPrediction));
        const grown = pair.shape.map((extent, axis) => extent + axis + 1);
        const within = (mask: Uint8Array) =>
          Uint8Array.from({ length: grown.reduce((a, b) => a * b, 1) }, (_, at) =>
            valueAt(
              mask,
              indicesOf(at, grown).map((index, axis) => index - axis),
              pair.shape,
            ),
          );
        const padded = compute({
          ...pair,
          border,
          shape: grown,
          reference: within(pair.reference),
          prediction: within(pair.prediction),
        });
        expect(padded.referenceToPrediction).toEqual(ours.referenceToPrediction);
      }),
    );
  });

  it("grows with the spacing: distances with it, areas with its square", () => {
    fc.assert(
      fc.property(randomPair, (pair) => {
        const ours = compute({ ...pair, border: "surfels" }).referenceToPrediction;
        const doubled = pair.spacing.map((step) => 2 * step);
        const larger = compute({ ...pair, spacing: doubled, border: "surfels" }).referenceToPrediction;
        near(
          larger.distances,
          Array.from(ours.distances, (distance) => 2 * distance),
        );
        const factor = 2 ** (pair.shape.length - 1);
        near(
          larger.sizes ?? [],
          Array.from(ours.sizes ?? [], (size) => factor * size),
        );
      }),
    );
  });

  it("takes one label of label maps, in any kind of array", () => {
    const reference = [0, 2, 2, 1, 0, 0, 3, 0];
    const options = { shape: [8], spacing: [0.5], label: 2 };
    const { referenceToPrediction, empty } = surfaceDistances(
      reference,
      Int16Array.of(0, 0, 0, 0, 1, 2, 2, 0),
      options,
    );
    expect(empty).toBe("neither");
    expect(Array.from(referenceToPrediction.distances)).toEqual([2, 1.5]);
  });

  it("says which masks are empty, and is infinite to them", () => {
    const one = [0, 1, 0];
    const none = [0, 0, 0];
    for (const border of BORDERS) {
      const options = { shape: [3], border };
      expect(surfaceDistances(none, none, options)).toMatchObject({
        empty: "both",
        referenceToPrediction: { distances: new Float64Array(0) },
        predictionToReference: { distances: new Float64Array(0) },
      });
      const { empty, referenceToPrediction, predictionToReference } = surfaceDistances(one, none, options);
      expect(empty).toBe("prediction");
      expect(new Set(referenceToPrediction.distances)).toEqual(new Set([Number.POSITIVE_INFINITY]));
      expect(predictionToReference.distances).toHaveLength(0);
      expect(surfaceDistances(none, one, options).empty).toBe("reference");
    }
  });

  it("refuses what makes no sense", () => {
    const code = (expected: string) => expect.objectContaining({ code: expected });
    const run = (options: object, reference = [1, 0]) =>
      surfaceDistances(reference, [0, 1], { shape: [2], ...options } as SurfaceOptions);
    expect(() => run({ border: "surfel" })).toThrow("did you mean surfels?");
    expect(() => run({ metric: "manhattan" })).toThrow(code("OPTION"));
    expect(() => run({ label: 0.5 })).toThrow(code("OPTION"));
    expect(() => run({ spacing: [0] })).toThrow(code("OPTION"));
    expect(() => run({ spacing: [1, 1] })).toThrow(code("OPTION"));
    expect(() => run({ spacing: [1e-60] })).toThrow("another unit of length");
    expect(() => run({ spacing: [Number.NaN] })).toThrow(code("OPTION"));
    expect(() => run({ shape: [2, 1, 1, 1] })).toThrow(code("SHAPE"));
    expect(() => run({ shape: [3] })).toThrow(code("ARRAY"));
    expect(() => run({}, [1])).toThrow(code("ARRAY"));
    expect(() => run({}, [1, Number.NaN])).toThrow("NaN at voxel 1");
  });
});
