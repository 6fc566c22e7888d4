// How far exported code is from our own value and gradient: bounds that the pages state and the tests of the exports hold.

/** Largest difference of the value, beside 1 or the value, and of the gradient, beside its largest element. */
export interface Difference {
  readonly value: number;
  readonly gradient: number;
}

/** Of one loss in one framework. */
export interface Agreement {
  readonly float64: Difference;
  readonly float32: Difference;
  readonly runs: number;
}

export const FRAMEWORKS = ["pytorch", "keras"] as const;
export type Framework = (typeof FRAMEWORKS)[number];

/** By framework and by loss; a loss that a framework cannot express is not there. */
export type AgreementFigures = Readonly<Record<Framework, Readonly<Record<string, Agreement>>>>;

/** Four steps of rounding: a smaller difference says nothing of the code. */
const STEPS = { float64: 4 * 2 ** -52, float32: 4 * 2 ** -23 };
/** What the tests hold every loss to, but those with a reason. */
const ALLOWED = { float64: 1e-9, float32: 1e-6 };

/**
 * What a page may promise after a measurement, to one digit: twice the difference, since other processors round elsewhere, but not more than the tests
 * allow, and at least four steps of rounding.
 */
export function promised({ float64, float32, runs }: Agreement): Agreement {
  const both = ({ value, gradient }: Difference, type: "float64" | "float32") => {
    const up = (measured: number) =>
      Math.max(roundUp(Math.max(measured, STEPS[type])), Math.min(roundUp(2 * measured), ALLOWED[type]));
    return { value: up(value), gradient: up(gradient) };
  };
  return { float64: both(float64, "float64"), float32: both(float32, "float32"), runs };
}

/** To one digit, never down: 3e-16 from 2.22e-16. */
function roundUp(value: number): number {
  if (value === 0) return 0;
  const power = Math.floor(Math.log10(value));
  // Dividing by a power of ten, and not multiplying with one, gives the nearest number to the decimal.
  const digit = Math.ceil(Number((value / 10 ** power).toPrecision(12)));
  return Number(`${digit}e${power}`);
}

/** Bounds for the file: those that still fit what was measured stay, so that another machine changes nothing without a reason. */
export function renewed(
  stored: Readonly<Record<string, Agreement>>,
  measured: Readonly<Record<string, Agreement>>,
): Record<string, Agreement> {
  const entries = Object.entries(measured).map(([loss, now]) => {
    const before = stored[loss];
    const stays = before !== undefined && before.runs === now.runs && fits(before, now);
    return [loss, stays ? before : promised(now)] as const;
  });
  return Object.fromEntries(entries);
}

/** A bound far above what is measured hides a fault that comes later. */
const FAR = 10;

function fits(before: Agreement, now: Agreement): boolean {
  const most = promised(now);
  return (["float64", "float32"] as const).every((type) =>
    (["value", "gradient"] as const).every(
      (of) => now[type][of] <= before[type][of] && before[type][of] <= FAR * most[type][of],
    ),
  );
}

/** The file's text: a line for each loss, so that a diff shows which changed. */
export function figuresText(figures: AgreementFigures): string {
  const frameworks = FRAMEWORKS.map((framework) => {
    const lines = Object.entries(figures[framework]).map(([loss, of]) => `    "${loss}": ${JSON.stringify(of)}`);
    return `  "${framework}": {\n${lines.join(",\n")}\n  }`;
  });
  return `{\n${frameworks.join(",\n")}\n}\n`;
}
