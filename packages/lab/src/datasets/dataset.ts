// What a data set is to the rest of the lab, whatever files it came from.

export type Split = "train" | "validation" | "test";

/** One image with its mask, as read and normalised; a volume keeps its three dimensions. */
export interface Case {
  readonly id: string;
  /** Spatial size, slowest axis first: [height, width] or [depth, height, width]. */
  readonly shape: readonly number[];
  /** Millimetres per voxel along each axis of `shape`; 1 where the file does not say. */
  readonly spacing: readonly number[];
  readonly channels: number;
  /** Normalised intensities, `[channels, ...shape]`, row-major. */
  readonly image: Float32Array;
  /** Class index per voxel: 0 is background, i + 1 is `classes[i]` of the data set. */
  readonly labels: Uint8Array;
  /** 1 where loss and metrics count, 0 elsewhere; absent when every voxel counts. */
  readonly regionOfInterest?: Uint8Array;
}

export interface Dataset {
  readonly name: string;
  /** 2 for images, 3 for volumes (trained on slices, scored in 3D). */
  readonly dimension: 2 | 3;
  /** Input channels of every case. */
  readonly channels: number;
  /** Names of the selected foreground classes; label i + 1 is `classes[i]`. */
  readonly classes: readonly string[];
  /** Case ids of each split. */
  readonly splits: Readonly<Record<Split, readonly string[]>>;
  /** One sentence that says where the splits come from, for the report. */
  readonly splitNote: string;
  /** Reads and normalises one case; throws a `LabError` that names the file when it cannot. */
  load(id: string): Promise<Case>;
}
