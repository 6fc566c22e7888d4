// The families of losses, each in one sentence.

import type { LossDefinition } from "losskit";

export type Family = LossDefinition["family"];

/** In the order of lists and of the index. */
export const FAMILIES: Readonly<Record<Family, string>> = {
  distribution: "Distribution: each voxel is a guess that is right or wrong",
  region: "Region: the overlap of two masks",
  boundary: "Boundary: the distance between two borders",
  compound: "Compound: several of these in one",
  topology: "Topology: thin structures in one piece, and every object by itself",
};
