// Gives a formula's tree its meaning: names, numbers of arguments and axes are checked, and the tree becomes a graph.

import { FormulaError, LosskitError, type LosskitErrorCode, nearest } from "../errors.js";
import { type Axes, CLASS, describeAxes, IMAGE, INSTANCE, NONE, VOXEL } from "./axes.js";
import { createGraph, type Graph, type Node } from "./node.js";
import {
  BINARY_FUNCTIONS,
  FUNCTION_NAMES,
  INSTANCE_NUMBERINGS,
  REDUCTIONS,
  ROUTINES,
  SPECIAL_FUNCTIONS,
  UNARY_FUNCTIONS,
} from "./operations.js";
import { CLASS_COUNT, checkGivenNames, INPUTS, RESERVED } from "./reserved-names.js";
import { type Expression, parse } from "./syntax.js";

/** What a formula may name besides its inputs `x`, `p`, `y`, `class` and `class_count`. */
export interface Names {
  /** Symbols of the parameters: one number, one number per class, or a classes × classes matrix. */
  readonly parameters?: Readonly<Record<string, "number" | "vector" | "matrix">>;
  /** Arrays that a call supplies per voxel: one for all classes, or one per class. */
  readonly fields?: Readonly<Record<string, "voxel" | "class-voxel">>;
}

export interface Formula {
  readonly text: string;
  readonly graph: Graph;
  /** The loss: varies at most over images and classes. */
  readonly loss: Node;
  /** What the lines above it call by a name. */
  readonly names: ReadonlyMap<string, Node>;
}

/**
 * Reads a formula and checks it. The text is only ever read, never run.
 *
 * @throws FormulaError with line, column and what was expected: FORMULA_SYNTAX, FORMULA_NAME, FORMULA_ARGUMENT,
 *   FORMULA_AXES or FORMULA_LIMIT; LosskitError DEFINITION for a parameter or field that cannot have its name.
 */
export function readFormula(text: string, names: Names = {}): Formula {
  const parameters = names.parameters ?? {};
  const fields = names.fields ?? {};
  checkGivenNames(Object.keys(parameters), Object.keys(fields));
  if (typeof text !== "string") {
    throw new LosskitError("FORMULA_SYNTAX", `a formula is a text, found ${text === null ? "null" : typeof text}`);
  }
  const statements = parse(text);
  const graph = createGraph();
  const defined = new Map<string, Node>();

  function fail(code: LosskitErrorCode, at: number, problem: string): never {
    throw new FormulaError(code, text, at, problem);
  }

  function readName(name: string, at: number): Node {
    const value = defined.get(name);
    if (value) return value;
    if ((INPUTS as readonly string[]).includes(name)) return graph.input(name as (typeof INPUTS)[number]);
    if (name === CLASS_COUNT) return graph.extent(CLASS);
    const parameter = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    if (parameter === "matrix") {
      return fail("FORMULA_ARGUMENT", at, `'${name}' is a matrix; it can only be the first argument of matmul(...)`);
    }
    if (parameter) return graph.parameter(name, parameter === "vector" ? CLASS : NONE);
    if (Object.hasOwn(fields, name)) {
      return graph.field(name, fields[name] === "voxel" ? IMAGE | VOXEL : IMAGE | CLASS | VOXEL);
    }
    if (FUNCTION_NAMES.includes(name))
      return fail("FORMULA_NAME", at, `'${name}' is a function: expected '${name}(…)'`);
    const known = [...defined.keys(), ...INPUTS, CLASS_COUNT, ...Object.keys(parameters), ...Object.keys(fields)];
    const similar = nearest(name, known);
    const hint = similar ? `did you mean '${similar}'?` : `expected one of ${known.join(", ")}`;
    return fail("FORMULA_NAME", at, `nothing is named '${name}'; ${hint}`);
  }

  function needAxis(node: Node, axis: Axes, name: string, at: number): void {
    if (node.axes & axis) return;
    const problem = `${name}(…) reduces over ${describeAxes(axis)}, but its argument varies over ${describeAxes(node.axes)}`;
    fail("FORMULA_AXES", at, problem);
  }

  function count(name: string, args: readonly Expression[], expected: readonly string[], at: number): void {
    if (args.length === expected.length) return;
    const signature = `${name}(${expected.join(", ")})`;
    fail("FORMULA_ARGUMENT", at, `expected ${signature}, found ${args.length} argument${args.length === 1 ? "" : "s"}`);
  }

  /** A comparison or an element-wise function may not mix instances with single voxels: neither contains the other. */
  function elementwise(node: Node, at: number): Node {
    if ((node.axes & (VOXEL | INSTANCE)) === (VOXEL | INSTANCE)) {
      fail(
        "FORMULA_AXES",
        at,
        "a value per instance and a value per voxel cannot be combined; reduce one of them first",
      );
    }
    return node;
  }

  function readCall(name: string, args: readonly Expression[], at: number): Node {
    if (Object.hasOwn(REDUCTIONS, name) && !(Object.hasOwn(BINARY_FUNCTIONS, name) && args.length !== 1)) {
      count(name, args, ["e"], at);
      const { kind, over } = REDUCTIONS[name];
      const e = read(args[0]);
      needAxis(e, over, name, args[0].at);
      if (over === IMAGE && e.axes & VOXEL) {
        fail("FORMULA_AXES", args[0].at, `${name}(…) joins values per image: reduce over voxels first`);
      }
      if (over === INSTANCE) instancesOf(e, args[0].at);
      return graph.reduce(kind, over, e);
    }
    if (Object.hasOwn(UNARY_FUNCTIONS, name)) {
      count(name, args, ["e"], at);
      return graph.apply(UNARY_FUNCTIONS[name], read(args[0]));
    }
    if (Object.hasOwn(BINARY_FUNCTIONS, name)) {
      count(name, args, ["a", "b"], at);
      return elementwise(graph.combine(BINARY_FUNCTIONS[name], read(args[0]), read(args[1])), at);
    }
    if (Object.hasOwn(ROUTINES, name)) return readRoutine(name, args, at);
    if (Object.hasOwn(SPECIAL_FUNCTIONS, name)) {
      count(name, args, SPECIAL_FUNCTIONS[name], at);
      return readSpecial(name, args, at);
    }
    const similar = nearest(name, FUNCTION_NAMES);
    const hint = similar ? `did you mean '${similar}'?` : `expected one of ${FUNCTION_NAMES.join(", ")}`;
    return fail("FORMULA_NAME", at, `no function is named '${name}'; ${hint}`);
  }

  function readSpecial(name: string, args: readonly Expression[], at: number): Node {
    switch (name) {
      case "where":
        return elementwise(graph.where(read(args[0]), read(args[1]), read(args[2])), at);
      case "clamp":
        return elementwise(graph.combine("min", graph.combine("max", read(args[0]), read(args[1])), read(args[2])), at);
      case "constant":
        return graph.stop(read(args[0]));
      case "sum_by": {
        const id = read(args[0]);
        if (!(id.op === "routine" && ROUTINES[id.name].numbersInstances)) {
          fail("FORMULA_ARGUMENT", args[0].at, `expected ${INSTANCE_NUMBERINGS}, which numbers the instances`);
        }
        const e = read(args[1]);
        needAxis(e, VOXEL, name, args[1].at);
        return graph.sumBy("sumBy", id, e);
      }
      default: {
        const matrix = args[0];
        if (matrix.kind !== "name" || parameters[matrix.name] !== "matrix") {
          return fail("FORMULA_ARGUMENT", matrix.at, "expected the name of a matrix parameter");
        }
        const e = read(args[1]);
        needAxis(e, CLASS, name, args[1].at);
        return graph.matmul(matrix.name, false, e);
      }
    }
  }

  function readRoutine(name: string, args: readonly Expression[], at: number): Node {
    const { voxelArguments, scalarArguments } = ROUTINES[name];
    count(name, args, [...voxelArguments, ...scalarArguments], at);
    const values = args.map((arg) => read(arg));
    values.forEach((value, i) => {
      if (i < voxelArguments.length) {
        if ((value.axes & (IMAGE | VOXEL)) !== (IMAGE | VOXEL) || value.axes & INSTANCE) {
          const problem = `expected a value per voxel, found one that varies over ${describeAxes(value.axes)}`;
          fail("FORMULA_AXES", args[i].at, problem);
        }
      } else if (!isSetting(value)) {
        fail(
          "FORMULA_ARGUMENT",
          args[i].at,
          `expected numbers and parameters only for ${scalarArguments[i - voxelArguments.length]}`,
        );
      }
    });
    const routine = graph.routine(name, values);
    // A routine that gives one value per class and image is written as a reduction of its map of voxels.
    return ROUTINES[name].gives === "groups" ? graph.reduce("sum", VOXEL, routine) : routine;
  }

  function read(expression: Expression): Node {
    switch (expression.kind) {
      case "number":
        return graph.number(expression.value);
      case "name":
        return readName(expression.name, expression.at);
      case "call":
        return readCall(expression.name, expression.args, expression.at);
      case "negative":
        return graph.neg(read(expression.arg));
      case "binary":
        return elementwise(
          readBinary(graph, expression.operator, read(expression.left), read(expression.right)),
          expression.at,
        );
    }
  }

  /** The one numbering of instances that a value per instance belongs to. */
  function instancesOf(node: Node, at: number): void {
    const ids = new Set<Node>();
    const seen = new Set<Node>();
    const visit = (value: Node) => {
      if (seen.has(value)) return;
      seen.add(value);
      if (value.op === "sumBy") ids.add(value.args[0]);
      else if (value.axes & INSTANCE) value.args.forEach(visit);
    };
    visit(node);
    if (ids.size !== 1) fail("FORMULA_AXES", at, "values of two different numberings of instances cannot be combined");
  }

  let loss: Node | undefined;
  statements.forEach((statement, i) => {
    const last = i === statements.length - 1;
    const { name, at } = statement;
    if (name === undefined && !last)
      fail("FORMULA_SYNTAX", at, "expected 'name = …': only the last line may be the loss alone");
    if (name !== undefined) {
      const taken = defined.has(name) || Object.hasOwn(parameters, name) || Object.hasOwn(fields, name);
      const reserved = RESERVED.includes(name);
      if (taken || reserved) {
        fail(
          "FORMULA_NAME",
          at,
          `'${name}' ${reserved ? "is a word of the language" : "has a value already"}; choose another name`,
        );
      }
    }
    const value = read(statement.expression);
    if (name !== undefined) defined.set(name, value);
    if (last) {
      if (name !== undefined && name !== "loss") {
        fail("FORMULA_SYNTAX", at, `expected 'loss = …' as the last line, found '${name} = …'`);
      }
      if (value.axes & VOXEL) {
        fail(
          "FORMULA_AXES",
          statement.expression.at,
          "the loss still varies over voxels; reduce it with mean(…) or sum(…)",
        );
      }
      if (value.axes & INSTANCE) {
        fail(
          "FORMULA_AXES",
          statement.expression.at,
          "the loss still varies over instances; reduce it with instances_mean(…)",
        );
      }
      loss = value;
    }
  });
  return { text, graph, loss: loss as Node, names: defined };
}

/** Whether a value is made of numbers and parameters alone, so that it is known before any voxel is read. */
function isSetting(node: Node): boolean {
  if (node.axes !== NONE || node.op === "input" || node.op === "reduce" || node.op === "extent") return false;
  return node.args.every(isSetting);
}

function readBinary(graph: Graph, operator: string, a: Node, b: Node): Node {
  switch (operator) {
    case "+":
      return graph.add(a, b);
    case "-":
      return graph.sub(a, b);
    case "*":
      return graph.mul(a, b);
    case "/":
      return graph.div(a, b);
    case "^":
      return graph.combine("pow", a, b);
    case "<":
      return graph.combine("lt", a, b);
    case "<=":
      return graph.combine("le", a, b);
    case ">":
      return graph.combine("lt", b, a);
    case ">=":
      return graph.combine("le", b, a);
    case "==":
      return graph.combine("eq", a, b);
    default:
      return graph.sub(graph.one, graph.combine("eq", a, b));
  }
}
