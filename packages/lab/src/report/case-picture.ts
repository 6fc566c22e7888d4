// A test case as a picture: the image in grey or colour, and over it where the prediction is right and wrong.

import { encode } from "fast-png";

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

/** Colours that readers with any common colour vision tell apart (Okabe and Ito 2008). */
export const ERROR_COLOURS = {
  right: { colour: [86, 180, 233], meaning: "found" },
  falsePositive: { colour: [230, 159, 0], meaning: "marked but not there (false positive)" },
  falseNegative: { colour: [204, 85, 160], meaning: "there but missed (false negative)" },
  otherClass: { colour: [240, 228, 66], meaning: "marked as another class" },
} as const satisfies Record<string, { colour: readonly [number, number, number]; meaning: string }>;

export type ErrorKind = keyof typeof ERROR_COLOURS;

/** How strongly a colour covers the image: structures stay visible under it. */
const OPACITY = 0.55;

/** Brightness of what lies outside the region of interest. */
const OUTSIDE = 0.35;

/** What is right or wrong with a pixel; undefined for background on both sides. */
export function errorKind(reference: number, prediction: number): ErrorKind | undefined {
  if (reference === prediction) return reference === 0 ? undefined : "right";
  if (reference === 0) return "falsePositive";
  return prediction === 0 ? "falseNegative" : "otherClass";
}

/** RGB bytes of a picture, row by row. */
export function paint(picture: CasePicture): Uint8Array {
  const { width, height, channels, image, reference, prediction, regionOfInterest } = picture;
  const size = width * height;
  const window = greyWindow(image);
  const rgb = new Uint8Array(3 * size);
  for (let i = 0; i < size; i++) {
    const inside = regionOfInterest === undefined || regionOfInterest[i] !== 0;
    const kind = inside ? errorKind(reference[i], prediction[i]) : undefined;
    for (let c = 0; c < 3; c++) {
      const grey = 255 * window(image[(channels === 3 ? c * size : 0) + i]) * (inside ? 1 : OUTSIDE);
      rgb[3 * i + c] = kind ? (1 - OPACITY) * grey + OPACITY * ERROR_COLOURS[kind].colour[c] : grey;
    }
  }
  return rgb;
}

/** From an intensity to 0 … 1: black at the 0.5th, white at the 99.5th percentile, so that one hot pixel does not darken all. */
function greyWindow(image: Float32Array): (value: number) => number {
  const sorted = Float32Array.from(image).sort();
  const low = sorted[Math.floor(0.005 * (sorted.length - 1))];
  const high = sorted[Math.ceil(0.995 * (sorted.length - 1))];
  return (value) => (high > low ? Math.min(1, Math.max(0, (value - low) / (high - low))) : 0.5);
}

/** The picture as the address of an image that lies in the page itself. */
export function pictureUri(picture: CasePicture): string {
  const { width, height } = picture;
  const png = encode({ width, height, data: paint(picture), channels: 3, depth: 8 });
  return `data:image/png;base64,${Buffer.from(png).toString("base64")}`;
}
