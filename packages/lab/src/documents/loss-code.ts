// A loss in the code of other frameworks, or the reason why it is not there.

import { type Loss, LosskitError } from "losskit";
import { type ExportOptions, type ExportTarget, exportLoss } from "losskit/export";

/** What came of an export. */
export type Attempt<T> =
  | { readonly done: T; readonly refused?: undefined }
  | { readonly done?: undefined; readonly refused: string };

/** The result of a call, or the reason of losskit's refusal; other errors are thrown on. */
export function attempt<T>(call: () => T): Attempt<T> {
  try {
    return { done: call() };
  } catch (error) {
    if (error instanceof LosskitError && error.code === "UNSUPPORTED") return { refused: error.message };
    throw error;
  }
}

/** The loss as a file of Python. */
export const pythonCode = (
  loss: Loss,
  to: Exclude<ExportTarget, "onnx">,
  options: ExportOptions = {},
): Attempt<string> => attempt(() => exportLoss(loss, to, options));

/** The reason alone, without the sentence that says which loss cannot do what, and which routine: the page or table says that already. */
export const reasonOf = (refused: string): string =>
  refused.replace(/^.*? cannot [^:]*: /u, "").replace(/^[a-z_]+: /u, "");
