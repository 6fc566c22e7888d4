// The back of an eye without its vessels: round field of view, uneven light, optic disc and texture.

import { type CaseRandomness, type Percentiles, valueAtRank } from "./case-randomness.js";
import { smoothNoise, softStep } from "./smooth-noise.js";

export interface Circle {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}

export interface FundusGeometry {
  readonly size: number;
  readonly field: Circle;
  readonly disc: Circle;
  /** Factor on uneven light and texture; 1 is as in chase-db1. */
  readonly unevenness: number;
}

export interface Fundus {
  /** Grey level per pixel before vessels, lesions and noise; 0 outside the field. */
  readonly light: Float32Array;
  /** 1 inside the field of view. */
  readonly field: Uint8Array;
}

/** chase-db1: mean grey inside the field 59 (48 to 83). */
const MEAN_GREY: Percentiles = [
  [0, 48],
  [0.5, 59],
  [1, 83],
];

/** chase-db1: light falls by a factor 3.4 (p95 over p5) over the field, disc and slow variation included. */
const FALL_OFF = 0.75;
const SLOW_VARIATION = { sd: 0.14, scale: 70 };

/** chase-db1: texture of the background has sd 7.5 %; how it divides between scales (px) is assumed. */
const TEXTURE = [
  { sd: 0.03, scale: 2 },
  { sd: 0.045, scale: 5 },
  { sd: 0.05, scale: 14 },
];

/** chase-db1: the disc is about as bright again as what surrounds it (idrid-lesions, green: 1.31 times). */
const DISC = { gain: 0.75, glow: 0.35, blur: 2 };

/** Grey level outside the field, as in the black frame of chase-db1. */
export const FRAME_GREY = 1;

export function inCircle(circle: Circle, x: number, y: number): boolean {
  return Math.hypot(x - circle.x, y - circle.y) <= circle.radius;
}

export function fundus(source: CaseRandomness, geometry: FundusGeometry, greyRank: number): Fundus {
  const { size, field: circle, disc, unevenness } = geometry;
  const random = source.stream("fundus");
  const shape = [size, size];
  const slow = smoothNoise(random, shape, SLOW_VARIATION.scale);
  const textures = TEXTURE.map(({ scale }) => smoothNoise(random, shape, scale));
  // The lamp's centre lies between the disc and the middle of the field.
  const lamp = {
    x: circle.x + random.between(0.1, 0.7) * (disc.x - circle.x),
    y: circle.y + random.normal(0, 0.12) * circle.radius,
  };
  const fovea = { x: circle.x - 0.6 * (disc.x - circle.x), y: disc.y + random.normal(0, 0.06) * circle.radius };
  const light = new Float32Array(size * size);
  const field = new Uint8Array(size * size);
  let total = 0;
  let count = 0;
  for (let i = 0; i < light.length; i++) {
    const [x, y] = [i % size, Math.floor(i / size)];
    if (!inCircle(circle, x, y)) continue;
    const fromLamp = ((x - lamp.x) ** 2 + (y - lamp.y) ** 2) / circle.radius ** 2;
    const fromFovea = ((x - fovea.x) ** 2 + (y - fovea.y) ** 2) / (0.16 * circle.radius) ** 2;
    const fromDisc = Math.hypot(x - disc.x, y - disc.y) / disc.radius;
    // Five disc radii away nothing of its glow is left.
    const bright =
      fromDisc > 5
        ? 0
        : DISC.gain * softStep(((1 - fromDisc) * disc.radius) / DISC.blur) +
          DISC.glow * Math.exp(-Math.max(0, fromDisc - 1) * 1.6);
    let value = Math.exp(unevenness * (SLOW_VARIATION.sd * slow[i] - FALL_OFF * fromLamp)) * (1 + bright);
    value *= 1 - 0.18 * Math.exp(-fromFovea);
    for (let k = 0; k < textures.length; k++) value *= 1 + unevenness * TEXTURE[k].sd * textures[k][i];
    light[i] = value;
    field[i] = 1;
    total += value;
    count++;
  }
  const gain = (valueAtRank(MEAN_GREY, greyRank) * count) / total;
  for (let i = 0; i < light.length; i++) light[i] *= gain;
  return { light, field };
}
