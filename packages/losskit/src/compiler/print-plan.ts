// A plan as text that a person can follow: what each pass over the voxels reads, computes and sums, and what happens between them.

import { CLASS, IMAGE, VOXEL } from "../formula/axes.js";
import { GRADIENT_OF_ROUTINE, type Node } from "../formula/node.js";
import type { KernelArray, KernelCheck } from "./kernel.js";
import type { Plan, PlanPass } from "./plan.js";
import { arrayName, createMarks, index, type KernelWords, printStages } from "./print-kernel.js";
import { knownNames } from "./print-names.js";
import { createNodePrinter, type NodePrinter } from "./print-nodes.js";
import { atom } from "./print-terms.js";
import { summandName } from "./schedule.js";

const TYPE_WORDS = { uint8: "bytes", int32: "32-bit integers", float32: "float32" } as const;

/** What is called what, and how passes are numbered: those that have a kernel, from 1. */
interface Words {
  readonly nodes: NodePrinter;
  sum(node: Node): string;
  array(array: KernelArray): string;
  readonly passes: readonly PlanPass[];
}

/**
 * The plan of a loss as text: the passes over the voxels with what they read, check, compute, sum and write, and the combine steps
 * between them. Values stand under the names of the formula where it has them; `[c]` marks what each class has for itself, `[o]` each object.
 *
 * @returns lines, the last with a line end
 */
export function printPlan(plan: Plan): string {
  const words = wordsFor(plan);
  const { nodes, passes } = words;
  const marksOf = createMarks();
  const lines = [headline(plan, passes.length)];
  const section = (title: string, own: readonly string[]) => {
    if (own.length > 0) lines.push("", title, ...own.map((line) => `  ${line}`));
  };
  for (const planPass of plan.passes) {
    const { pass, kernel } = planPass;
    const number = passes.indexOf(planPass) + 1;
    const first = planPass === plan.passes[0];
    section(
      first ? "BEFORE: from parameters alone" : "COMBINE: a few numbers, in float64",
      combine(planPass, plan, nodes),
    );
    const gathers = pass.voxels.filter(({ op }) => op === "gather");
    section(
      "OBJECTS: the numbers of each, written to its voxels",
      gathers.map((node) => `${storedName(words, node)} = gather(${node.args.map(nodes.text).join(", ")})`),
    );
    nodes.call(gathers, (node) => storedName(words, node));
    if (kernel) {
      const kernelWords: KernelWords = {
        array: words.array,
        freeName: nodes.freeName,
        constant(source, column) {
          const node = plan.graph.nodes[source];
          return column === undefined ? atom(nodes.text(node)) : nodes.element(node, column);
        },
        matrix: (source) => nodes.matrix(plan.graph.nodes[source]),
        sum(id, ofClass) {
          const node = plan.graph.nodes[id];
          return words.sum(node) + (node.axes & CLASS && ofClass !== undefined ? `[${ofClass}]` : "");
        },
        known: knownNames(plan, planPass, marksOf),
        marksOf,
      };
      const stages = printStages(kernel, kernelWords).filter((stage) => stage.lines.length > 0);
      section(`PASS ${number} of ${passes.length}: ${purpose(planPass)}`, [
        ...table(headOf(planPass, plan, words)),
        ...stages.flatMap((stage) => [
          `for each voxel${stage.perClass ? " and class c" : ""}:`,
          ...stage.lines.map((line) => `  ${line}`),
        ]),
      ]);
    }
    nodes.call(pass.reductions, words.sum);
    section(
      "OBJECTS: sums over the voxels of each, in float64",
      pass.reductions.flatMap((node) => {
        if (node.op !== "totalBy") return [];
        const summand = words.array({ name: summandName(node), perClass: false, type: "float32", access: "read" });
        return [`${nodes.text(node)} = sum_by(${nodes.text(node.args[0])}, ${summand})`];
      }),
    );
    section(
      "ROUTINES: each looks at all voxels of an image together",
      pass.routines.map((node) => {
        const stores = pass.stores.filter(({ routine }) => routine === node);
        const args = node.args.map((arg, i) => {
          const store = stores.find(({ argument }) => argument === i);
          return store ? storeName(words, node, i) : nodes.text(arg);
        });
        const name = node.name.replace(GRADIENT_OF_ROUTINE, "_gradient");
        return `${storedName(words, node)} = ${name}(${args.join(", ")})`;
      }),
    );
    nodes.call(pass.routines, (node) => storedName(words, node));
  }
  if (plan.context.ignores) lines.push("", "Voxels whose target is the ignore value do not count.");
  return `${lines.join("\n")}\n`;
}

const storedName = ({ array }: Pick<Words, "array">, { id }: Node) =>
  array({ name: `stored ${id}`, perClass: false, type: "float32", access: "read" });
const storeName = ({ array }: Pick<Words, "array">, { id }: Node, argument: number) =>
  array({ name: `stored ${id} argument ${argument}`, perClass: false, type: "float32", access: "write" });

function wordsFor(plan: Plan): Words {
  const nodes = createNodePrinter(plan);
  const reductions = plan.passes.flatMap(({ pass }) => pass.reductions);
  const sums = new Map(reductions.map((node, i) => [node, nodes.freeName(`S${i + 1}`)]));
  const stored = new Map<string, string>();
  for (const node of plan.passes.flatMap(({ pass }) => pass.routines)) {
    const name = node.name.replace(GRADIENT_OF_ROUTINE, "_gradient");
    stored.set(`stored ${node.id}`, nodes.freeName(`${name}_result`));
    node.args.forEach((arg, i) => {
      if (arg.axes & VOXEL) stored.set(`stored ${node.id} argument ${i}`, nodes.freeName(`${name}_argument${i + 1}`));
    });
  }
  for (const { pass } of plan.passes) {
    for (const node of pass.reductions) {
      if (node.op === "totalBy") stored.set(summandName(node), nodes.freeName("summed_by_object"));
    }
    for (const { op, id } of pass.voxels) {
      if (op === "gather" && !stored.has(`stored ${id}`)) stored.set(`stored ${id}`, nodes.freeName("of_object"));
    }
  }
  return {
    nodes,
    sum: (node) => sums.get(node) as string,
    array: (array) => (stored.has(array.name) ? stored.get(array.name) + index(array) : arrayName(array)),
    passes: plan.passes.filter(({ kernel }) => kernel),
  };
}

function headline({ context, results }: Plan, count: number): string {
  const { channels, activation, targetForm, targetType } = context;
  const heads = { sigmoid: "sigmoid", softmax: "softmax", none: "probabilities as given" };
  const target =
    targetForm === "labels"
      ? `labels as ${TYPE_WORDS[targetType]}`
      : `a target of ${TYPE_WORDS[targetType]} per channel`;
  const what = results.length > 1 ? "Value and gradient" : "Value";
  const passes = count === 1 ? "1 pass" : `${count} passes`;
  return `${what} in ${passes} over the voxels: ${channels === 1 ? "1 channel" : `${channels} channels`}, ${heads[activation]}, ${target}`;
}

function purpose({ pass, stash }: PlanPass): string {
  const parts = [
    ...(pass.reductions.some(({ op }) => op !== "totalBy") ? ["sums over the voxels"] : []),
    ...(pass.reductions.some(({ op }) => op === "totalBy") ? ["what is summed by object"] : []),
    ...(pass.stores.length > 0 ? ["what the routines need"] : []),
    ...(stash === "leaves" ? ["the stash"] : []),
    ...pass.outputs.map(({ op }) => (op === "activation" ? "the gradient" : "the loss of each voxel")),
  ];
  return parts.join(", ");
}

/** Rows of a table: what, name, and remarks. */
type Row = readonly [what: string, name: string, remark: string];

function headOf({ pass, kernel, stash }: PlanPass, { context }: Plan, words: Words): Row[] {
  const rows: Row[] = [];
  const listed = new Set<string>();
  for (const array of kernel?.arrays ?? []) {
    // Where the classes are written out, one line is for all of them.
    if (listed.has(array.name)) continue;
    listed.add(array.name);
    const name = words.array(array.class === undefined ? array : { ...array, class: undefined, perClass: true });
    const isStash = array.name === "gradient" && stash !== "none";
    const check = kernel?.checks.find((one) => kernel.arrays[one.array].name === array.name);
    const type = TYPE_WORDS[array.type] + (check ? checked(check, array, context) : "");
    const leaves = words.passes.findIndex((one) => one.stash === "leaves") + 1;
    if (array.access !== "write") rows.push(["reads", name, isStash ? `the stash of pass ${leaves}` : type]);
    if (array.access !== "read") {
      const stashed = "the stash: the smaller of p and 1 - p, negative where that is p";
      rows.push(["writes", name, stash === "leaves" && isStash ? stashed : type]);
    }
  }
  for (const node of pass.reductions) {
    if (node.op === "totalBy") continue;
    const name = words.sum(node) + (node.axes & CLASS && context.channels > 1 ? "[c]" : "");
    rows.push(["sums", `${name} = ${words.nodes.text(node)}${node.axes & IMAGE ? ", of each image" : ""}`, ""]);
  }
  return rows;
}

function checked(
  { limit, withoutSign }: KernelCheck,
  { name }: KernelArray,
  { channels, ignores }: Plan["context"],
): string {
  const or = name === "target" && ignores ? ", or ignore" : "";
  if (limit === 1 || (limit === "classes" && channels === 1)) return `, checked: 0 or 1${or}`;
  if (limit === "classes") return `, checked: 0 to ${channels - 1}${or}`;
  if (limit === ONE_BITS) return `, checked: 0 to 1${or}`;
  return withoutSign ? ", checked: finite" : ", checked: finite, from 0";
}

/** The bits of 1 as float32. */
const ONE_BITS = 0x3f800000;

/** The same word in the first column stands once; the second is as wide as it must be. */
function table(rows: readonly Row[]): string[] {
  const sorted = ["reads", "writes", "sums"].flatMap((kind) => rows.filter(([what]) => what === kind));
  const width = Math.max(0, ...sorted.filter(([what]) => what !== "sums").map(([, name]) => name.length));
  return sorted.flatMap(([what, name, remark], i) => {
    const first = sorted[i - 1]?.[0] === what ? "" : what;
    const [line, ...rest] = broken(`${name.padEnd(width)}  ${remark}`.trimEnd());
    return [first.padEnd(COLUMN) + line, ...rest.map((part) => " ".repeat(COLUMN + 2) + part)];
  });
}

const COLUMN = 8;
/** Characters of a line. */
const WIDTH = 100;

/** A long sum over several lines, broken before an operator. */
function broken(text: string): string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > WIDTH) {
    const at = Math.max(...[" + ", " - ", " * "].map((operator) => rest.lastIndexOf(operator, WIDTH)));
    if (at <= 0) break;
    lines.push(rest.slice(0, at));
    rest = rest.slice(at + 1);
  }
  return [...lines, rest];
}

/** The combine step before a pass: what its kernel and routines need, and the results that are there by then. */
function combine({ pass, kernel }: PlanPass, { graph, results }: Plan, nodes: NodePrinter): string[] {
  const groups = new Set(pass.groups);
  const wanted = new Map<Node, string>();
  for (const node of results) if (groups.has(node)) wanted.set(node, "loss");
  for (const { source } of kernel?.constants ?? []) {
    const node = source === "ignore" ? undefined : graph.nodes[source];
    if (node && !(node.axes & VOXEL) && !wanted.has(node)) wanted.set(node, "k");
  }
  for (const { op, args } of pass.voxels) if (op === "gather" && !wanted.has(args[0])) wanted.set(args[0], "k");
  return nodes.define([...wanted.keys()], (node) => wanted.get(node) as string);
}
