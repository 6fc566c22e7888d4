// The routines that look at a voxel's neighbours, as convolutions and maxima over the grid of each image and class, with their products.

import { LosskitError } from "../errors.js";
import { gaussianKernel } from "../routines/neighbour-mean.js";
import { type Builder, createOperators, type Tensor } from "./onnx-builder.js";
import type { Extents } from "./onnx-extents.js";
import type { Scalars } from "./onnx-scalars.js";

/** A routine on grids, [grids, 1, ...space]; its scalar arguments are written into the model. */
export interface GridOperators {
  value(values: Tensor, scalars: readonly number[]): Tensor;
  /** Vector-Jacobian product; absent where there is none. */
  readonly gradient?: (values: Tensor, scalars: readonly number[], cotangent: Tensor) => Tensor;
}

/** Every step of an iterated routine is a node of its own, and a model of many thousands loads slowly. */
const MOST_ITERATIONS = 100;
/** Longest Gaussian to either side, in voxels. */
const FARTHEST = 1000;

/** First axis of space in a grid. */
const SPACE = 2;

export function gridRoutines(
  builder: Builder,
  { asFloat, half, zero, one }: Scalars,
  { axes, space }: Extents,
  spacing: () => readonly Tensor[],
): Readonly<Record<string, GridOperators>> {
  const on = createOperators(builder);
  const each = Array.from({ length: axes }, (_, axis) => axis);
  const ofSpace = each.map((axis) => SPACE + axis);
  const ints = (values: readonly number[]) => ({ ints: values });
  const inMask = (a: Tensor) => on.greater(a, half);

  /** Σ over the kernel's places of weight × value there, with zeros beyond the edge; one result for each kernel. */
  function convolve(a: Tensor, kernels: readonly (readonly number[])[], extents: readonly number[]): Tensor {
    return convolveAll(a, kernels.flat(), [kernels.length, 1, ...extents]);
  }
  function convolveAll(a: Tensor, weights: readonly number[], dims: readonly number[]): Tensor {
    const reach = dims.slice(2).map((extent) => (extent - 1) / 2);
    const kernel = builder.constant("float32", dims, weights);
    return builder.node("Conv", [a, kernel], { pads: ints([...reach, ...reach]) });
  }
  /** The extents of a kernel that is longer along one axis, or along all. */
  const along = (axis: number, extent: number) => each.map((other) => (other === axis ? extent : 1));
  const box = each.map(() => 3);

  /** Places of the box of 3 voxels along each axis, as steps from its centre. */
  const places = Array.from({ length: 3 ** axes }, (_, at) =>
    each.map((axis) => (Math.floor(at / 3 ** (axes - 1 - axis)) % 3) - 1),
  );
  const isCross = (steps: readonly number[]) => steps.reduce((sum, step) => sum + Math.abs(step), 0) <= 1;
  const crossKernel = places.map((steps) => Number(isCross(steps)));
  const crossSize = 2 * axes + 1;
  const crossSum = (a: Tensor) => convolve(a, [crossKernel], box);
  const crossMean = (a: Tensor) => on.div(crossSum(a), builder.number(crossSize));

  /** Maximum over a box; beyond the edge there is nothing. */
  const maximum = (a: Tensor, extents: readonly number[]) => {
    const reach = extents.map((extent) => (extent - 1) / 2);
    return builder.node("MaxPool", [a], { kernel_shape: ints(extents), pads: ints([...reach, ...reach]) });
  };
  const crossMinimum = (a: Tensor) => on.neg(each.map((axis) => maximum(on.neg(a), along(axis, 3))).reduce(on.max));

  /** The next voxel along an axis; at the far edge the voxel itself. */
  const next = (a: Tensor, axis: number) =>
    on.concat([on.slice(a, 1, Number.MAX_SAFE_INTEGER, axis), on.slice(a, -1, Number.MAX_SAFE_INTEGER, axis)], axis);
  /** The previous voxel along an axis; before the first one 0. */
  const previous = (a: Tensor, axis: number) =>
    on.concat([on.mul(zero, on.slice(a, 0, 1, axis)), on.slice(a, 0, -1, axis)], axis);

  /** Sums over the axes of a function of the forward difference, and its product from that function's slope. */
  function differences(length: (slope: Tensor) => Tensor, derivative: (slope: Tensor) => Tensor): GridOperators {
    const slope = (a: Tensor, axis: number) => on.div(on.sub(next(a, SPACE + axis), a), spacing()[axis]);
    return {
      value: (a) => each.map((axis) => length(slope(a, axis))).reduce(on.add),
      gradient: (a, _, cotangent) =>
        each
          .map((axis) => {
            const share = on.div(on.mul(cotangent, derivative(slope(a, axis))), spacing()[axis]);
            return on.sub(previous(share, SPACE + axis), share);
          })
          .reduce(on.add),
    };
  }

  /** A routine that is its own vector-Jacobian product. */
  const symmetric = (f: (a: Tensor, scalars: readonly number[]) => Tensor): GridOperators => ({
    value: f,
    gradient: (_, scalars, cotangent) => f(cotangent, scalars),
  });

  function gaussianMean(a: Tensor, [sigma]: readonly number[]): Tensor {
    const oneSide = gaussianKernel(sigma, FARTHEST + 2);
    if (oneSide.length > FARTHEST + 1) {
      throw tooMany("gaussian_mean", `the sigma ${sigma}`, `one whose kernel ends within ${FARTHEST} voxels`);
    }
    const kernel = [...oneSide.slice(1).reverse(), ...oneSide];
    return each.reduce((sums, axis) => convolve(sums, [kernel], along(axis, kernel.length)), a);
  }

  /** Adds the cotangent of each extreme to the voxels of its neighbourhood that attain it, in equal shares. */
  function shareAmongExtremes(
    values: Tensor,
    extremes: Tensor,
    cotangent: Tensor,
    hood: readonly (readonly number[])[],
  ) {
    // One channel for each neighbour: a kernel that is 1 at its place brings its value.
    const kernels = hood.map((steps) => places.map((place) => Number(place.every((step, i) => step === steps[i]))));
    const neighbours = convolve(values, kernels, box);
    const inside = convolve(on.expand(one, on.concat([builder.integers(1, 1), space], 0)), kernels, box);
    const attaining = asFloat(on.and(on.equal(neighbours, extremes), on.greater(inside, half)));
    const shares = on.mul(attaining, on.div(cotangent, on.sum(attaining, [1])));
    // And back: what a voxel gave its neighbour to the right, the neighbour finds to its left.
    return convolveAll(
      shares,
      kernels.flatMap((kernel) => [...kernel].reverse()),
      [1, hood.length, ...box],
    );
  }
  const cross = places.filter(isCross);

  const softSkeleton: GridOperators = {
    value(a, [iterations]) {
      return skeletonSteps(a, iterations).reduce((skeleton: Tensor | undefined, { removed }) => {
        return skeleton ? on.add(skeleton, added(removed, skeleton)) : removed;
      }, undefined) as Tensor;
    },
    gradient(a, [iterations], cotangent) {
      const steps = skeletonSteps(a, iterations);
      const skeletons: Tensor[] = [on.mul(zero, a)];
      for (const { removed } of steps)
        skeletons.push(on.add(skeletons.at(-1) as Tensor, added(removed, skeletons.at(-1) as Tensor)));
      let toSkeleton = cotangent;
      let toEroded: Tensor | undefined;
      for (let i = steps.length - 1; i >= 0; i--) {
        const { image, eroded, opening, removed } = steps[i];
        const skeleton = skeletons[i];
        const grows = on.greater(added(removed, skeleton), zero);
        const toRemoved = on.where(grows, on.mul(toSkeleton, on.sub(one, skeleton)), zero);
        toSkeleton = on.where(grows, on.sub(toSkeleton, on.mul(toSkeleton, removed)), toSkeleton);
        const throughOpening = on.neg(shareAmongExtremes(eroded, opening, toRemoved, places));
        toEroded = toEroded ? on.add(toEroded, throughOpening) : throughOpening;
        toEroded = on.add(toRemoved, shareAmongExtremes(image, eroded, toEroded, cross));
      }
      return toEroded as Tensor;
    },
  };

  const added = (removed: Tensor, skeleton: Tensor) => on.max(on.sub(removed, on.mul(skeleton, removed)), zero);

  /** What each opening of the ever more eroded image removes. */
  function skeletonSteps(a: Tensor, iterations: number) {
    checkIterations("soft_skeleton", iterations);
    const steps: { image: Tensor; eroded: Tensor; opening: Tensor; removed: Tensor }[] = [];
    for (let image = a; steps.length <= iterations; image = (steps.at(-1) as { eroded: Tensor }).eroded) {
      const eroded = crossMinimum(image);
      const opening = maximum(eroded, box);
      steps.push({ image, eroded, opening, removed: on.max(on.sub(image, opening), zero) });
    }
    return steps;
  }

  const erodeSoftly = (a: Tensor) => on.max(on.sub(crossMean(a), half), zero);

  /** The values from 0 to 1; equal values stay as they are. */
  function normalised(a: Tensor): { image: Tensor; range: Tensor; varies: Tensor } {
    const smallest = on.smallest(a, ofSpace);
    const range = on.sub(on.largest(a, ofSpace), smallest);
    const varies = on.greater(range, zero);
    const safe = on.where(varies, range, one);
    return { image: on.where(varies, on.div(on.sub(a, smallest), safe), a), range: safe, varies };
  }

  function erosionSteps(a: Tensor, iterations: number) {
    checkIterations("soft_erosions", iterations);
    const steps: { eroded: Tensor; image: Tensor; range: Tensor; varies: Tensor }[] = [];
    for (let image = a; steps.length < iterations; image = (steps.at(-1) as { image: Tensor }).image) {
      const eroded = erodeSoftly(image);
      steps.push({ eroded, ...normalised(eroded) });
    }
    return steps;
  }

  /** 1 at the first voxel of a grid that has its largest value. */
  function firstLargest(a: Tensor): Tensor {
    const flat = on.reshape(a, builder.integers(0, 1, -1));
    const place = builder.node("ArgMax", [flat], { axis: { int: SPACE }, keepdims: { int: 1 } });
    return on.reshape(asFloat(on.equal(on.range(on.element(on.shape(flat), SPACE)), place)), on.shape(a));
  }

  const softErosions: GridOperators = {
    value(a, [iterations, exponent]) {
      return erosionSteps(a, iterations)
        .map(({ image }, i) => on.mul(builder.number((i + 1) ** exponent), image))
        .reduce(on.add, on.mul(zero, a));
    },
    gradient(a, [iterations, exponent], cotangent) {
      const steps = erosionSteps(a, iterations);
      let toImage = on.mul(zero, a);
      for (let i = steps.length - 1; i >= 0; i--) {
        const { eroded, image, range, varies } = steps[i];
        toImage = on.add(toImage, on.mul(builder.number((i + 1) ** exponent), cotangent));
        // The slopes of (e - smallest) / range along the smallest and the largest value, as in routines/soft-erosions.ts.
        const own = on.div(toImage, range);
        const toSmallest = on.sum(on.mul(own, on.sub(image, one)), ofSpace);
        const toLargest = on.neg(on.sum(on.mul(own, image), ofSpace));
        const moved = on.add(on.mul(toSmallest, firstLargest(on.neg(eroded))), on.mul(toLargest, firstLargest(eroded)));
        const through = on.where(varies, on.add(own, moved), toImage);
        toImage = crossMean(on.where(on.greater(eroded, zero), through, zero));
      }
      return toImage;
    },
  };

  return {
    border: {
      value(mask) {
        const inside = asFloat(inMask(mask));
        return asFloat(on.and(inMask(mask), on.less(crossSum(inside), builder.number(crossSize))));
      },
    },
    dilation: {
      value(mask, [iterations]) {
        checkIterations("dilation", iterations);
        let grown = asFloat(inMask(mask));
        for (let i = 0; i < iterations; i++) grown = asFloat(on.greater(crossSum(grown), half));
        return grown;
      },
    },
    neighbour_mean: symmetric((a) => convolve(a, [places.map(() => 1 / 3 ** axes)], box)),
    gaussian_mean: symmetric(gaussianMean),
    squared_gradient: differences(
      (slope) => on.mul(slope, slope),
      (slope) => on.add(slope, slope),
    ),
    absolute_gradient: differences(on.abs, on.sign),
    soft_skeleton: softSkeleton,
    soft_erosions: softErosions,
  };
}

function checkIterations(routine: string, iterations: number): void {
  if (iterations > MOST_ITERATIONS) {
    throw tooMany(routine, `${iterations} iterations`, `at most ${MOST_ITERATIONS}, as every one is nodes of its own`);
  }
}

const tooMany = (routine: string, given: string, allowed: string) =>
  new LosskitError("UNSUPPORTED", `${routine} got ${given}; a model takes ${allowed}`);
