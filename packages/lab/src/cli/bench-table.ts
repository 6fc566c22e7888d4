// The table of `losskit bench`, as wide as the terminal.

import type { BenchSettings } from "./bench-options.js";
import type { Contestant, Measurement } from "./bench-run.js";
import { type Style, visibleWidth, wrap } from "./terminal.js";

interface Column {
  readonly head: string;
  readonly cell: (measurement: Measurement) => string;
  readonly left?: boolean;
  /** What it says, for the lines below the table. */
  readonly meaning?: string;
  /** The higher, the sooner a narrow terminal gives it up; 0 is always shown. */
  readonly spare: number;
}

const NOTHING = "–";

/** Text is easier to read in lines of at most this many characters. */
const WIDEST_TEXT = 100;
/** Spread above which times say more about the machine's other work than about the losses. */
const BUSY = 0.25;

const percent = (share: number): string => `${Math.round(100 * share)} %`;

/** Three significant digits. */
export const threeDigits = (value: number): string =>
  value >= 99.95 ? value.toFixed(0) : value >= 9.995 ? value.toFixed(1) : value.toFixed(2);

/** The fastest of the contestants, the reference left out. */
export function fastest({ times }: Measurement): number | undefined {
  const medians = (["plain", "single", "threads"] as const).flatMap((name) => times[name]?.median ?? []);
  return medians.length > 0 ? Math.min(...medians) : undefined;
}

/** Bytes per nanosecond are gigabytes per second. */
export const gigabytesPerSecond = (measurement: Measurement, nanoseconds: number): number =>
  measurement.bytesPerVoxel / nanoseconds;

/** Reference over the fastest of the others. */
export function speedup(measurement: Measurement): number | undefined {
  const [reference, best] = [measurement.times.reference?.median, fastest(measurement)];
  return reference !== undefined && best !== undefined ? reference / best : undefined;
}

/** The widest interquartile range of a row, as a share of its median. */
export const spread = ({ times }: Measurement): number =>
  Math.max(
    ...Object.values(times).map(({ median, lowerQuartile, upperQuartile }) => (upperQuartile - lowerQuartile) / median),
  );

function columnsFor(measurements: readonly Measurement[], threads: number): Column[] {
  const time = (name: Contestant) => (row: Measurement) => {
    const own = row.times[name];
    return own ? threeDigits(own.median) : NOTHING;
  };
  const orNothing = (value: number | undefined, show: (value: number) => string) =>
    value === undefined ? NOTHING : show(value);
  const columns: Column[] = [
    { head: "loss", left: true, spare: 0, cell: ({ loss, work }) => (work === "value" ? loss : "") },
    { head: "", left: true, spare: 0, cell: ({ work }) => (work === "value" ? "value" : "+ gradient") },
    { head: "reference", spare: 0, cell: time("reference"), meaning: "float64, one thread" },
    { head: "plain", spare: 3, cell: time("plain"), meaning: "WebAssembly, one thread, ordinary typed arrays" },
    { head: "1 thread", spare: 0, cell: time("single"), meaning: "WebAssembly, arrays from allocate()" },
    { head: `${threads} threads`, spare: 0, cell: time("threads"), meaning: "the same" },
    {
      head: "GB/s",
      spare: 2,
      cell: (row) => orNothing(fastest(row), (best) => threeDigits(gigabytesPerSecond(row, best))),
      meaning: "logits, labels and gradient, each moved once, in the shortest time",
    },
    {
      head: "faster",
      spare: 1,
      cell: (row) => orNothing(speedup(row), (times) => `${threeDigits(times)}x`),
      meaning: "reference by the shortest time",
    },
    {
      head: "spread",
      spare: 4,
      cell: (row) => percent(spread(row)),
      meaning: "widest interquartile range of the row, of its median",
    },
  ];
  return columns.filter(({ head }) => !head.endsWith("threads") || measurements.some((row) => row.times.threads));
}

/** The table and what its columns mean, in lines of at most `width` columns where the fewest columns fit. */
export function benchTable(
  measurements: readonly Measurement[],
  { voxels, channels, rounds, threads }: BenchSettings,
  width: number,
  style: Style,
): string {
  const all = columnsFor(measurements, threads);
  let columns = all;
  let lines = draw(measurements, columns, style);
  for (let spare = 4; spare > 0 && visibleWidth(lines[0]) > width; spare--) {
    columns = all.filter((column) => column.spare < spare);
    lines = draw(measurements, columns, style);
  }
  const size = Number.isInteger(Math.log2(voxels)) ? `2^${Math.log2(voxels)}` : String(voxels);
  const what = `Nanoseconds per voxel, medians of ${rounds} rounds: ${size} voxels, ${channels === 1 ? "1 channel" : `${channels} channels`}, float32 logits, a label map of bytes.`;
  const busy = Math.max(...measurements.map(spread)) > BUSY;
  const meanings = columns.flatMap(({ head, meaning }) => (meaning ? [`${head}: ${meaning}`] : [])).join("; ");
  const paragraph = (text: string) => wrap(text, Math.min(width, WIDEST_TEXT));
  const warning = `The spread reaches ${percent(Math.max(...measurements.map(spread)))}: something else was running. Measure again when the machine is idle.`;
  const notes = [style.dim(paragraph(what)), style.dim(paragraph(`${meanings}.`))];
  if (busy) notes.push(style.yellow(paragraph(warning)));
  return `${[...lines, "", ...notes].join("\n")}\n`;
}

/** The head and one line for each row, all of the same width but for blanks at their ends. */
function draw(measurements: readonly Measurement[], columns: readonly Column[], style: Style): string[] {
  const widths = columns.map(({ head, cell }) => Math.max(...[head, ...measurements.map(cell)].map(visibleWidth)));
  const line = (texts: readonly string[], paint: (text: string, column: Column) => string) =>
    texts
      .map((text, i) => {
        const blanks = " ".repeat(widths[i] - visibleWidth(text));
        const painted = paint(text, columns[i]);
        return columns[i].left ? painted + blanks : blanks + painted;
      })
      .join("  ")
      .trimEnd();
  return [
    line(
      columns.map(({ head }) => head),
      style.dim,
    ),
    ...measurements.map((row) =>
      line(
        columns.map(({ cell }) => cell(row)),
        (text, { head }) => (head === "loss" ? style.cyan(text) : head === "faster" ? style.bold(text) : text),
      ),
    ),
  ];
}
