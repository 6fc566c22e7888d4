// The formula language's functions as a paper prints them, each with the sentence that a legend needs.

/** Routines: the operator, and what it is. Arguments are whole maps, so their voxels have no index; the result may have one. */
export const ROUTINE_OPERATORS: Readonly<Record<string, { readonly tex: string; readonly meaning: string }>> = {
  lovasz: {
    tex: "\\overline{\\Delta_J}",
    meaning: "Lovász extension of the Jaccard loss of the errors, for the target",
  },
  top_mean: { tex: "\\operatorname{topmean}", meaning: "mean of the largest values, a fraction of all" },
  hard_mean: {
    tex: "\\operatorname{hardmean}",
    meaning: "mean of the values from a threshold up, at least of a fraction of all",
  },
  distance: { tex: "\\operatorname{dist}", meaning: "Euclidean distance to the mask" },
  signed_distance: { tex: "\\operatorname{sdist}", meaning: "distance to the border of the mask, negative inside" },
  border: { tex: "\\operatorname{border}", meaning: "1 on the voxels of the mask that touch its outside" },
  components: { tex: "\\operatorname{comp}", meaning: "number of the connected component, from 1; 0 outside" },
  nearest_component: { tex: "\\operatorname{nearest}", meaning: "number of the nearest connected component, from 1" },
  skeleton: { tex: "\\operatorname{skel}", meaning: "1 on the skeleton of the mask, a voxel wide" },
  dilation: { tex: "\\operatorname{dilate}", meaning: "the mask grown by a number of steps" },
  soft_skeleton: { tex: "\\operatorname{softskel}", meaning: "soft skeleton, by a number of erosions and openings" },
  soft_erosions: {
    tex: "\\operatorname{erosions}",
    meaning: "sum of iterated soft erosions, weighted with a power of their number",
  },
  squared_gradient: { tex: "\\lVert \\nabla \\cdot \\rVert^2", meaning: "squared length of the spatial gradient" },
  absolute_gradient: {
    tex: "\\lVert \\nabla \\cdot \\rVert_1",
    meaning: "sum over the axes of the absolute differences",
  },
  neighbour_mean: { tex: "\\operatorname{box}", meaning: "mean of the 3 voxels around along each axis" },
  gaussian_mean: { tex: "\\operatorname{gauss}", meaning: "mean with the weights of a Gaussian" },
};

/** Functions of one argument in parentheses; `log` and its like need none around a symbol. */
export const PREFIX_FUNCTIONS: Readonly<Record<string, string>> = {
  log: "\\log",
  tanh: "\\tanh",
  sign: "\\operatorname{sign}",
};

export const COMPARISONS: Readonly<Record<string, string>> = {
  "<": "<",
  "<=": "\\le",
  ">": ">",
  ">=": "\\ge",
  "==": "=",
  "!=": "\\ne",
};

/** What else a reader may not know: as it is printed, its arguments, and what it is. */
export const NOTATION = {
  indicator: { tex: "\\mathbb{1}", of: "[\\cdot]", meaning: "1 where the condition holds, else 0" },
  sigmoid: { tex: "\\sigma", of: "(\\cdot)", meaning: "logistic sigmoid" },
  clamp: {
    tex: "\\operatorname{clamp}",
    of: "(\\cdot, a, b)",
    meaning: "the value, but at least a and at most b",
  },
  constant: { tex: "\\operatorname{sg}", of: "(\\cdot)", meaning: "the value, without its gradient" },
} as const;
