// Branching vessels: stems from the optic disc, divided by Murray's law until they fill a given part of the field.

import type { Random } from "../../random-stream.js";
import type { Circle } from "./fundus.js";
import { inCircle } from "./fundus.js";
import { softStep } from "./smooth-noise.js";

/** One vessel from its origin to its end: x, y and width (pixels) at every step. */
export interface Branch {
  readonly points: readonly (readonly [number, number, number])[];
}

interface Bud {
  readonly x: number;
  readonly y: number;
  readonly angle: number;
  readonly width: number;
  /** Steps it may grow; thin vessels are short. */
  readonly steps: number;
  /** Steps at its origin that cannot be seen, so that it hangs free. */
  readonly gap?: number;
}

export interface TreeOptions {
  readonly size: number;
  readonly field: Circle;
  readonly disc: Circle;
  /** Pixels of the field that vessels shall cover. */
  readonly area: number;
  /** Factor on every width. */
  readonly widthScale: number;
  /** Part of `area` after which stems and their divisions give way to the vessels that fill empty places. */
  readonly stemShare: number;
  /** Part of those filling vessels whose origin cannot be seen, so that they hang free of the tree. */
  readonly looseShare: number;
}

/** Pixels per step along a vessel. */
const STEP = 1;

/** chase-db1: 4 main stems, width 6 to 1 px; the stem widths here also give the median skeleton width of 3 px. */
const STEM_WIDTH = { low: 4.2, high: 6.4 };
const THINNEST = 1;
/** chase-db1: 41 % of the skeleton is 1 px wide, the median 3 px: the vessels that fill empty parts are of two kinds. */
const FILLING = { thinShare: 0.55, thin: [1, 1.6], mid: [3.2, 4.6] } as const;
/** A vessel narrows by this factor per step even where it does not divide (assumed). */
const TAPER = 0.9994;
/** Shorter pieces, in steps, are not drawn (assumed). */
const SHORTEST = 12;

/** Mean distance between two divisions of a vessel in pixels (assumed, set so that the median skeleton width is 3 px). */
const DIVISION_DISTANCE = 50;

/** Slow random curvature: radians per step, and how long it persists (assumed, by eye against chase-db1). */
const CURVATURE = { sd: 0.01, persistence: 0.92 };

/** Share of a daughter in its parent's width, the rest by Murray's law r0^3 = r1^3 + r2^3. */
const DAUGHTER = { low: 0.5, high: 0.78 };

/** Marks the pixels of one vessel: all at most half a width from the line, and the line itself. Returns how many are new. */
export function stampBranch(mask: Uint8Array, size: number, branch: Branch, shift: number): number {
  let marked = 0;
  const mark = (at: number) => {
    marked += 1 - mask[at];
    mask[at] = 1;
  };
  for (const [x, y, width] of branch.points) {
    const half = width / 2 + shift;
    if (half <= 0) continue;
    const [cx, cy] = [Math.round(x), Math.round(y)];
    if (cx >= 0 && cy >= 0 && cx < size && cy < size) mark(cy * size + cx);
    for (let py = Math.max(0, Math.ceil(y - half)); py <= Math.min(size - 1, y + half); py++) {
      for (let px = Math.max(0, Math.ceil(x - half)); px <= Math.min(size - 1, x + half); px++) {
        if ((px - x) ** 2 + (py - y) ** 2 <= half * half) mark(py * size + px);
      }
    }
  }
  return marked;
}

/** Raises `depth` to the contrast of this vessel where its blurred profile is deeper than what is there. */
export function shadeBranch(depth: Float32Array, size: number, branch: Branch, contrast: (width: number) => number) {
  const blur = 0.75;
  for (const [x, y, width] of branch.points) {
    const half = Math.max(width / 2, 0.6);
    const reach = half + 2;
    const full = contrast(width);
    for (let py = Math.max(0, Math.ceil(y - reach)); py <= Math.min(size - 1, y + reach); py++) {
      for (let px = Math.max(0, Math.ceil(x - reach)); px <= Math.min(size - 1, x + reach); px++) {
        const value = full * softStep((half - Math.hypot(px - x, py - y)) / blur);
        if (value > depth[py * size + px]) depth[py * size + px] = value;
      }
    }
  }
}

/** Two pairs of arcades above and below the disc, and a few thin vessels straight out of it. */
function stems(random: Random, { disc, field, widthScale }: TreeOptions): Bud[] {
  const towardsCentre = Math.atan2(field.y - disc.y, field.x - disc.x);
  const arcades = [0.33, -0.33, 0.66, -0.66].map((turn) => ({
    angle: towardsCentre + Math.PI * turn + random.normal(0, 0.13),
    width: random.between(STEM_WIDTH.low, STEM_WIDTH.high),
  }));
  const small = Array.from({ length: 4 }, (_, i) => ({
    angle: towardsCentre + Math.PI * (i / 2) + random.normal(0, 0.3),
    width: random.between(3, 4.6),
  }));
  return [...arcades, ...small].map(({ angle, width }) => ({
    x: disc.x + 0.12 * disc.radius * Math.cos(angle),
    y: disc.y + 0.12 * disc.radius * Math.sin(angle),
    angle,
    width: width * widthScale,
    steps: field.radius * 2,
  }));
}

export function growTree(random: Random, options: TreeOptions): Branch[] {
  const { size, field, disc, area, widthScale, stemShare, looseShare } = options;
  const mask = new Uint8Array(size * size);
  const branches: Branch[] = [];
  const buds = stems(random, options);
  let covered = 0;

  const occupied = (x: number, y: number) => {
    const [px, py] = [Math.round(x), Math.round(y)];
    return px >= 0 && py >= 0 && px < size && py < size && mask[py * size + px] === 1;
  };
  /** How much of the way ahead is taken by other vessels or lies outside the field. */
  const crowding = (x: number, y: number, angle: number) => {
    let hits = 0;
    for (let distance = 8; distance <= 32; distance += 4) {
      for (const turn of [-0.4, 0, 0.4]) {
        const [ax, ay] = [x + distance * Math.cos(angle + turn), y + distance * Math.sin(angle + turn)];
        if (occupied(ax, ay) || !inCircle(field, ax, ay)) hits++;
      }
    }
    return hits;
  };

  const grow = (bud: Bud): void => {
    const points: [number, number, number][] = [];
    let { x, y, angle, width } = bud;
    let bend = 0;
    let sinceDivision = 0;
    for (let step = 0; step < bud.steps && inCircle(field, x, y); step++) {
      points.push([x, y, width]);
      bend = CURVATURE.persistence * bend + random.normal(0, CURVATURE.sd);
      // Vessels run outwards from the disc: pull gently towards the direction that leads away from it.
      const outwards = Math.atan2(y - disc.y, x - disc.x);
      const off = Math.atan2(Math.sin(outwards - angle), Math.cos(outwards - angle));
      angle += bend + 0.016 * off;
      x += STEP * Math.cos(angle);
      y += STEP * Math.sin(angle);
      width = Math.max(THINNEST, width * TAPER);
      sinceDivision += STEP;
      // Most vessels end where they meet another one; some cross it.
      const ahead = width / 2 + 3;
      const blocked = occupied(x + ahead * Math.cos(angle), y + ahead * Math.sin(angle));
      if (step > 10 && blocked && random.chance(0.4)) break;
      if (sinceDivision < 8 || !random.chance(STEP / DIVISION_DISTANCE)) continue;
      sinceDivision = 0;
      const daughter = Math.max(THINNEST, width * random.between(DAUGHTER.low, DAUGHTER.high));
      const turn = random.between(0.45, 1.1);
      const left = crowding(x, y, angle + turn) < crowding(x, y, angle - turn);
      const steps = daughter * random.between(12, 40) + 15;
      buds.push({ x, y, angle: angle + (left ? turn : -turn), width: daughter, steps });
      width = Math.max(THINNEST, Math.cbrt(Math.max(0, width ** 3 - daughter ** 3)));
    }
    const branch = { points: points.slice(bud.gap ?? 0) };
    if (points.length < SHORTEST || branch.points.length === 0) return;
    branches.push(branch);
    covered += stampBranch(mask, size, branch, 0);
  };

  /** A vessel off an earlier one, at the emptiest of a few places. */
  const fillingBud = (): Bud | undefined => {
    let best: Bud | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (let trial = 0; trial < 8 && branches.length > 0; trial++) {
      const { points } = branches[Math.floor(random.uniform() * branches.length)];
      const [x, y, parent] = points[Math.floor(random.uniform() * points.length)];
      const angle = random.between(0, 2 * Math.PI);
      const [low, high] = random.chance(FILLING.thinShare) ? FILLING.thin : FILLING.mid;
      const width = Math.max(THINNEST, Math.min(parent, widthScale * random.between(low, high)));
      const hits = crowding(x, y, angle);
      if (hits >= least) continue;
      least = hits;
      best = {
        x,
        y,
        angle,
        width,
        steps: random.between(20, 70),
        gap: random.chance(looseShare) ? Math.ceil(parent / 2) + 5 : 0,
      };
    }
    return best;
  };

  for (let attempt = 0; covered < area && attempt < 400; attempt++) {
    buds.sort((a, b) => b.width - a.width);
    const next = (covered < stemShare * area ? buds.shift() : undefined) ?? fillingBud();
    if (next) grow(next);
  }
  return branches;
}
