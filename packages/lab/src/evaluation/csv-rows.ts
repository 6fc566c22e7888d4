// Reads CSV (RFC 4180): rows of fields, quoted or not, separated by commas or semicolons.

/** Rows of a CSV text; undefined where a quoted field does not end. Empty lines are left out. */
export function csvRows(text: string): string[][] | undefined {
  // Spreadsheets put a byte order mark in front, and in some countries write semicolons.
  const body = text.replace(/^\uFEFF/u, "");
  const separator = separatorOf(body);
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  const endRow = () => {
    if (row.length > 1 || row[0] !== "") rows.push(row);
    row = [];
  };
  while (at < body.length) {
    let field = "";
    if (body[at] === '"') {
      for (;;) {
        const end = body.indexOf('"', at + 1);
        if (end < 0) return undefined;
        field += body.slice(at + 1, end);
        at = end + 1;
        if (body[at] !== '"') break;
        field += '"';
      }
    }
    let end = at;
    while (end < body.length && body[end] !== separator && body[end] !== "\n" && body[end] !== "\r") end++;
    field += body.slice(at, end);
    row.push(field.trim());
    at = end + 1;
    if (body[end] === separator && end < body.length) {
      // A separator at the very end stands before an empty field.
      if (at === body.length) row.push("");
      continue;
    }
    if (body[end] === "\r" && body[at] === "\n") at++;
    endRow();
  }
  if (row.length > 0) endRow();
  return rows;
}

function separatorOf(body: string): "," | ";" {
  const [first] = body.split(/[\r\n]/u, 1);
  return !first!.includes(",") && first!.includes(";") ? ";" : ",";
}
