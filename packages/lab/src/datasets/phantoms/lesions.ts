// Hard exudates on a fundus: clustered bright specks of a few pixels among bright things that are none.

import type { Random } from "../../random-stream.js";
import { type CaseRandomness, type Percentiles, valueAtRank } from "./case-randomness.js";
import { type Circle, FRAME_GREY, fundus, inCircle } from "./fundus.js";
import type { Phantom, PhantomDials } from "./presets.js";
import { smoothNoise, toGrey } from "./smooth-noise.js";
import { growTree, shadeBranch } from "./vessel-tree.js";

/** idrid-lesions is 714 x 474; phantoms are 256 x 256, lesions as large in pixels as there, counts scaled by the area. */
const SIZE = 256;
const AREA_FACTOR = (SIZE * SIZE) / (714 * 474);

/** idrid-lesions: hard exudates per image, 16 images. */
const LESIONS_PER_IMAGE: Percentiles = [
  [0, 9],
  [0.05, 19],
  [0.25, 64],
  [0.5, 167],
  [0.75, 256],
  [0.95, 384],
  [1, 410],
];

/**
 * idrid-lesions, 2843 hard exudates: area, px. The last two are assumed: they make up for plaques of up to 10,930 px,
 * which one image of 16 has, so that the median foreground fraction is the measured one.
 */
const AREA: Percentiles = [
  [0, 1],
  [0.05, 1],
  [0.25, 4],
  [0.5, 8],
  [0.75, 21.5],
  [0.95, 85],
  [0.99, 220],
  [1, 600],
];

/** idrid-lesions: exudates cluster (Clark-Evans 0.57): a Thomas process, some small lesions on their own. */
const CLUSTER = { parents: [2, 5], spread: [10, 20], alone: 0.15, largestAlone: 40 } as const;

/** idrid-lesions: green ratio to the ring 1.33 pixel by pixel, spread between lesions assumed. */
const BRIGHTNESS = { gain: 0.39, spread: 0.25 };

/** idrid-lesions: the field is wider than the image, only the corners are dark. */
const FIELD: Circle = { x: 127.5, y: 127.5, radius: 141 };

/** idrid-lesions: optic disc 0.018 of the image. */
const DISC_RADIUS = Math.sqrt((0.018 * SIZE * SIZE) / Math.PI);

/** Part of the image under vessels, and their contrast: about half of chase-db1's, whose vessels are traced finer. */
const VESSELS = { area: 0.05, contrast: 0.17, tree: { widthScale: 0.9, stemShare: 1, looseShare: 0.3 } };

/** idrid-lesions: hard exudates stand out by 2 sd of their ring, so light and texture are more even than in chase-db1. */
const UNEVENNESS = 0.7;

/** Noise sd 2 grey levels, as in chase-db1; images 1.5 times as bright, as the green channel of idrid-lesions is. */
const NOISE = 2;
const EXPOSURE = 1.5;

interface Lesion {
  readonly x: number;
  readonly y: number;
  /** Pixels in the order in which a growing lesion takes them. */
  readonly order: readonly number[];
  readonly area: number;
  readonly gain: number;
}

/** The pixels around a point by their distance in a wobbling ellipse: the first n of them are a lesion of n pixels. */
function growthOrder(random: Random, x: number, y: number, area: number): number[] {
  const aspect = Math.exp(random.normal(0, 0.3));
  const angle = random.between(0, Math.PI);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const wobbles = [2, 3, 5].map((lobes) => ({
    lobes,
    size: random.normal(0, 0.22 / lobes),
    phase: random.between(0, 6.3),
  }));
  const reach = Math.ceil(2 * Math.sqrt(area / Math.PI)) + 4;
  const ranked: { at: number; rank: number }[] = [];
  for (let py = Math.max(0, Math.floor(y) - reach); py <= Math.min(SIZE - 1, y + reach); py++) {
    for (let px = Math.max(0, Math.floor(x) - reach); px <= Math.min(SIZE - 1, x + reach); px++) {
      const u = ((px - x) * cos + (py - y) * sin) / aspect;
      const v = ((py - y) * cos - (px - x) * sin) * aspect;
      const theta = Math.atan2(v, u);
      const rim = wobbles.reduce((sum, { lobes, size, phase }) => sum + size * Math.cos(lobes * theta + phase), 1);
      ranked.push({ at: py * SIZE + px, rank: Math.hypot(u, v) / Math.max(0.5, rim) });
    }
  }
  return ranked.sort((a, b) => a.rank - b.rank).map(({ at }) => at);
}

/** Pixels of each lesion. Their ranks are spread evenly (the golden ratio's sequence), so that one image is like another. */
function drawAreas(random: Random, count: number, sizeScale: number): number[] {
  const start = random.uniform();
  const rank = (i: number) => (start + i * ((Math.sqrt(5) - 1) / 2)) % 1;
  return Array.from({ length: count }, (_, i) => {
    const area = Math.round(valueAtRank(AREA, rank(i)) * sizeScale);
    return Math.min(4000, Math.max(1, area));
  });
}

/** Places lesions in clusters; where one would touch an earlier one another place is tried, so that few merge. */
function placeLesions(random: Random, count: number, disc: Circle, sizeScale: number): Lesion[] {
  const taken = new Uint8Array(SIZE * SIZE);
  const parents = Array.from({ length: Math.round(random.between(...CLUSTER.parents)) }, () => ({
    x: FIELD.x + random.between(-0.62, 0.62) * FIELD.radius,
    y: FIELD.y + random.between(-0.62, 0.62) * FIELD.radius,
    spread: random.between(...CLUSTER.spread) * Math.sqrt(Math.max(1, sizeScale)),
  }));
  const touches = (at: number) =>
    [-SIZE - 1, -SIZE, -SIZE + 1, -1, 0, 1, SIZE - 1, SIZE, SIZE + 1].some((step) => taken[at + step] === 1);
  const lesions: Lesion[] = [];
  for (const area of drawAreas(random, count, sizeScale)) {
    const gain = BRIGHTNESS.gain * Math.exp(random.normal(0, BRIGHTNESS.spread));
    const alone = random.chance(CLUSTER.alone) && area <= CLUSTER.largestAlone * sizeScale;
    for (let attempt = 0; attempt < 25; attempt++) {
      const parent = parents[Math.floor(random.uniform() * parents.length)];
      const widened = parent.spread * (1 + attempt / 12);
      const x = alone ? random.between(4, SIZE - 4) : random.normal(parent.x, widened);
      const y = alone ? random.between(4, SIZE - 4) : random.normal(parent.y, widened);
      const inside = x > 2 && y > 2 && x < SIZE - 3 && y < SIZE - 3 && inCircle({ ...FIELD, radius: 135 }, x, y);
      if (!inside || inCircle({ ...disc, radius: disc.radius * 1.6 }, x, y)) continue;
      if (touches(Math.round(y) * SIZE + Math.round(x))) continue;
      const order = growthOrder(random, x, y, area);
      if (order.slice(0, area).some(touches)) continue;
      for (const at of order.slice(0, area)) taken[at] = 1;
      lesions.push({ x, y, order, area, gain });
      break;
    }
  }
  return lesions;
}

/** Bright things an annotator leaves out: blurred drusen and cotton wool, sharp reflexes, streaks along nerve fibres. */
function addDistractors(glow: Float32Array, random: Random): void {
  const add = (x: number, y: number, sigmaAlong: number, sigmaAcross: number, angle: number, gain: number) => {
    const reach = 3 * Math.max(sigmaAlong, sigmaAcross);
    for (let py = Math.max(0, Math.floor(y - reach)); py <= Math.min(SIZE - 1, y + reach); py++) {
      for (let px = Math.max(0, Math.floor(x - reach)); px <= Math.min(SIZE - 1, x + reach); px++) {
        const u = ((px - x) * Math.cos(angle) + (py - y) * Math.sin(angle)) / sigmaAlong;
        const v = ((py - y) * Math.cos(angle) - (px - x) * Math.sin(angle)) / sigmaAcross;
        glow[py * SIZE + px] += gain * Math.exp(-(u * u + v * v) / 2);
      }
    }
  };
  const place = () => random.between(12, SIZE - 12);
  const several = (low: number, high: number) => Math.floor(random.between(low, high + 1));
  for (let i = several(4, 12); i > 0; i--) {
    const sigma = random.between(1.8, 4.5);
    add(place(), place(), sigma, sigma * random.between(0.7, 1), random.between(0, 3.1), random.between(0.15, 0.42));
  }
  // idrid-lesions: soft exudates have a green ratio of 1.21 and about 250 px; in 6 of 16 images.
  if (random.chance(0.4))
    add(place(), place(), random.between(6, 9), random.between(4, 6), random.between(0, 3.1), 0.3);
  for (let i = several(3, 9); i > 0; i--) add(place(), place(), 0.7, 0.7, 0, random.between(0.3, 0.7));
  for (let i = several(1, 4); i > 0; i--) {
    add(
      place(),
      place(),
      random.between(6, 16),
      random.between(0.8, 1.6),
      random.between(0, 3.1),
      random.between(0.1, 0.25),
    );
  }
}

/** Spreads each lesion by the camera's blur: the kernel 1 6 1 (of 8) along both axes, a sigma of half a pixel. */
function blurred(map: Float32Array): Float32Array {
  const along = (values: Float32Array, step: number) =>
    values.map((value, i) => (6 * value + (values[i - step] ?? 0) + (values[i + step] ?? 0)) / 8);
  return along(along(map, 1), SIZE);
}

export function lesionsPhantom(source: CaseRandomness, dials: PhantomDials): Phantom {
  const pixels = SIZE * SIZE;
  const random = source.stream("scene");
  const side = random.chance(0.5) ? 1 : -1;
  const disc = { x: FIELD.x + side * random.between(90, 112), y: FIELD.y + random.normal(0, 12), radius: DISC_RADIUS };
  const { light, field } = fundus(source, { size: SIZE, field: FIELD, disc, unevenness: UNEVENNESS }, source.rank(1));
  const vessels = { size: SIZE, field: FIELD, disc, area: VESSELS.area * pixels, ...VESSELS.tree };
  const depth = new Float32Array(pixels);
  for (const branch of growTree(random, vessels)) shadeBranch(depth, SIZE, branch, () => VESSELS.contrast);

  const measured = valueAtRank(LESIONS_PER_IMAGE, source.rank(0)) * AREA_FACTOR;
  const count = Math.max(1, Math.round((measured * dials.foregroundScale) / dials.sizeScale));
  const labels = new Uint8Array(pixels);
  const gains = new Float32Array(pixels);
  const annotator = source.stream("labels");
  for (const { order, area, gain } of placeLesions(source.stream("lesions"), count, disc, dials.sizeScale)) {
    for (const at of order.slice(0, area)) gains[at] = gain;
    const missed = annotator.chance(dials.missedFraction);
    // The border of a disc of this area moves by `shift` pixels.
    const shift = annotator.between(-1, 1) * dials.borderShift;
    const labelled = Math.round(Math.PI * Math.max(0, Math.sqrt(area / Math.PI) + shift) ** 2);
    if (!missed) for (const at of order.slice(0, labelled)) labels[at] = 1;
  }
  const lesionGlow = blurred(gains);
  const otherGlow = new Float32Array(pixels);
  addDistractors(otherGlow, source.stream("distractors"));
  const patches = smoothNoise(source.stream("patches"), [SIZE, SIZE], 2);

  const camera = source.stream("noise");
  const image = new Uint8Array(pixels);
  for (let i = 0; i < pixels; i++) {
    const noise = camera.normal(0, NOISE * dials.noise);
    if (!field[i]) {
      labels[i] = 0; // a lesion at the rim is cut by it
      image[i] = toGrey(FRAME_GREY + 0.2 * noise);
      continue;
    }
    const glow = lesionGlow[i] * dials.contrast * (1 + 0.12 * patches[i]) + otherGlow[i];
    image[i] = toGrey(light[i] * EXPOSURE * (1 - depth[i]) * (1 + glow) + noise);
  }
  return { image, labels, shape: [SIZE, SIZE], spacing: [1, 1] };
}
