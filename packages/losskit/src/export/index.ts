// `losskit/export`: a loss as text or as a model for other frameworks, from the same formula.

import { LosskitError } from "../errors.js";
import { show } from "../formula/options.js";
import type { Loss } from "../losses/loss.js";
import { exportKeras } from "./keras.js";
import { latexOfLoss } from "./latex.js";
import { exportNnunet } from "./nnunet.js";
import { exportOnnx, type OnnxOptions } from "./onnx.js";
import type { ExportOptions } from "./options.js";
import { exportPyTorch } from "./pytorch.js";

export { exportKeras } from "./keras.js";
export { type Latex, type LegendEntry, latexOf, latexOfLoss } from "./latex.js";
export { exportNnunet } from "./nnunet.js";
export { exportOnnx, type OnnxOptions } from "./onnx.js";
export { type ExportOptions, HEADS, type Head } from "./options.js";
export { exportPyTorch } from "./pytorch.js";

/** What a loss can be exported to. */
export const EXPORT_TARGETS = ["pytorch", "keras", "onnx", "latex", "nnunet"] as const;
export type ExportTarget = (typeof EXPORT_TARGETS)[number];

/**
 * A loss for another framework: the text of a file, or the bytes of an ONNX model.
 *
 * @throws LosskitError OPTION; UNSUPPORTED where the target cannot express the loss, with the reason
 *
 * @example exportLoss(add(dice(), [0.5, bce()]), "pytorch")
 */
export function exportLoss(loss: Loss, to: "onnx", options?: OnnxOptions): Uint8Array;
export function exportLoss(loss: Loss, to: Exclude<ExportTarget, "onnx">, options?: ExportOptions): string;
export function exportLoss(loss: Loss, to: ExportTarget, options?: OnnxOptions): string | Uint8Array;
export function exportLoss(loss: Loss, to: ExportTarget, options: OnnxOptions = {}): string | Uint8Array {
  switch (to) {
    case "pytorch":
      return exportPyTorch(loss, options);
    case "keras":
      return exportKeras(loss, options);
    case "onnx":
      return exportOnnx(loss, options);
    case "nnunet":
      return exportNnunet(loss, options);
    case "latex":
      return `${latexOfLoss(loss).text}\n`;
    default:
      throw new LosskitError(
        "OPTION",
        `the target is ${show(to)}; it may be ${EXPORT_TARGETS.map((target) => show(target)).join(", ")}`,
      );
  }
}
