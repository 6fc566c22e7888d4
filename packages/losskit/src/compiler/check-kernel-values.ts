// Holds the values of a kernel to what their operations are: numbers and masks, what differs between classes, what they read.

import { type Effect, isReadFromRow, type Kernel, type KernelValue, type Stage } from "./kernel.js";

type Kind = "number" | "mask";

/** What each operation takes and gives: n a number, m a mask, in the order of its arguments, and behind the colon its own kind. */
const SIGNATURES: Readonly<Record<KernelValue["op"], string>> = {
  number: ":n",
  constant: ":n",
  load: ":n",
  isClass: ":m",
  isLabel: "n:m",
  isIgnored: ":m",
  add: "nn:n",
  sub: "nn:n",
  mul: "nn:n",
  div: "nn:n",
  min: "nn:n",
  max: "nn:n",
  neg: "n:n",
  abs: "n:n",
  sqrt: "n:n",
  exp: "n:n",
  expNegative: "n:n",
  expDifference: "nn:n",
  sigmoidNegative: "n:n",
  preciseSigmoidNegative: "n:n",
  log1pUnit: "n:n",
  log1pPositive: "n:n",
  log: "n:n",
  log1p: "n:n",
  expm1: "n:n",
  pow: "nn:n",
  copySign: "nn:n",
  lt: "nn:m",
  le: "nn:m",
  eq: "nn:m",
  not: "m:m",
  and: "mm:m",
  asFloat: "m:n",
  keep: "mn:n",
  select: "mnn:n",
  overClasses: "n:n",
  otherClasses: "n:n",
  matmul: "n:n",
};

const kind = (letter: string): Kind => (letter === "m" ? "mask" : "number");
const kindOf = ({ mask }: KernelValue): Kind => (mask ? "mask" : "number");

/** The values that some are made of, themselves included, each once; `stop` keeps the arguments of some out. */
export function valuesIn(roots: readonly KernelValue[], stop?: (value: KernelValue) => boolean): KernelValue[] {
  const seen = new Set<KernelValue>();
  const stack = [...roots];
  for (let value = stack.pop(); value; value = stack.pop()) {
    if (seen.has(value)) continue;
    seen.add(value);
    if (!stop?.(value)) stack.push(...value.args);
  }
  return [...seen];
}

/** The values that an effect takes. */
export function valuesOf(effect: Effect): KernelValue[] {
  if (effect.kind === "check") return [];
  return effect.kind === "product" ? [effect.value, effect.factor] : [effect.value];
}

/** The values that a stage computes, or reads from arrays, itself: not those that it finds in a row. */
export function computedIn(kernel: Kernel, { effects }: Stage, index: number): KernelValue[] {
  const isRead = (value: KernelValue) => isReadFromRow(kernel, value, index);
  return valuesIn(effects.flatMap(valuesOf), isRead).filter((value) => !isRead(value));
}

/** The array that a value reads itself. */
export const readsArray = ({ op }: KernelValue): boolean =>
  op === "load" || op === "isClass" || op === "isLabel" || op === "isIgnored";

/**
 * What is wrong with a value, whatever its stage.
 *
 * @returns a phrase that goes on after "value 7 (add)", or undefined
 */
export function problemOfValue(value: KernelValue, kernel: Kernel): string | undefined {
  const { op, args, data } = value;
  const signature = SIGNATURES[op];
  if (signature === undefined) return "is no operation of a kernel";
  const [takes, gives] = signature.split(":");
  if (args.length !== takes.length) return `has ${args.length} arguments and takes ${takes.length}`;
  const wrong = args.findIndex((arg, i) => kindOf(arg) !== kind(takes[i]));
  if (wrong >= 0) return `takes a ${kind(takes[wrong])} as argument ${wrong + 1}, and gets a ${kindOf(args[wrong])}`;
  if (kindOf(value) !== kind(gives)) return `is said to be a ${kindOf(value)} and is a ${kind(gives)}`;
  // Every value is made after those it is made of; one that is not could be made of itself.
  if (args.some(({ id }) => id >= value.id)) return "comes before an argument of its own";
  if (args.length === 0 || op === "isLabel") return problemOfLeaf(value, kernel);
  if (op === "otherClasses") return "stands only where the classes are still to be written out";
  if (op === "matmul") return problemOfProduct(value, kernel);
  if (op === "overClasses") {
    if (data !== 0 && data !== 1) return `joins the classes in a way ${data} that there is not`;
    if (value.perClass) return "is joined over the classes and is said to differ between them";
    if (value.uniform) return "is said to be the same for all voxels, but belongs to each of them";
    if (value.level !== args[0].level + 1)
      return `is said to need ${value.level} rounds and needs ${args[0].level + 1}`;
    return undefined;
  }
  if (value.perClass !== args.some(({ perClass }) => perClass)) {
    return value.perClass ? "is said to differ between classes and does not" : "differs between classes unsaid";
  }
  if (value.uniform !== args.every(({ uniform }) => uniform)) {
    return value.uniform ? "is said to be the same for all voxels and is not" : "is the same for all voxels unsaid";
  }
  const level = Math.max(...args.map((arg) => arg.level));
  return value.level === level ? undefined : `is said to need ${value.level} rounds and needs ${level}`;
}

function problemOfProduct({ args, data, perClass, uniform, level }: KernelValue, { constants }: Kernel) {
  const matrix = constants[data];
  if (!matrix) return `takes the matrix from slot ${data}, and the constants are ${constants.length}`;
  if (!matrix.perClass || (matrix.columns?.length ?? 0) < 2) return `takes slot ${data} for a matrix, and it is none`;
  if (!args[0].perClass) return "takes a vector that is the same for all classes";
  if (!perClass) return "differs between classes unsaid";
  if (uniform) return "is said to be the same for all voxels, but belongs to each of them";
  return level === args[0].level + 1 ? undefined : `is said to need ${level} rounds and needs ${args[0].level + 1}`;
}

function problemOfLeaf(value: KernelValue, { arrays, constants }: Kernel): string | undefined {
  const { op, args, data } = value;
  if (value.level !== 0) return `is said to need ${value.level} rounds and needs none`;
  if (value.uniform === readsArray(value)) {
    return value.uniform
      ? "is said to be the same for all voxels and is read for each"
      : "is the same for all voxels unsaid";
  }
  if (op === "number") return value.perClass ? "is said to differ between classes and does not" : undefined;
  const entry = op === "constant" ? constants[data] : arrays[data];
  if (!entry) {
    const list = op === "constant" ? `constants are ${constants.length}` : `arrays are ${arrays.length}`;
    return `reads slot ${data}, and the ${list}`;
  }
  // A label map is one stretch for all classes; which class it is compared with differs between them.
  const differs = op === "isClass" || entry.perClass;
  if (value.perClass !== differs) {
    return value.perClass
      ? `is said to differ between classes and slot ${data} does not`
      : `is read as if slot ${data} were the same for all classes`;
  }
  if (op === "constant") {
    const columns = constants[data].columns?.length ?? 1;
    return columns === 1 ? undefined : `reads slot ${data} as a number, which holds ${columns}`;
  }
  const { type, name } = arrays[data];
  if (op === "load") return type === "float32" ? undefined : `reads ${name}, whose labels are no numbers`;
  if (name !== "target" || type === "float32") return `compares ${name}, which holds no labels`;
  if (op === "isLabel" && !(args[0].op === "number" && Number.isInteger(args[0].data) && args[0].data >= 0)) {
    return "compares with something that is no label";
  }
  if (op === "isIgnored" && !constants.some(({ source }) => source === "ignore")) {
    return "looks for ignored voxels, and no constant says which they are";
  }
  return undefined;
}
