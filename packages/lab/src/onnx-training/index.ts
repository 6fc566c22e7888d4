// Public names of @losskit/lab/onnx-training; no module below needs Node.
export { LabError, type LabErrorCode } from "../errors.js";
export { createAdam, type Optimizer } from "./adam.js";
export type { TrainableOptions, TrainedParameter } from "./network.js";
export type { LossOfLogits, OnnxRuntime, SessionsOptions } from "./sessions.js";
export { type RunningStatistics, type SavedValue, type TrainableModel, trainableFromOnnx } from "./trainable.js";
export { createTrainer, type StepOptions, type Trainer, type TrainerOptions } from "./trainer.js";
