// A hippocampus in T1-weighted MR: a bent, tapered tube of grey matter in two parts that meet without an edge.

import type { Random } from "../../random-stream.js";
import { type CaseRandomness, type Percentiles, valueAtRank } from "./case-randomness.js";
import type { Phantom, PhantomDials } from "./presets.js";
import { smoothNoise, softStep, toGrey } from "./smooth-noise.js";

/** msd-hippocampus: 31..39 x 44..58 x 26..42 voxels (x, y, z; median 35 x 50 x 35), 1 mm; y grows to the front, z upwards. */
const DEPTH: Percentiles = [
  [0, 30],
  [0.5, 35],
  [1, 42],
];
const HEIGHT: Percentiles = [
  [0, 46],
  [0.5, 50.5],
  [1, 58],
];
const WIDTH: Percentiles = [
  [0, 31],
  [0.5, 35],
  [1, 39],
];

/** msd-hippocampus, 60 cases: volume of both parts, mm3. */
const VOLUME: Percentiles = [
  [0, 2535],
  [0.05, 2633],
  [0.25, 3067],
  [0.5, 3283],
  [0.75, 3602],
  [0.95, 3838],
  [1, 4029],
];

/** msd-hippocampus: share of the anterior part 0.52 (0.46 to 0.61). */
const ANTERIOR_SHARE: Percentiles = [
  [0, 0.45],
  [0.05, 0.46],
  [0.5, 0.52],
  [0.95, 0.61],
  [1, 0.62],
];

/** msd-hippocampus: bounding box 22 x 39 x 25 voxels, so 39 coronal slices; spread assumed. */
const LENGTH = { median: 39, sd: 2 };

/** Grey of each tissue, white matter 1 (assumed); with them the organ's z-score is the measured -0.53 (sd 0.45). */
const GREY = { fluid: 0.2, grey: 0.585, white: 1 };
/** msd-hippocampus: fine-scale residual 0.33 z units, texture and noise together. */
const TEXTURE = { sd: 0.085, scale: 2.5 };
const NOISE = 0.065;
/** Bias field of 10 to 20 % over the volume (assumed in the measurements too: it was not measured). */
const BIAS = { sd: 0.06, scale: 30 };
/** Surroundings: folds of fluid, grey and white matter about this many voxels wide (by eye against msd-hippocampus). */
const FOLDS = { amplitude: 0.8, scale: 5.5 };
/** Partial volume: blur of the organ's border in voxels (assumed, a voxel is 1 mm). */
const BORDER_BLUR = 0.9;

/** Cross-section of the tube in one coronal slice: an ellipse, lifted at both sides where `curl` is positive. */
interface Section {
  readonly x: number;
  readonly z: number;
  readonly halfWidth: number;
  readonly halfHeight: number;
  readonly tilt: number;
  readonly curl: number;
}

/** The tube's section in every coronal slice; null in front of the head and behind the tail. */
function layTube(random: Random, shape: readonly number[], volume: number, scale: number): (Section | null)[] {
  const [depth, height, width] = shape;
  const length = Math.min(height - 3, random.normal(LENGTH.median, LENGTH.sd) * scale);
  const back = (height - length) / 2 + random.between(-1, 1);
  const centre = { x: width / 2 + random.normal(0, 0.8), z: depth / 2 + random.normal(0, 0.8) };
  const drop = 0.36 * length * random.between(0.9, 1.15);
  const sag = random.between(2, 4) * scale;
  const sway = random.between(2, 4.5) * scale;
  const headWidth = random.between(8.5, 10.5);
  const tailWidth = random.between(4, 5.2);
  const headTurn = random.normal(0.15, 0.1);
  const sections = Array.from({ length: height }, (_, y): Section | null => {
    const t = (y - back) / length;
    if (t <= 0 || t >= 1) return null;
    // Rounded ends; the head (t near 1) is wide and thick, the tail narrow.
    const end = Math.sqrt(Math.min(1, t / 0.1, (1 - t) / 0.18));
    const head = softStep((t - 0.62) / 0.14);
    return {
      x: centre.x + sway * (Math.sin(Math.PI * t) - 0.6) + 2.5 * scale * (head - 0.4),
      z: centre.z + drop * (0.45 - t) - sag * (Math.sin(Math.PI * t) - 0.6),
      halfWidth: end * (tailWidth + (headWidth - tailWidth) * head),
      halfHeight: end * (3.4 + 1.3 * head + 1.2 * softStep((0.18 - t) / 0.06)),
      tilt: headTurn + 0.25 * (0.5 - t),
      curl: 0.02 * (1 - head),
    };
  });
  const drawn = sections.reduce((sum, s) => sum + (s ? Math.PI * s.halfWidth * s.halfHeight : 0), 0);
  const gain = Math.sqrt(volume / drawn);
  return sections.map((s) => s && { ...s, halfWidth: s.halfWidth * gain, halfHeight: s.halfHeight * gain });
}

/** First slice of the anterior part: as much of the volume lies in front of the plane as the share says. */
function dividingPlane(sections: readonly (Section | null)[], share: number): number {
  const areas = sections.map((s) => (s ? s.halfWidth * s.halfHeight : 0));
  const wanted = share * areas.reduce((sum, area) => sum + area, 0);
  let plane = areas.length;
  for (let front = 0; plane > 0 && front + areas[plane - 1] / 2 < wanted; plane--) front += areas[plane - 1];
  return plane;
}

/** Position of a voxel in a section's own axes, and its distance to the border (positive inside, in voxels). */
function locate(section: Section, z: number, x: number): { u: number; v: number; inside: number } {
  const [dx, dz] = [x - section.x, z - section.z];
  const [cos, sin] = [Math.cos(section.tilt), Math.sin(section.tilt)];
  const u = dx * cos + dz * sin;
  const v = dz * cos - dx * sin - section.curl * (u * u - section.halfWidth ** 2 / 3);
  const rho = Math.hypot(u / section.halfWidth, v / section.halfHeight);
  const inside = rho < 0.05 ? section.halfHeight : Math.hypot(u, v) * (1 / rho - 1);
  return { u, v, inside };
}

/** Which tissue surrounds the tube at this place: below -0.5 fluid, around 0 grey matter, above 0.5 white matter. */
function anatomy(u: number, v: number, section: Section): number {
  const bump = (at: number, sigma: number) => Math.exp(-((v - at) ** 2) / (2 * sigma * sigma));
  const beside = Math.exp(-((u / (1.3 * section.halfWidth)) ** 2) / 2);
  const whiteBelow = 1.4 * bump(-section.halfHeight - 2.2, 1.6) * beside;
  const fluidAbove = -2 * bump(section.halfHeight + 1, 0.9) * beside;
  const stemAbove = 1.3 * softStep((v - section.halfHeight - 6) / 2) * softStep((u + 6) / 4);
  const lobeBeside = 1.1 * softStep((-u - section.halfWidth - 6) / 3);
  return 0.14 + whiteBelow + fluidAbove + stemAbove + lobeBeside;
}

function tissueGrey(tissue: number): number {
  return (
    GREY.fluid +
    (GREY.grey - GREY.fluid) * softStep((tissue + 0.5) / 0.25) +
    (GREY.white - GREY.grey) * softStep((tissue - 0.5) / 0.25)
  );
}

export function organPhantom(source: CaseRandomness, dials: PhantomDials): Phantom {
  const random = source.stream("shape");
  // The organ's size at an unchanged fraction of the volume: the grid grows with it.
  const scale = Math.cbrt(dials.sizeScale);
  const axis = (sizes: Percentiles, rank: number) => Math.max(8, Math.round(valueAtRank(sizes, rank) * scale));
  const shape = [
    axis(DEPTH, source.rank(2)),
    axis(HEIGHT, random.between(0.1, 0.9)),
    axis(WIDTH, random.between(0.1, 0.9)),
  ];
  const [depth, height, width] = shape;
  const volume = valueAtRank(VOLUME, source.rank(0)) * dials.sizeScale * dials.foregroundScale;
  const sections = layTube(random, shape, volume, scale);
  const annotator = source.stream("labels");
  const shift = annotator.between(-1, 1) * dials.borderShift;
  const plane =
    dividingPlane(sections, valueAtRank(ANTERIOR_SHARE, source.rank(1))) +
    Math.round(annotator.between(-1, 1) * dials.borderShift);

  const tissue = source.stream("tissue");
  const folds = smoothNoise(tissue, shape, FOLDS.scale * scale);
  const texture = smoothNoise(tissue, shape, TEXTURE.scale);
  const bias = smoothNoise(tissue, shape, BIAS.scale * scale);
  const scanner = source.stream("noise");
  // White matter at 100 to 200 of 255: raw MR intensities have no fixed scale (real cases: maxima of 112 to 1,013,000).
  const exposure = scanner.between(100, 200);
  const present = Array.from(sections.keys()).filter((y) => sections[y]);
  const [tail, head] = [present[0], present[present.length - 1]];

  const image = new Uint8Array(depth * height * width);
  const labels = new Uint8Array(image.length);
  for (let i = 0; i < image.length; i++) {
    const x = i % width;
    const y = Math.floor(i / width) % height;
    const z = Math.floor(i / (width * height));
    // In front of the head and behind the tail the surroundings go on as beside the last section.
    const section = sections[Math.min(head, Math.max(tail, y))];
    if (!section) continue;
    const { u, v, inside } = locate(section, z, x);
    const depthInside = y < tail || y > head ? -4 : inside;
    const around = tissueGrey(anatomy(u, v, section) + FOLDS.amplitude * folds[i]);
    const organ = GREY.grey + (GREY.grey - around) * (dials.contrast - 1);
    const part = softStep(depthInside / BORDER_BLUR);
    const grey = (part * organ + (1 - part) * around + TEXTURE.sd * texture[i]) * Math.exp(BIAS.sd * bias[i]);
    image[i] = toGrey(exposure * (grey + scanner.normal(0, NOISE * dials.noise)));
    if (depthInside + shift >= 0) labels[i] = y >= plane ? 1 : 2;
  }
  return { image, labels, shape, spacing: [1, 1, 1] };
}
