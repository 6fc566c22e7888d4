// Statistics of a set of cases under the names the public sets use, so that phantoms and real images stand side by side.

import { deviation, mean, quantile } from "d3-array";
import { connectedComponents, dilate } from "./components.js";
import type { Phantom, PhantomPreset } from "./presets.js";
import { skeletonize, widthsOnSkeleton } from "./skeleton.js";

/** What is measured of a case; real images can be passed as well as phantoms. */
export type MeasuredCase = Omit<Phantom, "image"> & { readonly image: ArrayLike<number> };

export interface Summary {
  readonly n: number;
  readonly min: number;
  readonly p05: number;
  readonly p25: number;
  readonly median: number;
  readonly p75: number;
  readonly p95: number;
  readonly max: number;
  readonly mean: number;
}

export type PhantomStatistics = Readonly<Record<string, Summary>>;

function summarize(values: readonly number[]): Summary {
  const at = (p: number) => quantile(values, p) ?? Number.NaN;
  return {
    n: values.length,
    min: at(0),
    p05: at(0.05),
    p25: at(0.25),
    median: at(0.5),
    p75: at(0.75),
    p95: at(0.95),
    max: at(1),
    mean: mean(values) ?? Number.NaN,
  };
}

/** One list of values per statistic; some statistics have one value per image, others one per object. */
type Samples = Record<string, number[]>;

/** Pixels this near to a nucleus hold its halo; without them the background grey of dsb2018-nuclei comes out as published. */
const BACKGROUND_GAP = 5;

/** Half-width of the window for a vessel's local background; with it chase-db1 gives its published ratio, 0.807. */
const VESSEL_WINDOW = 15;

/** Width of the ring around lesions; with it idrid-lesions gives its published green ratio, 1.33. */
const LESION_RING = 8;

const average = (values: readonly number[]) => mean(values) ?? Number.NaN;
/** Standard deviation over the values as a whole population, as the public sets' statistics have it. */
const spread = (values: readonly number[]) => (deviation(values) ?? Number.NaN) * Math.sqrt(1 - 1 / values.length);
const fraction = (mask: ArrayLike<number>) => Array.from(mask).filter((v) => v > 0).length / mask.length;

/** Ratio of the longest to the shortest standard deviation of an object's pixels. */
function aspectRatio(pixels: readonly number[], width: number): number {
  const xs = pixels.map((p) => p % width);
  const ys = pixels.map((p) => Math.floor(p / width));
  const [mx, my] = [average(xs), average(ys)];
  // 1/12 is the variance of one pixel's own extent.
  const xx = average(xs.map((x) => (x - mx) ** 2)) + 1 / 12;
  const yy = average(ys.map((y) => (y - my) ** 2)) + 1 / 12;
  const xy = average(xs.map((x, i) => (x - mx) * (ys[i] - my)));
  const root = Math.sqrt(((xx - yy) / 2) ** 2 + xy * xy);
  return Math.sqrt(((xx + yy) / 2 + root) / ((xx + yy) / 2 - root));
}

function measureNuclei(measured: MeasuredCase, samples: Samples): void {
  const { image, labels, shape, instances } = measured;
  const [height, width] = shape;
  const objects = new Map<number, number[]>();
  const numbers = instances ?? connectedComponents(labels, height, width).numbers;
  for (let i = 0; i < numbers.length; i++) {
    if (!numbers[i]) continue;
    const pixels = objects.get(numbers[i]);
    if (pixels) pixels.push(i);
    else objects.set(numbers[i], [i]);
  }
  const nuclei = [...objects.values()];
  const near = dilate(labels, height, width, BACKGROUND_GAP);
  const background = Array.from(near.keys(), (i) => (near[i] ? -1 : image[i])).filter((grey) => grey >= 0);
  const greys = nuclei.map((pixels) => pixels.map((p) => image[p]));
  const means = greys.map(average);
  samples.foreground_fraction.push(fraction(labels));
  samples.nuclei_per_image.push(nuclei.length);
  samples.components_8conn_per_image.push(connectedComponents(labels, height, width).members.length);
  samples.nucleus_area_px.push(...nuclei.map((pixels) => pixels.length));
  samples.aspect_ratio.push(...nuclei.map((pixels) => aspectRatio(pixels, width)));
  samples.background_mean_grey.push(average(background));
  samples.background_sd_grey.push(spread(background));
  samples.median_nucleus_grey.push(quantile(means, 0.5) ?? Number.NaN);
  samples.cv_between_nuclei.push(spread(means) / average(means));
  samples.cv_inside_nucleus.push(
    quantile(
      greys.map((g) => spread(g) / average(g)),
      0.5,
    ) ?? Number.NaN,
  );
}

/** At every pixel the mean of the image over the unmasked pixels of a window; NaN where the window has none. */
function localMean(
  image: ArrayLike<number>,
  counted: (pixel: number) => boolean,
  [height, width]: readonly number[],
  reach: number,
): (pixel: number) => number {
  const stride = width + 1;
  const sums = new Float64Array((height + 1) * stride);
  const counts = new Float64Array((height + 1) * stride);
  for (let i = 0; i < height * width; i++) {
    const at = (Math.floor(i / width) + 1) * stride + (i % width) + 1;
    const one = counted(i) ? 1 : 0;
    sums[at] = one * image[i] + sums[at - 1] + sums[at - stride] - sums[at - stride - 1];
    counts[at] = one + counts[at - 1] + counts[at - stride] - counts[at - stride - 1];
  }
  return (pixel) => {
    const [y, x] = [Math.floor(pixel / width), pixel % width];
    const top = Math.max(0, y - reach) * stride;
    const bottom = Math.min(height, y + reach + 1) * stride;
    const left = Math.max(0, x - reach);
    const right = Math.min(width, x + reach + 1);
    const total = (table: Float64Array) =>
      table[bottom + right] - table[top + right] - table[bottom + left] + table[top + left];
    return total(sums) / total(counts);
  };
}

function measureVessels(measured: MeasuredCase, samples: Samples): void {
  const { image, labels, shape } = measured;
  const [height, width] = shape;
  const field = measured.regionOfInterest ?? new Uint8Array(labels.length).fill(1);
  const inField = (mask: ArrayLike<number>) => Array.from(field.keys()).filter((i) => field[i] && mask[i]);
  const vessel = inField(labels);
  const local = localMean(image, (i) => field[i] > 0 && !labels[i], shape, VESSEL_WINDOW);
  const skeleton = skeletonize(labels, height, width);
  samples.foreground_fraction.push(fraction(labels));
  samples.foreground_fraction_inside_fov.push(vessel.length / inField(field).length);
  for (const value of widthsOnSkeleton(labels, skeleton, height, width)) {
    samples.vessel_width_px_on_skeleton.push(value);
  }
  samples.skeleton_length_px.push(inField(skeleton).length);
  samples.components_8conn_per_image.push(connectedComponents(labels, height, width).members.length);
  samples.grey_ratio_vessel_to_local_background.push(
    average(vessel.map((i) => image[i] / local(i)).filter(Number.isFinite)),
  );
}

function measureLesions(measured: MeasuredCase, samples: Samples): void {
  const { image, labels, shape } = measured;
  const [height, width] = shape;
  const { members } = connectedComponents(labels, height, width);
  const near = dilate(labels, height, width, LESION_RING);
  const pixels = Array.from(near.keys());
  const inside = pixels.filter((i) => labels[i]).map((i) => image[i]);
  const ring = pixels.filter((i) => near[i] && !labels[i]).map((i) => image[i]);
  samples.foreground_fraction.push(fraction(labels));
  samples.components_per_image.push(members.length);
  samples.component_area_px.push(...members.map((component) => component.length));
  samples.grey_ratio_to_ring.push(average(inside) / average(ring));
  samples.contrast_in_ring_sd.push((average(inside) - average(ring)) / spread(ring));
}

function measureOrgan(measured: MeasuredCase, samples: Samples): void {
  const { image, labels, spacing } = measured;
  const all = Array.from(image);
  const [centre, scale] = [average(all), spread(all)];
  const inside = (wanted: (label: number) => boolean) => all.filter((_, i) => wanted(labels[i]));
  const z = (values: readonly number[]) => (average(values) - centre) / scale;
  const anterior = inside((label) => label === 1);
  const posterior = inside((label) => label === 2);
  const organ = inside((label) => label > 0);
  samples.fraction_anterior.push(anterior.length / all.length);
  samples.fraction_posterior.push(posterior.length / all.length);
  samples.volume_mm3.push(organ.length * spacing.reduce((product, step) => product * step, 1));
  samples.zscore_mean_anterior.push(z(anterior));
  samples.zscore_mean_posterior.push(z(posterior));
  samples.zscore_sd_inside.push(spread(organ) / scale);
}

const MEASURES: Readonly<
  Record<PhantomPreset, { measure: (measured: MeasuredCase, samples: Samples) => void; keys: readonly string[] }>
> = {
  nuclei: {
    measure: measureNuclei,
    keys: [
      "foreground_fraction",
      "nuclei_per_image",
      "components_8conn_per_image",
      "nucleus_area_px",
      "aspect_ratio",
      "background_mean_grey",
      "background_sd_grey",
      "median_nucleus_grey",
      "cv_between_nuclei",
      "cv_inside_nucleus",
    ],
  },
  vessels: {
    measure: measureVessels,
    keys: [
      "foreground_fraction",
      "foreground_fraction_inside_fov",
      "vessel_width_px_on_skeleton",
      "skeleton_length_px",
      "components_8conn_per_image",
      "grey_ratio_vessel_to_local_background",
    ],
  },
  lesions: {
    measure: measureLesions,
    keys: [
      "foreground_fraction",
      "components_per_image",
      "component_area_px",
      "grey_ratio_to_ring",
      "contrast_in_ring_sd",
    ],
  },
  organ: {
    measure: measureOrgan,
    keys: [
      "fraction_anterior",
      "fraction_posterior",
      "volume_mm3",
      "zscore_mean_anterior",
      "zscore_mean_posterior",
      "zscore_sd_inside",
    ],
  },
};

export interface StatisticsCollector {
  /** Measures one case; nothing of its arrays is kept. */
  add(measured: MeasuredCase): void;
  /** Summaries over the cases so far; a key whose values are undefined for every case (no object anywhere) has n = 0. */
  summaries(): PhantomStatistics;
}

export function collectStatistics(preset: PhantomPreset): StatisticsCollector {
  const { measure, keys } = MEASURES[preset];
  const samples: Samples = Object.fromEntries(keys.map((key) => [key, []]));
  return {
    add: (measured) => measure(measured, samples),
    summaries: () => Object.fromEntries(keys.map((key) => [key, summarize(samples[key].filter(Number.isFinite))])),
  };
}

export function phantomStatistics(preset: PhantomPreset, cases: readonly MeasuredCase[]): PhantomStatistics {
  const statistics = collectStatistics(preset);
  for (const measured of cases) statistics.add(measured);
  return statistics.summaries();
}
