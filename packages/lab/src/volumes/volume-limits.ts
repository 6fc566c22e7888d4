// How large a volume and its voxels may be, whatever the format: beyond it a header is more likely damaged.

/** 1024³: as numbers of 4 or 8 bytes they are 4 or 8 gigabytes. */
export const MAX_VOXELS = 2 ** 30;

/** Millimetres from one voxel to the next that can be meant: from 1e-9 to 1e9; beyond, areas and volumes of voxels would become 0 or infinite. */
export const isEdge = (edge: number): boolean => edge >= 1e-9 && edge <= 1e9;
