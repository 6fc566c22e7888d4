// The share of voxels that TopK of nnU-Net and SegLoss keeps, as ours takes it: the two count ignored voxels differently.

import type { GoldenCase } from "../cases.js";

/**
 * Theirs keeps the k per cent largest of all voxels, ignored ones among them with an error of 0; ours keeps a share of the voxels that are not
 * ignored. As errors are not negative, the largest of all are the largest of those, and then zeros.
 *
 * @returns the fraction for ours, and what ours is to be multiplied with where their mean reaches into the zeros
 */
export function topkShare({ targets }: GoldenCase, k: number, ignore: number | undefined) {
  const valid = targets.filter((target) => target !== ignore).length;
  const kept = Math.floor((targets.length * k) / 100);
  // Nothing kept is the mean of nothing there, and without an answer here.
  if (kept === 0 || valid === targets.length) return { fraction: k / 100, scale: 1 };
  return { fraction: Math.min(1, kept / valid), scale: Math.min(1, valid / kept) };
}
