// Which loss works where, found by trying: every loss is exported to every target, with every head, weights and ignored voxels.

import type { Activation, Loss } from "losskit";
import { type ExportOptions, type ExportTarget, exportLoss } from "losskit/export";
import { allLosses } from "losskit/losses";
import { attempt, reasonOf } from "./loss-code.js";
import { table } from "./markdown.js";

/** A way to have a loss computed: it throws where there is none. */
type Way = (loss: Loss, options: ExportOptions) => unknown;

const EXPORTED: Readonly<Record<string, ExportTarget>> = {
  PyTorch: "pytorch",
  Keras: "keras",
  ONNX: "onnx",
};

/** By what computes the loss. The kernels are those of WebAssembly; a plan says whether there are some. */
const COMPUTED: Readonly<Record<string, Way>> = {
  kernels: planned,
  ...Object.fromEntries(
    Object.entries(EXPORTED).map(([title, to]) => [
      title,
      (loss: Loss, options: ExportOptions) => exported(loss, to, options),
    ]),
  ),
};

const exported = (loss: Loss, to: ExportTarget, options: ExportOptions = {}): unknown =>
  to === "onnx" ? exportLoss(loss, to, options) : exportLoss(loss, to, options);

/** The smallest call that the loss takes. */
function planned(loss: Loss, { weights, ignore }: ExportOptions): unknown {
  const activation: Activation = takes(loss, "sigmoid") ? "sigmoid" : "softmax";
  const channels = loss.refusal({ channels: 1, activation }) === undefined ? 1 : 2;
  const shape = [1, channels, 4, 4];
  const values = new Float32Array(channels * 16);
  const names = loss.terms.flatMap(({ definition }) => Object.entries(definition.fields ?? {}));
  const fields = Object.fromEntries(
    names.map(([name, form]) => [name, form === "voxel" ? new Float32Array(16) : new Float32Array(values.length)]),
  );
  return loss.plan(values, new Uint8Array(16), {
    shape,
    activation,
    fields,
    ...(weights && { weights: new Float32Array(16) }),
    ...(ignore !== undefined && { ignore }),
  });
}

/** With one channel for a sigmoid or probabilities, else with two. */
const takes = (loss: Loss, activation: Activation): boolean =>
  [1, 2].some((channels) => loss.refusal({ channels, activation }) === undefined);

/** What the training code may hand over beside the target. */
const OPTIONS: Readonly<Record<string, ExportOptions>> = {
  weights: { weights: true },
  ignore: { ignore: 255 },
};

/** The network's last layer, as a call names it. */
const ACTIVATIONS = ["sigmoid", "softmax", "none"] as const satisfies readonly Activation[];

const [YES, NO] = ["✓", "–"];

/**
 * The table as Markdown, with the reasons as footnotes.
 *
 * @throws Error where an option works in one place and not in another, which one cell cannot say
 */
export function supportTable(): string {
  const reasons: string[] = [];
  const cell = (refused: string | undefined): string => {
    if (refused === undefined) return YES;
    const reason = reasonOf(refused);
    if (!reasons.includes(reason)) reasons.push(reason);
    return `${NO}[^${reasons.indexOf(reason) + 1}]`;
  };
  const titles = [...ACTIVATIONS.map((activation) => (activation === "none" ? "probabilities" : activation))];
  const head = ["loss", ...titles, ...Object.keys(COMPUTED), "nnU-Net", "LaTeX", ...Object.keys(OPTIONS)];
  const rows = allLosses.map((factory) => {
    const { name } = factory.definition;
    const loss = factory();
    const ways = Object.values(COMPUTED);
    const refusals = ways.map((way) => attempt(() => way(loss, {})).refused);
    const working = ways.filter((_, i) => refusals[i] === undefined);
    return [
      `[${name}](losses/${name}.md)`,
      ...ACTIVATIONS.map((activation) => (takes(loss, activation) ? YES : NO)),
      ...refusals.map(cell),
      cell(attempt(() => exported(loss, "nnunet")).refused),
      cell(attempt(() => exported(loss, "latex")).refused),
      ...Object.values(OPTIONS).map((options) => cell(optionRefusal(loss, working, options))),
    ];
  });
  const notes = reasons.map((reason, i) => `[^${i + 1}]: ${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`);
  return `${table(head, rows)}\n\n${notes.join("\n")}`;
}

const [START, END] = ["<!-- support -->", "<!-- end of support -->"];

/**
 * docs/exports.md with the table in its place.
 *
 * @throws Error where the page has no place for it
 */
export function withSupportTable(page: string): string {
  const [from, to] = [page.indexOf(START), page.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`the page has no place for the table: "${START}" before "${END}"`);
  return `${page.slice(0, from)}${START}\n\n${supportTable()}\n\n${page.slice(to)}`;
}

/** Why a loss does not take an option; the same wherever the loss works at all. */
function optionRefusal(loss: Loss, ways: readonly Way[], options: ExportOptions): string | undefined {
  const answers = new Set(ways.map((way) => attempt(() => way(loss, options)).refused));
  if (answers.size > 1) {
    const names = loss.terms.map(({ definition }) => definition.name).join(" + ");
    throw new Error(`${names}, ${JSON.stringify(options)}, is taken in some places only: ${[...answers].join("; ")}`);
  }
  return [...answers][0];
}
