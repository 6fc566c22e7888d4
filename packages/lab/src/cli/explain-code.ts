// `losskit explain NAME --code`: the loss as code for PyTorch and for Keras, or why it is not to be had.

import type { Loss } from "losskit";
import { pythonCode } from "../documents/loss-code.js";
import type { Style } from "./terminal.js";
import { wrap } from "./terminal.js";

const FRAMEWORKS = { pytorch: "PyTorch", keras: "Keras" } as const;

/** The code of each framework, or the reason of the refusal, as `--json` has it. */
export function codeRecord(
  loss: Loss,
): Record<keyof typeof FRAMEWORKS, { readonly text: string } | { readonly refused: string }> {
  const of = (to: keyof typeof FRAMEWORKS) => {
    const { done, refused } = pythonCode(loss, to);
    return done === undefined ? { refused: refused as string } : { text: done };
  };
  return { pytorch: of("pytorch"), keras: of("keras") };
}

/** The sections below the page of a loss. Code is not wrapped: a line of it is a line. */
export function formatCode(loss: Loss, width: number, style: Style): string {
  return Object.entries(codeRecord(loss))
    .map(([framework, code]) => {
      const title = style.bold(FRAMEWORKS[framework as keyof typeof FRAMEWORKS]);
      if ("refused" in code) return `${title}\n  ${wrap(`Refused: ${code.refused}`, width - 2, "  ")}\n`;
      return `${title}\n${code.text.replaceAll(/^(?=.)/gmu, "  ")}`;
    })
    .join("\n");
}
