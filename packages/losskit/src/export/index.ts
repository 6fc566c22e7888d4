// `losskit/export`: a loss as text or as a model for other frameworks, from the same formula.

export { exportPyTorch } from "./pytorch.js";
