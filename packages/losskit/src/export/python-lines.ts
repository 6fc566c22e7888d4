// Breaks long lines of generated Python as Black does: brackets open at the end of a line, and what is inside is moved in.

/** Longest line of generated Python, as Black's users often set it. */
export const WIDTH = 100;

/** Operators from the loosest to the tightest, as they stand between their operands. */
const OPERATORS = [
  [" if ", " else "],
  [" != ", " == ", " <= ", " >= ", " < ", " > "],
  [" + ", " - "],
  [" * ", " / "],
];

/**
 * A statement over as many lines as it needs: `name = expression`, `return expression` or an expression.
 *
 * @param indent columns that the line will be moved in
 */
export function brokenStatement(line: string, indent: number): string {
  if (indent + line.length <= WIDTH) return line;
  const head = /^(?:return |\w+ = )?/u.exec(line)?.[0] ?? "";
  return laidOut(head, line.slice(head.length), "", WIDTH - indent).join("\n");
}

/** An expression between a head and a tail that stand on its first and its last line. */
function laidOut(head: string, expression: string, tail: string, width: number): string[] {
  const line = head + expression + tail;
  if (line.length <= width) return [line];
  if (operands(expression).length > 1) return [`${head}(`, ...inside(expression, width), `)${tail}`];
  const bracket = longestBracket(expression);
  if (!bracket) return [line];
  const { from, to } = bracket;
  return [
    head + expression.slice(0, from + 1),
    ...inside(expression.slice(from + 1, to), width),
    expression.slice(to) + tail,
  ];
}

/** What stands between two brackets, moved in: on one line where it fits, else an argument or an operand a line. */
function inside(text: string, outer: number): string[] {
  const width = outer - 4;
  const lines = () => {
    if (text.length <= width) return [text];
    const args = split(text, [", "]);
    if (args.length > 1) return args.flatMap(({ text: arg }) => laidOut("", arg, ",", width));
    const parts = operands(text);
    if (parts.length > 1) return parts.flatMap(({ operator, text: part }) => laidOut(operator, part, "", width));
    return laidOut("", text, "", width);
  };
  return lines().map((line) => `    ${line}`);
}

interface Piece {
  /** What stood before it: "+ ", or nothing. */
  readonly operator: string;
  readonly text: string;
}

/** Operands of the loosest operators outside of brackets. */
function operands(expression: string): Piece[] {
  for (const operators of OPERATORS) {
    const pieces = split(expression, operators);
    if (pieces.length > 1) return pieces;
  }
  return [{ operator: "", text: expression }];
}

/** Pieces between separators that stand outside of brackets. */
function split(text: string, separators: readonly string[]): Piece[] {
  const pieces: Piece[] = [];
  let [depth, start, operator] = [0, 0, ""];
  for (let i = 0; i < text.length; i++) {
    if ("([{".includes(text[i])) depth++;
    else if (")]}".includes(text[i])) depth--;
    const separator = depth === 0 ? separators.find((one) => text.startsWith(one, i)) : undefined;
    if (!separator) continue;
    pieces.push({ operator, text: text.slice(start, i) });
    operator = separator.trimStart();
    start = i + separator.length;
    i = start - 1;
  }
  return [...pieces, { operator, text: text.slice(start) }];
}

/** The pair of outermost round brackets with the most between them. */
function longestBracket(text: string): { readonly from: number; readonly to: number } | undefined {
  let best: { from: number; to: number } | undefined;
  let [depth, from] = [0, 0];
  for (let i = 0; i < text.length; i++) {
    if ("([{".includes(text[i]) && depth++ === 0) from = i;
    if (!")]}".includes(text[i]) || --depth > 0) continue;
    if (text[i] === ")" && i - from > (best ? best.to - best.from : 1)) best = { from, to: i };
  }
  return best;
}
