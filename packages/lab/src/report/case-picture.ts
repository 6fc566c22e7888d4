// A test case as pictures: the image, and what to lay over it to show where the prediction is right and wrong.

import { writePng } from "../volumes/png.js";

/** One test case of one loss, ready to be drawn. */
export interface CasePicture {
  readonly loss: string;
  readonly case: string;
  /** Name of the class that is shown, or "all". */
  readonly class: string;
  readonly kind: "worst" | "median" | "best";
  readonly dice: number | null;
  readonly seed: number;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  /** Normalised intensities, `[channels, height, width]`. */
  readonly image: Float32Array;
  /** Class index per pixel; 0 is background. */
  readonly reference: Uint8Array;
  readonly prediction: Uint8Array;
  /** 0 where neither loss nor score counts. */
  readonly regionOfInterest?: Uint8Array;
}

/** Colours that readers with any common colour vision tell apart from each other and from grey (after Okabe and Ito 2008). */
export const ERROR_COLOURS = {
  right: { colour: [86, 180, 233], meaning: "found" },
  falsePositive: { colour: [230, 159, 0], meaning: "marked but not there (false positive)" },
  falseNegative: { colour: [204, 85, 160], meaning: "there but missed (false negative)" },
  otherClass: { colour: [240, 228, 66], meaning: "marked as another class" },
} as const satisfies Record<string, { colour: readonly [number, number, number]; meaning: string }>;

export type ErrorKind = keyof typeof ERROR_COLOURS;

/** In the order of the numbers that stand for them, from 1. */
const KINDS = Object.keys(ERROR_COLOURS) as ErrorKind[];

/** Of 255: structures stay visible under a colour. */
export const OPACITY = 175;

/** Brightness of what lies outside the region of interest. */
const OUTSIDE = 0.35;

/** Longest side of a picture in the page: a fundus photograph of 4288 pixels would weigh 20 MB, 24 times. */
export const LONGEST_SIDE = 640;

/** Pixels that are looked at to find black and white. */
const WINDOW_SAMPLE = 100_000;

/** What is right or wrong with a pixel; undefined for background on both sides. */
export function errorKind(reference: number, prediction: number): ErrorKind | undefined {
  if (reference === prediction) return reference === 0 ? undefined : "right";
  if (reference === 0) return "falsePositive";
  return prediction === 0 ? "falseNegative" : "otherClass";
}

/** 8-bit pixels, `[height, width, channels]`. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 4;
  readonly data: Uint8Array;
}

/** Size in the page and how many pixels of the case one of its pixels stands for, along each side. */
export function shownSize({ width, height }: { width: number; height: number }): {
  width: number;
  height: number;
  scale: number;
} {
  const scale = Math.max(1, Math.max(width, height) / LONGEST_SIDE);
  return { width: Math.max(1, Math.floor(width / scale)), height: Math.max(1, Math.floor(height / scale)), scale };
}

/** Share of red, green and blue in a grey (ITU-R BT.601); one channel is grey already. */
const LUMA = { 1: [1], 3: [0.299, 0.587, 0.114] } as const;

/**
 * The image alone, shrunk by averaging; dark outside the region of interest. Colour images become grey, so that a colour always is a finding;
 * normalised channel by channel, they would not have their true colours anyhow.
 */
export function paintImage(picture: CasePicture): Pixels {
  const { channels, image, regionOfInterest } = picture;
  const plane = picture.width * picture.height;
  const { width, height } = shownSize(picture);
  const weights: readonly number[] = LUMA[channels];
  const grey = Float32Array.from({ length: plane }, (_, i) =>
    weights.reduce((sum, weight, c) => sum + weight * image[c * plane + i], 0),
  );
  const brightness = brightnessOf(grey);
  const data = new Uint8Array(width * height);
  forEachBlock(picture, (target, pixels) => {
    let sum = 0;
    for (const i of pixels) sum += brightness(grey[i]) * (regionOfInterest?.[i] === 0 ? OUTSIDE : 1);
    data[target] = Math.round((255 * sum) / pixels.length);
  });
  return { width, height, channels: 1, data };
}

/**
 * Colours to lay over the image, clear where mask and prediction are background.
 *
 * In a shrunk picture a pixel takes the kind that most of its marked pixels have, however few they are: a lesion of seven pixels must not vanish.
 */
export function paintErrors(picture: CasePicture): Pixels {
  const { reference, prediction, regionOfInterest } = picture;
  const { width, height } = shownSize(picture);
  const data = new Uint8Array(width * height * 4);
  forEachBlock(picture, (target, pixels) => {
    const counts = KINDS.map(() => 0);
    for (const i of pixels) {
      const kind = regionOfInterest?.[i] === 0 ? undefined : errorKind(reference[i], prediction[i]);
      if (kind) counts[KINDS.indexOf(kind)]++;
    }
    const most = Math.max(...counts);
    if (most > 0) data.set([...ERROR_COLOURS[KINDS[counts.indexOf(most)]].colour, OPACITY], 4 * target);
  });
  return { width, height, channels: 4, data };
}

/** Calls back for each pixel of the shown picture with the indices of the case's pixels that it stands for. */
function forEachBlock(picture: CasePicture, visit: (target: number, pixels: readonly number[]) => void): void {
  const { width, height, scale } = shownSize(picture);
  const end = (index: number, size: number) => Math.min(size, Math.max(1, Math.floor(index * scale)));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const pixels: number[] = [];
      for (let row = Math.floor(y * scale); row < end(y + 1, picture.height); row++) {
        for (let column = Math.floor(x * scale); column < end(x + 1, picture.width); column++) {
          pixels.push(row * picture.width + column);
        }
      }
      visit(y * width + x, pixels);
    }
  }
}

/** From an intensity to 0 … 1: black at the 0.5th, white at the 99.5th percentile, so that one hot pixel does not darken all. */
function brightnessOf(image: Float32Array): (value: number) => number {
  const stride = Math.ceil(image.length / WINDOW_SAMPLE);
  const sorted = Float32Array.from({ length: Math.ceil(image.length / stride) }, (_, i) => image[i * stride]).sort();
  const low = sorted[Math.floor(0.005 * (sorted.length - 1))];
  const high = sorted[Math.ceil(0.995 * (sorted.length - 1))];
  return (value) => (high > low ? Math.min(1, Math.max(0, (value - low) / (high - low))) : 0.5);
}

/** Pixels as the address of a PNG that lies in the page itself. */
export function pngUri({ width, height, channels, data }: Pixels): string {
  const png = writePng({ width, height, data, channels });
  return `data:image/png;base64,${Buffer.from(png).toString("base64")}`;
}
