// Medians of the public sets that the presets copy, so that the tests need no images beside the clone.

import type { PhantomPreset } from "../../src/datasets/phantoms/presets.js";

export interface ReferenceMedian {
  readonly median: number;
  /** Factor on the median that a phantom must have: lengths and counts go with the area of the image. */
  readonly scale?: number;
}

/** Phantoms have 256 x 256 pixels. */
const areaFactor = (width: number, height: number) => (256 * 256) / (width * height);
const ofChase = areaFactor(499, 480);
const ofIdrid = areaFactor(714, 474);

/**
 * nuclei: Data Science Bowl 2018 (BBBC038), 160 fluorescence images. vessels: CHASE-DB1 at half size, 24 images. lesions: hard
 * exudates of IDRiD, 16 images (714 x 474, green channel). organ: hippocampus task of the Medical Segmentation Decathlon, 60 cases.
 */
export const REFERENCE_MEDIANS: Readonly<Record<PhantomPreset, Readonly<Record<string, ReferenceMedian>>>> = {
  nuclei: {
    foreground_fraction: { median: 0.04034 },
    nuclei_per_image: { median: 20 },
    components_8conn_per_image: { median: 18 },
    nucleus_area_px: { median: 113 },
    aspect_ratio: { median: 1.354 },
    background_mean_grey: { median: 12.37 },
    background_sd_grey: { median: 1.38 },
    median_nucleus_grey: { median: 63.78 },
    cv_between_nuclei: { median: 0.2792 },
    cv_inside_nucleus: { median: 0.2332 },
  },
  vessels: {
    foreground_fraction: { median: 0.0803 },
    foreground_fraction_inside_fov: { median: 0.1159 },
    vessel_width_px_on_skeleton: { median: 3 },
    skeleton_length_px: { median: 5260, scale: ofChase },
    components_8conn_per_image: { median: 2 },
    grey_ratio_vessel_to_local_background: { median: 0.8066 },
  },
  lesions: {
    foreground_fraction: { median: 0.01233 },
    components_per_image: { median: 167, scale: ofIdrid },
    component_area_px: { median: 8 },
    grey_ratio_to_ring: { median: 1.33 },
    contrast_in_ring_sd: { median: 2 },
  },
  organ: {
    fraction_anterior: { median: 0.0279 },
    fraction_posterior: { median: 0.026 },
    volume_mm3: { median: 3283 },
    zscore_mean_anterior: { median: -0.5204 },
    zscore_mean_posterior: { median: -0.5383 },
    zscore_sd_inside: { median: 0.4465 },
  },
};
