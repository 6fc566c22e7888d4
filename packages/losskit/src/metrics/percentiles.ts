// Percentiles of distances without sorting them all: how many are how large says which few lie near the percentile.

import { areaWithin, type DirectedDistances } from "./surface-distances.js";

/** Distances fall into this many classes of equal width, from 0 to the largest. */
const CLASSES = 1024;

/** The class of a distance. A larger distance is never in a lower class: products with one factor are rounded in order. */
function classifier(most: number): (distance: number) => number {
  const scale = (CLASSES - 1) / most;
  return (distance) => Math.floor(distance * scale);
}

/** The largest of some distances; 0 of none. */
export function largest(distances: Float64Array): number {
  let most = 0;
  for (let i = 0; i < distances.length; i++) if (distances[i] > most) most = distances[i];
  return most;
}

/**
 * The value at a share of the way from the first rank to the last, between two ranks on the line through them.
 *
 * @param distances finite, from 0, at least one
 * @param percentile from 0 to 100
 */
export function interpolatedPercentile(distances: Float64Array, percentile: number): number {
  const most = largest(distances);
  if (most === 0) return 0;
  const classOf = classifier(most);
  const counts = new Float64Array(CLASSES);
  for (let i = 0; i < distances.length; i++) counts[classOf(distances[i])]++;
  const rank = (percentile / 100) * (distances.length - 1);
  const [below, above] = [Math.floor(rank), Math.ceil(rank)];
  const first = findClass(counts, (sum) => sum > below);
  const last = findClass(counts, (sum) => sum > above);
  const near = distances
    .filter((distance) => classOf(distance) >= first.index && classOf(distance) <= last.index)
    .sort();
  const [low, high] = [near[below - first.before], near[above - first.before]];
  return low + (rank - below) * (high - low);
}

/** Sums of areas that should meet a share of the whole may miss it by rounding. */
const ROUNDING = 1e-12;

/**
 * The smallest distance within which at least the percentage of the area lies.
 *
 * @param from finite distances from 0, at least one
 * @param percentile from 0 to 100
 */
export function areaPercentile({ distances, sizes }: DirectedDistances, percentile: number): number {
  const most = largest(distances);
  if (most === 0) return 0;
  const classOf = classifier(most);
  const areas = new Float64Array(CLASSES);
  for (let i = 0; i < distances.length; i++) areas[classOf(distances[i])] += sizes ? sizes[i] : 1;
  const enough = areas.reduce((sum, area) => sum + area) * (percentile / 100) * (1 - ROUNDING);
  const { index, before } = findClass(areas, (sum) => sum >= enough && sum > 0);
  const isNear = (_: number, i: number) => classOf(distances[i]) === index;
  const near = { distances: distances.filter(isNear), sizes: sizes?.filter(isNear) };
  const sorted = near.distances.slice().sort();
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (before + areaWithin(near, sorted[middle]) >= enough) high = middle;
    else low = middle + 1;
  }
  return sorted[low];
}

/** The first class up to which the sum is enough, or the last of all, and the sum before it. */
function findClass(
  sums: Float64Array,
  isEnough: (sum: number) => boolean,
): { readonly index: number; readonly before: number } {
  let [index, before] = [0, 0];
  while (index < CLASSES - 1 && !isEnough(before + sums[index])) before += sums[index++];
  return { index, before };
}
