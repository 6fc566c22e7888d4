// Tables in Markdown with columns of one width, as the repository's formatter wants them.

/**
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} rows as many cells as the head has
 * @param {readonly ("left" | "right")[]} sides one a column
 */
export function markdownTable(head, rows, sides) {
  const widths = head.map((_, i) =>
    Math.max(3 + (sides[i] === "right"), ...[head, ...rows].map((row) => row[i].length)),
  );
  const pad = (cell, i) => (sides[i] === "right" ? cell.padStart(widths[i]) : cell.padEnd(widths[i]));
  const rule = widths.map((width, i) => (sides[i] === "right" ? `${"-".repeat(width - 1)}:` : "-".repeat(width)));
  return [head.map(pad), rule, ...rows.map((row) => row.map(pad))]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}
