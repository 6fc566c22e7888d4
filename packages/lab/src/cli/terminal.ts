// What a terminal can show: colours only where wanted, and text broken to its width.

import { stripVTControlCharacters, styleText } from "node:util";

export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  cyan(text: string): string;
  red(text: string): string;
  yellow(text: string): string;
}

interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Colours for an output: none where it is no terminal, or NO_COLOR is set (https://no-color.org) or TERM is dumb. */
export function styleFor(output: Output, environment: NodeJS.ProcessEnv = process.env): Style {
  const coloured = output.isTTY === true && !environment.NO_COLOR && environment.TERM !== "dumb";
  const paint = (format: Parameters<typeof styleText>[0]) => (text: string) =>
    coloured ? styleText(format, text, { validateStream: false }) : text;
  return { bold: paint("bold"), dim: paint("dim"), cyan: paint("cyan"), red: paint("red"), yellow: paint("yellow") };
}

/** Text is easier to read in lines of at most this many characters, however wide the window is. */
const WIDEST_TEXT = 100;

/** Columns for running text: those of the terminal within reason, 80 where there is none. */
export const textWidth = (output: Output): number => Math.max(40, Math.min(output.columns ?? 80, WIDEST_TEXT));

/** Columns a text takes: colours take none, and the few letters of our own texts that are not Latin take one each. */
export const visibleWidth = (text: string): number => [...stripVTControlCharacters(text)].length;

/** Breaks running text at spaces into lines of at most `width` columns, the lines after the first indented. */
export function wrap(text: string, width: number, indent = ""): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/u).filter((part) => part !== "")) {
    const longer = line === "" ? (lines.length > 0 ? indent : "") + word : `${line} ${word}`;
    if (line !== "" && visibleWidth(longer) > width) {
      lines.push(line);
      line = indent + word;
    } else {
      line = longer;
    }
  }
  if (line !== "") lines.push(line);
  return lines.join("\n");
}

/** The text, or its start and an ellipsis, in at most `width` columns. */
export function truncate(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join("")}…`;
}

/** Pads on the right to `width` columns. */
export const pad = (text: string, width: number): string => text + " ".repeat(Math.max(0, width - visibleWidth(text)));
