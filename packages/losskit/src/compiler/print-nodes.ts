// The combine step of a plan as text: values without voxels, by their names and as infix expressions.

import { CLASS, describeAxes, IMAGE, INSTANCE, VOXEL } from "../formula/axes.js";
import { GRADIENT_OF_ROUTINE, type Node, reachable } from "../formula/node.js";
import type { Plan } from "./plan.js";
import { atom, BINDS, call, createNames, infix, LONGEST_PART, number, operation, type Term } from "./print-terms.js";

export interface NodePrinter {
  /** Lines that give some nodes names, and what they need names for of what has none yet. */
  define(nodes: readonly Node[], nameOf: (node: Node) => string): string[];
  /** Gives nodes names without a line of their own: what a pass has summed or a routine has made. */
  call(nodes: readonly Node[], nameOf: (node: Node) => string): void;
  /** The node by its name or as an expression; of voxel values as a formula has them. */
  text(node: Node): string;
  /** The matrix of a matmul node. */
  matrix(node: Node): Term;
  /** Its element in the row of class c and in a column. */
  element(node: Node, column: number): Term;
  /** A name that nothing else has. */
  readonly freeName: (wanted: string) => string;
}

const INPUTS: Readonly<Record<string, Term>> = {
  weight: atom("voxel_weight"),
  q: { text: "1 - p", binds: BINDS.add },
  logP: atom("log(p)"),
  logQ: atom("log(1 - p)"),
};

/** What kernels and the formula call their inputs. */
const OWN_WORDS = [
  "x",
  "p",
  "q",
  "y",
  "c",
  "log_p",
  "log_q",
  "small",
  "large",
  "logits",
  "target",
  "weights",
  "gradient",
  "values",
  "ignore",
  "o",
];

/** A name of the formula where it is none of our own words: a parameter q is not the q that is 1 - p. */
export const apart = (name: string, kind: "parameter" | "field"): string =>
  OWN_WORDS.includes(name) ? `${name}_${kind}` : name;

/** What a graph adds to the parameters of a formula: compiler/program.ts and losses/bind.ts. */
const ADDED: Readonly<Record<string, string>> = { weight: "weight", selected: "counted", classWeights: "class_weight" };

export function createNodePrinter({ graph, context }: Plan): NodePrinter {
  const parameters = graph.nodes.filter(({ op }) => op === "parameter" || op === "matmul").map(({ name }) => name);
  const terms = new Set(parameters.map((name) => name.split(".")[0]));
  const fields = graph.nodes.filter(({ op }) => op === "field").map(({ name }) => apart(name, "field"));
  const freeName = createNames([...OWN_WORDS, ...fields, ...parameters.map(parameterName)]);
  const known = new Map<Node, Term>();

  function parameterName(name: string): string {
    const [term, ...rest] = name.split(".");
    const symbol = rest.join(".");
    const own = symbol.startsWith(":") ? (ADDED[symbol.slice(1)] ?? symbol.slice(1)) : apart(symbol, "parameter");
    return terms.size > 1 ? `${own}.${Number(term) + 1}` : own;
  }

  const indexed = (name: string, { axes }: Node) =>
    name + (axes & CLASS && context.channels > 1 ? "[c]" : "") + (axes & INSTANCE ? "[o]" : "");

  function matrix({ name, value }: Node): Term {
    const own = atom(parameterName(name));
    return value === 1 ? call("transpose", own) : own;
  }
  const element = ({ name, value }: Node, column: number): Term =>
    atom(parameterName(name) + (value === 1 ? `[${column}][c]` : `[c][${column}]`));
  /** The column that a matrix times the vector of one class is. */
  const columnOf = ({ args: [vector] }: Node): number | undefined =>
    vector.op === "eq" && vector.args[0].name === "class" && vector.args[1].op === "number"
      ? vector.args[1].value
      : undefined;

  /** One channel: there is nothing to sum over. */
  const isAlone = ({ over }: Node) => over === CLASS && context.channels === 1;

  function termOf(node: Node, args: readonly Term[]): Term {
    switch (node.op) {
      case "number":
        return number(node.value);
      case "parameter":
        return atom(indexed(parameterName(node.name), node));
      case "input":
        return INPUTS[node.name] ?? atom(node.name);
      case "field":
        return atom(apart(node.name, "field"));
      case "stop":
        return args[0];
      case "total":
        if (isAlone(node)) return args[0];
        return call(reducer("sum", node), ...args);
      case "largest":
        return call(reducer("max", node), ...args);
      case "smallest":
        return call(reducer("min", node), ...args);
      case "extent":
        return extent(node, context.channels);
      case "routine":
        return call(node.name.replace(GRADIENT_OF_ROUTINE, "_gradient"), ...args);
      case "activation":
        return call("along_logits", ...args);
      case "matmul": {
        const column = columnOf(node);
        return column === undefined ? call("matmul", matrix(node), ...args) : element(node, column);
      }
      case "totalBy":
        return call("sum_by", ...args);
      case "instanceNumber":
        return atom("o");
      default:
        return operation(node.op, args) ?? call(node.op, ...args);
    }
  }

  /** Terms of everything that some nodes are made of; what is long or used twice goes through `shorten`. */
  function visit(roots: readonly Node[], shorten?: (node: Node, term: Term, uses: number) => Term): void {
    const nodes = reachable(roots);
    const uses = new Map<Node, number>();
    for (const node of nodes) for (const arg of node.args) uses.set(arg, (uses.get(arg) ?? 0) + 1);
    for (const node of nodes) {
      if (known.has(node)) continue;
      const term = termOf(
        node,
        node.args.map((arg) => known.get(arg) as Term),
      );
      known.set(node, shorten?.(node, term, uses.get(node) ?? 0) ?? term);
    }
  }

  return {
    freeName,
    define(nodes, nameOf) {
      const lines: string[] = [];
      const wanted = new Set(nodes);
      const isSimple = (node: Node) => node.args.length === 0 || node.op === "stop";
      visit(nodes, (node, term, uses) => {
        const own = wanted.has(node);
        const shared = uses > 1 && term.text.length > 8;
        if (isSimple(node) || !(own || shared || term.text.length > LONGEST_PART)) return term;
        const name = indexed(freeName(own ? nameOf(node) : "t"), node);
        lines.push(`${name} = ${term.text}`);
        return atom(name);
      });
      return lines;
    },
    call(nodes, nameOf) {
      for (const node of nodes) known.set(node, atom(indexed(nameOf(node), node)));
    },
    text(node) {
      visit([node]);
      return (known.get(node) as Term).text;
    },
    matrix,
    element,
  };
}

/** As the formula language has it where only one axis goes; the voxels are understood. */
function reducer(kind: string, { over }: Node): string {
  if (over & VOXEL) return kind;
  const [axis] = describeAxes(over).split(/,| and /u);
  return over === CLASS || over === IMAGE || over === INSTANCE ? `${axis}_${kind}` : `all_${kind}`;
}

function extent({ over }: Node, channels: number): Term {
  const axes = ([IMAGE, CLASS, VOXEL] as const).filter((axis) => over & axis && !(axis === CLASS && channels === 1));
  const factors = axes.map((axis) => atom(describeAxes(axis)));
  return factors.length === 0
    ? number(1)
    : factors.reduce((product, next) => infix("*", BINDS.multiply, product, next));
}
