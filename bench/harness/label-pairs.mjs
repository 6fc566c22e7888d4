// Pairs of label maps that metrics are measured on: organ-like shapes with predictions as a good network makes them, and random voxels.

import { uniform } from "./random.mjs";

const SEED = 20240611;

/**
 * A shape: all points whose distance from the centre, in units of the radii, is at most 1 plus some waves of the direction.
 *
 * @typedef {{ centre: number[], radii: number[], waves: { along: number[], phase: number, height: number }[] }} Shape
 */

/** Five waves of 4 to 8 % each: lobes and dents, but one piece. */
const makeWaves = (random) =>
  Array.from({ length: 5 }, () => ({
    along: [0, 1, 2].map(() => 8 * random() - 4),
    phase: 2 * Math.PI * random(),
    height: 0.04 + 0.04 * random(),
  }));

/** The shape as a network might find it: up to 2 voxels beside, up to 4 % larger or smaller, its waves higher or flatter. */
const predicted = ({ centre, radii, waves }, random) => ({
  centre: centre.map((place) => place + 4 * random() - 2),
  radii: radii.map((radius) => radius * (0.96 + 0.08 * random())),
  waves: waves.map((wave) => ({ ...wave, height: wave.height * (0.7 + 0.6 * random()) })),
});

/** @param {Shape} shape in voxels */
function draw(map, space, { centre, radii, waves }, label) {
  const reach = 1 + waves.reduce((sum, { height }) => sum + height, 0);
  const [from, to] = [-1, 1].map((side) => centre.map((place, axis) => place + side * reach * radii[axis]));
  const first = from.map((end) => Math.max(0, Math.ceil(end)));
  const last = to.map((end, axis) => Math.min(space[axis] - 1, Math.floor(end)));
  for (let z = first[0]; z <= last[0]; z++) {
    for (let y = first[1]; y <= last[1]; y++) {
      for (let x = first[2]; x <= last[2]; x++) {
        const away = [z, y, x].map((place, axis) => (place - centre[axis]) / radii[axis]);
        const distance = Math.hypot(...away);
        if (distance > reach) continue;
        const border = waves.reduce((sum, { along, phase, height }) => {
          const angle = along.reduce((dot, wave, axis) => dot + wave * (away[axis] / (distance || 1)), phase);
          return sum + height * Math.sin(angle);
        }, 1);
        if (distance <= border) map[(z * space[1] + y) * space[2] + x] = label;
      }
    }
  }
}

/** A pair of label maps with one shape for each label from 1; centres and radii are shares of the extents. */
function shapePair(space, shapes, random) {
  const maps = [0, 1].map(() => new Uint8Array(space.reduce((product, extent) => product * extent, 1)));
  for (const [index, { centre, radii }] of shapes.entries()) {
    const shape = {
      centre: centre.map((share, axis) => share * space[axis]),
      radii: radii.map((share, axis) => share * space[axis]),
      waves: makeWaves(random),
    };
    draw(maps[0], space, shape, index + 1);
    draw(maps[1], space, predicted(shape, random), index + 1);
  }
  return maps;
}

/** Many pairs of 64³ one after another. */
function manyPairs(count, makePair) {
  const random = uniform(SEED);
  const space = [64, 64, 64];
  const voxels = 64 ** 3;
  const [reference, prediction] = [0, 1].map(() => new Uint8Array(count * voxels));
  const spacings = new Float64Array(3 * count);
  for (let pair = 0; pair < count; pair++) {
    const maps = makePair(space, random);
    reference.set(maps[0], pair * voxels);
    prediction.set(maps[1], pair * voxels);
    for (let axis = 0; axis < 3; axis++) spacings[3 * pair + axis] = 0.5 + 2.5 * random();
  }
  return { space, classes: 2, reference, prediction, spacings };
}

const somewhere = (random, from, to) => [0, 1, 2].map(() => from + (to - from) * random());

/** Pairs by name: space, number of labels, both maps, and z, y, x of the spacing of each pair. */
export const LABEL_PAIRS = {
  /** One large organ, two smaller ones side by side, and a thin one; 7 % of the voxels are foreground. */
  organs: () => {
    const shapes = [
      { centre: [0.5, 0.35, 0.5], radii: [0.25, 0.2, 0.22] },
      { centre: [0.5, 0.75, 0.3], radii: [0.12, 0.1, 0.1] },
      { centre: [0.5, 0.75, 0.75], radii: [0.12, 0.1, 0.1] },
      { centre: [0.25, 0.6, 0.5], radii: [0.1, 0.05, 0.08] },
    ];
    const space = [256, 256, 256];
    const [reference, prediction] = shapePair(space, shapes, uniform(SEED));
    return { space, classes: 5, reference, prediction, spacings: Float64Array.of(2.5, 0.8, 0.8) };
  },
  /** One organ such as a liver, some 150 voxels across. */
  organ: () => {
    const space = [256, 256, 256];
    const [reference, prediction] = shapePair(
      space,
      [{ centre: [0.5, 0.5, 0.5], radii: [0.3, 0.25, 0.28] }],
      uniform(SEED),
    );
    return { space, classes: 2, reference, prediction, spacings: Float64Array.of(2.5, 0.8, 0.8) };
  },
  /** 5 to 30 % of the extent in radius, anywhere. */
  shapes64: (count) =>
    manyPairs(count, (space, random) =>
      shapePair(space, [{ centre: somewhere(random, 0.3, 0.7), radii: somewhere(random, 0.05, 0.3) }], random),
    ),
  /** Voxels drawn apart from one another, three in ten foreground: nearly every one is surface, and nothing can be skipped. */
  noise64: (count) =>
    manyPairs(count, (space, random) =>
      [0, 1].map(() => Uint8Array.from({ length: space.reduce((a, b) => a * b, 1) }, () => (random() < 0.3 ? 1 : 0))),
    ),
};
