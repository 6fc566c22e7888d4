// Fluorescence nuclei: textured ellipses with blurred borders, dim and very bright ones, halos, debris, camera noise.

import type { Random } from "../../random-stream.js";
import { type CaseRandomness, type Percentiles, valueAtRank } from "./case-randomness.js";
import type { Phantom, PhantomDials } from "./presets.js";
import { coarseSize, refine, smoothNoise, softStep, toGrey } from "./smooth-noise.js";

/** dsb2018-nuclei: image size. */
const SIZE = 256;

/** dsb2018-nuclei, 160 images: nuclei per image. */
const NUCLEI_PER_IMAGE: Percentiles = [
  [0, 2],
  [0.05, 6],
  [0.25, 10],
  [0.5, 20],
  [0.75, 39],
  [0.95, 66],
  [1, 101],
];

/** dsb2018-nuclei, 160 images: geometric mean of the nucleus areas of an image, px (over all nuclei: median 113 px). */
const TYPICAL_AREA: Percentiles = [
  [0, 51],
  [0.05, 62],
  [0.25, 89],
  [0.5, 137],
  [0.75, 171],
  [0.95, 284],
  [1, 370],
];

/** dsb2018-nuclei: crowded images hold smaller nuclei (correlation of the logarithms -0.24). */
const AREA_SLOPE_WITH_COUNT = -0.15;

/** Drawn this much smaller than measured: then the median foreground fraction is the measured one, 0.040. */
const AREA_FACTOR = 0.92;

/** dsb2018-nuclei: sd of the log area between the nuclei of one image, median 0.54. */
const AREA_SPREAD = 0.54;

/** dsb2018-nuclei: smallest annotated nucleus 21 px, largest 1202 px. */
const AREA_RANGE = [21, 1202] as const;

/** dsb2018-nuclei: aspect ratio p5/p50/p95 = 1.04/1.35/2.27, ends of the table assumed. */
const ASPECT: Percentiles = [
  [0, 1],
  [0.05, 1.05],
  [0.25, 1.18],
  [0.5, 1.35],
  [0.75, 1.58],
  [0.95, 2.27],
  [1, 3],
];

/** dsb2018-nuclei: background grey has two modes (p25 3.7, p50 12.4, p75 13.4), 70 of 160 images in the dark one. */
const BACKGROUND_GREY: Percentiles = [
  [0, 2.4],
  [0.05, 2.9],
  [0.25, 3.7],
  [0.42, 4.6],
  [0.44, 11.6],
  [0.5, 12.4],
  [0.75, 13.4],
  [0.95, 14.7],
  [1, 17],
];

/** Rank below which an image is of the dark mode above. */
const DARK_MODE = 0.43;

/** dsb2018-nuclei: median nucleus grey in images of the dark mode (median 44 of 255). */
const NUCLEUS_GREY_DARK: Percentiles = [
  [0, 24],
  [0.05, 29],
  [0.25, 38],
  [0.5, 44],
  [0.75, 53],
  [0.95, 64],
  [1, 68],
];

/** dsb2018-nuclei: median nucleus grey in the other images (median 88 of 255). */
const NUCLEUS_GREY_BRIGHT: Percentiles = [
  [0, 40],
  [0.05, 54],
  [0.25, 71],
  [0.5, 88],
  [0.75, 104],
  [0.95, 153],
  [1, 187],
];

/** dsb2018-nuclei: blur sigma 1.7 to 2 px, and the annotated border at 0.4 of the plateau, a quarter sigma outside. */
const BLUR = 1.8;
const BORDER_OFFSET = 0.25 * BLUR;

/** dsb2018-nuclei: brightness differs between the nuclei of an image with CV 0.28; dim and mitotic ones add to this. */
const BRIGHTNESS_SPREAD = 0.15;
/** dsb2018-nuclei: dim nuclei at 0.3 of the median; 2 % on average, here 12 % so that Otsu does not score better than on the real set (0.886). */
const DIM = { fraction: 0.12, low: 0.22, high: 0.4 };
/** dsb2018-nuclei: 6 % of the nuclei are over 1.6 times as bright as the image's median; here 5 %, for the dim ones raise the CV too. */
const MITOTIC = { fraction: 0.05, low: 1.7, high: 3 };

/** dsb2018-nuclei: CV inside a nucleus 0.23, of which the blurred border already gives most. */
const TEXTURE = 0.11;
const TEXTURE_SCALE = 2.5;
/** Limb darkening: assumed, the rim of a flattened ball is thinner. */
const LIMB = 0.12;

/** dsb2018-nuclei: mostly mutual exclusion, some images clustered (Clark-Evans p5/p50 = 0.56/1.16). */
const CLUSTERED_IMAGES = 0.25;
/** dsb2018-nuclei: 7 % of the nuclei merge into a neighbour; a place that may touch is not always one that does. */
const TOUCHING = 0.12;

/** dsb2018-nuclei: read noise 0.7 grey levels, plus 5.5 % of the signal inside nuclei, part of which is texture. */
const READ_NOISE = 0.7;
const SIGNAL_NOISE = 0.045;

/** dsb2018-nuclei: slow variation of the background 10 %. */
const BACKGROUND_VARIATION = 0.04;
const BACKGROUND_SCALE = 90;

/** Out-of-focus light around a nucleus; with it and the debris the background's sd is the measured one (median 1.38). */
const HALO = { strength: 0.04, reach: 1.6, node: 4 };

/** Grey level per pixel above the background, and which nucleus a pixel is labelled with. */
interface Canvas {
  readonly light: Float32Array;
  readonly instances: Uint16Array;
  readonly halo: Float32Array;
  readonly texture: Float32Array;
}

interface Nucleus {
  readonly x: number;
  readonly y: number;
  readonly major: number;
  readonly minor: number;
  readonly angle: number;
  readonly wobble: readonly [number, number, number, number];
  readonly brightness: number;
}

function drawShape(random: Random, typicalArea: number): Omit<Nucleus, "x" | "y" | "brightness"> {
  const area = Math.min(Math.max(typicalArea * Math.exp(random.normal(0, AREA_SPREAD)), AREA_RANGE[0]), AREA_RANGE[1]);
  const aspect = valueAtRank(ASPECT, random.uniform());
  const radius = Math.sqrt(area / Math.PI);
  return {
    major: radius * Math.sqrt(aspect),
    minor: radius / Math.sqrt(aspect),
    angle: random.between(0, Math.PI),
    wobble: [random.normal(0, 0.05), random.between(0, 6.3), random.normal(0, 0.035), random.between(0, 6.3)],
  };
}

/** Places nuclei one after another, most of them apart from the earlier ones: after 30 attempts the last place is kept. */
function placeNuclei(random: Random, count: number, typicalArea: number, plateau: number): Nucleus[] {
  const nuclei: Nucleus[] = [];
  const clusters = random.chance(CLUSTERED_IMAGES)
    ? Array.from({ length: 1 + Math.ceil(count / 15) }, () => [random.between(0, SIZE), random.between(0, SIZE)])
    : [];
  const spread = 2.4 * Math.sqrt(typicalArea * 15);
  for (let i = 0; i < count; i++) {
    const shape = drawShape(random, typicalArea);
    const gap = random.chance(TOUCHING) ? -0.35 * shape.minor : 2.5;
    let [x, y] = [0, 0];
    for (let attempt = 0; attempt < 30; attempt++) {
      const centre = clusters[Math.floor(random.uniform() * clusters.length)];
      const edge = 0.6 * shape.minor;
      x = centre ? random.normal(centre[0], spread / 2) : random.between(-edge, SIZE + edge);
      y = centre ? random.normal(centre[1], spread / 2) : random.between(-edge, SIZE + edge);
      const inside = x > -edge && y > -edge && x < SIZE + edge && y < SIZE + edge;
      const reach = Math.sqrt(shape.major * shape.minor) + gap;
      if (inside && nuclei.every((n) => Math.hypot(n.x - x, n.y - y) > reach + Math.sqrt(n.major * n.minor))) break;
    }
    const kind = random.uniform();
    const factor =
      kind < DIM.fraction
        ? random.between(DIM.low, DIM.high)
        : kind < DIM.fraction + MITOTIC.fraction
          ? random.between(MITOTIC.low, MITOTIC.high)
          : Math.exp(random.normal(0, BRIGHTNESS_SPREAD));
    nuclei.push({ ...shape, x, y, brightness: plateau * factor });
  }
  return nuclei;
}

/** Adds one nucleus's light, and its label where `labelShift` is a number: the border moves out by that many pixels. */
function drawNucleus(canvas: Canvas, nucleus: Nucleus, number: number, blur: number, labelShift?: number): void {
  const { x, y, major, minor, angle, wobble, brightness } = nucleus;
  // Far enough also for a label that is shifted: the light must not depend on it.
  const reach = major * 1.15 + 3 * blur;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  for (let py = Math.max(0, Math.floor(y - reach)); py <= Math.min(SIZE - 1, y + reach); py++) {
    for (let px = Math.max(0, Math.floor(x - reach)); px <= Math.min(SIZE - 1, x + reach); px++) {
      const [dx, dy] = [px - x, py - y];
      const u = (dx * cos + dy * sin) / major;
      const v = (dy * cos - dx * sin) / minor;
      const theta = Math.atan2(v, u);
      const rim = 1 + wobble[0] * Math.cos(2 * theta + wobble[1]) + wobble[2] * Math.cos(3 * theta + wobble[3]);
      const rho = Math.hypot(u, v) / rim;
      // Distance to the border along the ray from the centre, positive inside.
      const depth = rho < 0.05 ? minor : Math.hypot(dx, dy) * (1 / rho - 1);
      const at = py * SIZE + px;
      const profile = softStep((depth - BORDER_OFFSET) / blur) * (1 - LIMB * Math.min(1, rho) ** 2);
      canvas.light[at] += brightness * profile * Math.max(0.3, 1 + TEXTURE * canvas.texture[at]);
      if (labelShift !== undefined && depth + labelShift >= 0 && canvas.instances[at] === 0)
        canvas.instances[at] = number;
    }
  }
}

/** Adds the out-of-focus light of one nucleus to the coarse halo grid. */
function addHalo(halo: Float32Array, nucleus: Nucleus, strength: number): void {
  const nodes = coarseSize(SIZE, HALO.node);
  const radius = (HALO.reach * Math.sqrt(nucleus.major * nucleus.minor)) / HALO.node;
  // Node k of the spline grid lies at pixel (k - 1) * HALO.node.
  const [cx, cy] = [nucleus.x / HALO.node + 1, nucleus.y / HALO.node + 1];
  for (let ky = Math.max(0, Math.floor(cy - 3 * radius)); ky <= Math.min(nodes - 1, cy + 3 * radius); ky++) {
    for (let kx = Math.max(0, Math.floor(cx - 3 * radius)); kx <= Math.min(nodes - 1, cx + 3 * radius); kx++) {
      const squared = ((kx - cx) ** 2 + (ky - cy) ** 2) / (2 * radius * radius);
      halo[ky * nodes + kx] += strength * nucleus.brightness * Math.exp(-squared);
    }
  }
}

/** Fragments and out-of-focus nuclei: they shine and nobody labels them. */
function drawDebris(canvas: Canvas, random: Random, count: number, typicalArea: number, plateau: number): void {
  const fragments = Math.floor(random.between(0, 2 + count / 10));
  for (let i = 0; i < fragments; i++) {
    const radius = random.between(0.8, 2);
    const at = { x: random.between(0, SIZE), y: random.between(0, SIZE), angle: random.between(0, Math.PI) };
    const body = { major: radius * random.between(1, 2), minor: radius, wobble: [0, 0, 0, 0] as const };
    drawNucleus(canvas, { ...at, ...body, brightness: plateau * random.between(0.3, 1.1) }, 0, 0.9);
  }
  const outOfFocus = Math.floor(random.between(0, 2 + count / 12));
  for (let i = 0; i < outOfFocus; i++) {
    const shape = drawShape(random, typicalArea);
    const brightness = plateau * random.between(0.12, 0.45);
    drawNucleus(canvas, { ...shape, x: random.between(0, SIZE), y: random.between(0, SIZE), brightness }, 0, 4.5);
  }
}

export function nucleiPhantom(source: CaseRandomness, dials: PhantomDials): Phantom {
  const shape = [SIZE, SIZE];
  const pixels = SIZE * SIZE;
  const count = valueAtRank(NUCLEI_PER_IMAGE, source.rank(0));
  const typicalArea =
    AREA_FACTOR * valueAtRank(TYPICAL_AREA, source.rank(1)) * (count / 20) ** AREA_SLOPE_WITH_COUNT * dials.sizeScale;
  const background = valueAtRank(BACKGROUND_GREY, source.rank(2));
  const nucleusGrey = valueAtRank(source.rank(2) < DARK_MODE ? NUCLEUS_GREY_DARK : NUCLEUS_GREY_BRIGHT, source.rank(3));
  // A nucleus's mean is about 0.8 of its plateau, for the blurred border lies inside the mask.
  const plateau = ((nucleusGrey - background) / 0.8) * dials.contrast;
  const drawn = Math.max(1, Math.round((count * dials.foregroundScale) / dials.sizeScale));

  const canvas: Canvas = {
    light: new Float32Array(pixels),
    instances: new Uint16Array(pixels),
    halo: new Float32Array(coarseSize(SIZE, HALO.node) ** 2),
    texture: smoothNoise(source.stream("texture"), shape, TEXTURE_SCALE),
  };
  const annotator = source.stream("labels");
  placeNuclei(source.stream("nuclei"), drawn, typicalArea, plateau).forEach((nucleus, i) => {
    const missed = annotator.chance(dials.missedFraction);
    const shift = annotator.between(-1, 1) * dials.borderShift;
    drawNucleus(canvas, nucleus, i + 1, BLUR, missed ? undefined : shift);
    addHalo(canvas.halo, nucleus, HALO.strength);
  });
  drawDebris(canvas, source.stream("debris"), drawn, typicalArea, plateau);

  const halo = refine(canvas.halo, shape, HALO.node, [0, 0]);
  const variation = smoothNoise(source.stream("background"), shape, BACKGROUND_SCALE);
  const camera = source.stream("noise");
  const image = new Uint8Array(pixels);
  const labels = new Uint8Array(pixels);
  for (let i = 0; i < pixels; i++) {
    const signal = canvas.light[i] + halo[i];
    const noise = Math.hypot(READ_NOISE, SIGNAL_NOISE * signal) * dials.noise;
    image[i] = toGrey(background * (1 + BACKGROUND_VARIATION * variation[i]) + signal + camera.normal(0, noise));
    labels[i] = canvas.instances[i] > 0 ? 1 : 0;
  }
  return { image, labels, shape, spacing: [1, 1], instances: canvas.instances };
}
