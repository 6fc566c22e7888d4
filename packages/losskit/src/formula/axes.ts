// The axes a value may vary over, as a bit set: a loss reduces voxel values to one number, axis by axis.

export type Axes = number;

export const NONE: Axes = 0;
export const IMAGE: Axes = 1;
export const CLASS: Axes = 2;
export const VOXEL: Axes = 4;
/** Connected objects of one class in one image, numbered by `components`. */
export const INSTANCE: Axes = 8;

const NAMES: readonly (readonly [Axes, string])[] = [
  [IMAGE, "images"],
  [CLASS, "classes"],
  [VOXEL, "voxels"],
  [INSTANCE, "instances"],
];

/** "images, classes and voxels", or "nothing". */
export function describeAxes(axes: Axes): string {
  const names = NAMES.filter(([axis]) => axes & axis).map(([, name]) => name);
  if (names.length === 0) return "nothing";
  return names.length === 1 ? names[0] : `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;
}
