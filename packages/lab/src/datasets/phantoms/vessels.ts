// Retinal vessels: a dark branching tree on an unevenly lit fundus, thin branches near the noise.

import { type CaseRandomness, type Percentiles, valueAtRank } from "./case-randomness.js";
import { FRAME_GREY, fundus } from "./fundus.js";
import type { Phantom, PhantomDials } from "./presets.js";
import { toGrey } from "./smooth-noise.js";
import { growTree, shadeBranch, stampBranch } from "./vessel-tree.js";

/**
 * chase-db1 at half size is 499 x 480. Phantoms are 256 x 256 with the vessels as wide in pixels as there, so that
 * fractions and widths are those of the real set and lengths and counts scale with the area (factor 0.274).
 */
const SIZE = 256;

/** chase-db1: the field of view covers 69 % of the image. */
const FIELD = { x: 127.5, y: 127.5, radius: Math.sqrt((0.69 * SIZE * SIZE) / Math.PI) };

/** chase-db1: fraction of the field that is vessel, 24 images. */
const FRACTION_INSIDE_FIELD: Percentiles = [
  [0, 0.081],
  [0.05, 0.0825],
  [0.25, 0.1],
  [0.5, 0.116],
  [0.75, 0.1205],
  [0.95, 0.1266],
  [1, 0.1346],
];

/** chase-db1: relative contrast -11 to -16 % for vessels of 1 to 2 px, -20 % for mid ones, -26 to -32 % for wide ones. */
const contrastOfWidth = (width: number) => Math.min(0.33, 0.155 + 0.04 * (width - 1));

/**
 * chase-db1: 29 to 56 % of the skeleton of every image is 1 px wide, 14 % of all 5 px and more, and an image has 1 to 4
 * components. On a quarter of that area the stems alone would cover all that vessels may cover in many phantoms, so that
 * they give way earlier; all three numbers were set by these figures and the length of the skeleton.
 */
const TREE = { widthScale: 1.08, stemShare: 0.68, looseShare: 0.1 };

/** chase-db1: noise sd 2 grey levels at a mean of 59. */
const NOISE = 2;

export function vesselsPhantom(source: CaseRandomness, dials: PhantomDials): Phantom {
  const random = source.stream("vessels");
  const side = random.chance(0.5) ? 1 : -1;
  const disc = {
    x: FIELD.x + side * FIELD.radius * random.between(0.1, 0.35),
    y: FIELD.y + FIELD.radius * random.normal(0, 0.07),
    // chase-db1: the disc's radius is about 0.17 of the field's.
    radius: FIELD.radius * random.between(0.15, 0.19),
  };
  const { light, field } = fundus(source, { size: SIZE, field: FIELD, disc, unevenness: 1 }, source.rank(1));
  const fieldArea = field.reduce((sum, inside) => sum + inside, 0);
  const fraction = Math.min(0.5, valueAtRank(FRACTION_INSIDE_FIELD, source.rank(0)) * dials.foregroundScale);
  const area = fraction * fieldArea;
  const widthScale = TREE.widthScale * dials.sizeScale;
  const branches = growTree(random, { ...TREE, size: SIZE, field: FIELD, disc, area, widthScale });

  const annotator = source.stream("labels");
  const labels = new Uint8Array(SIZE * SIZE);
  const depth = new Float32Array(SIZE * SIZE);
  for (const branch of branches) {
    shadeBranch(depth, SIZE, branch, contrastOfWidth);
    const missed = annotator.chance(dials.missedFraction);
    const shift = annotator.between(-1, 1) * dials.borderShift;
    if (!missed) stampBranch(labels, SIZE, branch, shift);
  }
  const camera = source.stream("noise");
  const image = new Uint8Array(SIZE * SIZE);
  for (let i = 0; i < image.length; i++) {
    const noise = camera.normal(0, NOISE * dials.noise);
    if (!field[i]) {
      labels[i] = 0;
      image[i] = toGrey(FRAME_GREY + 0.2 * noise);
    } else image[i] = toGrey(light[i] * (1 - Math.min(0.9, depth[i] * dials.contrast)) + noise);
  }
  return { image, labels, shape: [SIZE, SIZE], spacing: [1, 1], regionOfInterest: field };
}
