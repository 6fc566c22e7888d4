// Writes the classes of a kernel out where they are few: what would wait in rows between rounds over the classes stays in registers.

import type { Activation } from "../formula/options.js";
import type { FloatOp, KernelArray, KernelCheck, KernelConstant, KernelSum, KernelValue } from "./kernel.js";
import { createKernelValues, type KernelValues, LARGEST_FLOAT } from "./kernel-values.js";
import type { Wanted } from "./stages.js";

/** Most classes that are written out: with more, their sums no longer fit into the registers (16 on x86). */
const MOST_UNROLLED = 4;

/**
 * Whether a kernel's classes are written out. Softmax gains by it: its classes need one another. Where each class stands for itself there is nothing to
 * wait for, and a loop over the classes makes smaller code.
 */
export const writesOutClasses = (context: {
  readonly channels: number;
  readonly activation: Activation;
  readonly loops: boolean;
}): boolean => context.activation === "softmax" && context.channels <= MOST_UNROLLED && !context.loops;

/** A kernel before its stages. */
export interface KernelParts {
  readonly arrays: readonly KernelArray[];
  readonly constants: readonly KernelConstant[];
  readonly sums: readonly KernelSum[];
  readonly checks: readonly KernelCheck[];
  readonly wanted: readonly Wanted[];
}

/**
 * The same kernel for a known number of classes, with nothing per class left in it.
 *
 * @param joinsClasses whether the classes of a sum are only ever added up, so that one sum is enough for them
 */
export function unrollClasses(
  parts: KernelParts,
  classes: number,
  joinsClasses: (sum: KernelSum) => boolean,
): KernelParts {
  // Slots have another meaning than before, so these values are a set of their own.
  const k = createKernelValues();
  const everyClass = Array.from({ length: classes }, (_, c) => c);
  const arrays = unrolled(parts.arrays, classes);
  const constants = unrolledConstants(parts.constants, classes);
  const sums: KernelSum[] = [];
  const wanted: Wanted[] = [];

  const made = new Map<KernelValue, KernelValue[]>();
  /** The value for one class; one that does not differ between classes is the same for all. */
  function ofClass(value: KernelValue, c: number): KernelValue {
    const own = made.get(value) ?? [];
    made.set(value, own);
    const at = value.perClass ? c : 0;
    own[at] ??= instantiate(value, c);
    return own[at];
  }

  function instantiate(value: KernelValue, c: number): KernelValue {
    const { op, data } = value;
    const args = () => value.args.map((arg) => ofClass(arg, c));
    switch (op) {
      case "number":
        return k.number(data);
      case "constant":
        return k.constant(constants.slot(data, c), false);
      case "load":
        return k.load(arrays.slot(data, c), false);
      case "isClass":
        return k.label("isLabel", arrays.slot(data, c), false, c);
      case "isLabel":
        return k.label(op, arrays.slot(data, c), false, value.args[0].data);
      case "isIgnored":
        return k.label(op, arrays.slot(data, c), false);
      case "overClasses": {
        const each = everyClass.map((own) => ofClass(value.args[0], own));
        return pairwise(each, (a, b) => k.binary(data === 1 ? "max" : "add", a, b));
      }
      case "otherClasses": {
        const each = everyClass.map((own) => ofClass(value.args[0], own));
        return value.data === 1 ? largestOfOthers(each, c) : sumOfOthers(each, c);
      }
      case "matmul": {
        const products = everyClass.map((own) =>
          k.binary("mul", k.constant(constants.slot(data, c, own), false), ofClass(value.args[0], own)),
        );
        return pairwise(products, (a, b) => k.binary("add", a, b));
      }
      default:
        return rebuilt(k, value, args());
    }
  }

  /** By halves, so that classes share the sums of the half that they are not in. */
  function sumOfOthers(values: readonly KernelValue[], without: number): KernelValue {
    if (values.length === 1) return k.zero;
    const half = Math.ceil(values.length / 2);
    const [left, right] = [values.slice(0, half), values.slice(half)];
    const add = (a: KernelValue, b: KernelValue) => k.binary("add", a, b);
    return without < half
      ? add(sumOfOthers(left, without), pairwise(right, add))
      : add(pairwise(left, add), sumOfOthers(right, without - half));
  }

  function largestOfOthers(values: readonly KernelValue[], without: number): KernelValue {
    const others = values.filter((_, own) => own !== without);
    return others.length === 0 ? k.number(-LARGEST_FLOAT) : pairwise(others, (a, b) => k.binary("max", a, b));
  }

  for (const entry of parts.wanted) {
    if (entry.kind === "check") continue;
    if (entry.kind === "write") {
      const { perClass } = parts.arrays[entry.array];
      for (const c of perClass ? everyClass : [0]) {
        wanted.push({ ...entry, array: arrays.slot(entry.array, c), value: ofClass(entry.value, c) });
      }
      continue;
    }
    const sum = parts.sums[entry.sum];
    const add = (c: number, own: KernelSum, value: KernelValue) => {
      const { product, factor } = entry;
      const logarithm = product && factor ? { product: ofClass(product, c), factor: ofClass(factor, c) } : {};
      wanted.push({ kind: "sum", sum: sums.push(own) - 1, value, ...logarithm });
    };
    if (!sum.perClass) add(0, sum, ofClass(entry.value, 0));
    else if (joinsClasses(sum) && !entry.product) {
      const all = everyClass.map((c) => ofClass(entry.value, c));
      add(
        0,
        { ...sum, perClass: false },
        pairwise(all, (a, b) => k.binary("add", a, b)),
      );
    } else for (const c of everyClass) add(c, { ...sum, perClass: false, class: c }, ofClass(entry.value, c));
  }
  const checks = parts.checks.flatMap((check) =>
    (parts.arrays[check.array].perClass ? everyClass : [0]).map((c) => ({
      ...check,
      array: arrays.slot(check.array, c),
    })),
  );
  checks.forEach(({ array }, check) => {
    wanted.push({ kind: "check", check, array, perClass: false });
  });
  return { arrays: arrays.entries, constants: constants.entries, sums, checks, wanted };
}

/** Sums of halves: shorter chains of dependent operations, and smaller errors, than one after the other. */
function pairwise(values: readonly KernelValue[], join: (a: KernelValue, b: KernelValue) => KernelValue): KernelValue {
  if (values.length === 1) return values[0];
  const half = Math.ceil(values.length / 2);
  return join(pairwise(values.slice(0, half), join), pairwise(values.slice(half), join));
}

/** Entries per class become one entry for each of them. */
function unrolled<Entry extends { readonly perClass: boolean }>(list: readonly Entry[], classes: number) {
  const entries: (Entry & { readonly class?: number })[] = [];
  const first = list.map((entry) => {
    const slot = entries.length;
    if (entry.perClass) for (let c = 0; c < classes; c++) entries.push({ ...entry, perClass: false, class: c });
    else entries.push(entry);
    return slot;
  });
  return { entries, slot: (slot: number, c: number) => first[slot] + (list[slot].perClass ? c : 0) };
}

/** A row of a matrix becomes one entry for each of its elements. */
function unrolledConstants(list: readonly KernelConstant[], classes: number) {
  const entries: KernelConstant[] = [];
  const first = list.map((entry) => {
    const slot = entries.length;
    const { perClass, columns, ...rest } = entry;
    if (!perClass) entries.push(entry);
    else {
      for (let c = 0; c < classes; c++) {
        const own = { ...rest, perClass: false, class: c };
        if (!columns) entries.push(own);
        else for (const column of columns) entries.push({ ...own, columns: [column] });
      }
    }
    return slot;
  });
  const slot = (of: number, c: number, column = 0) => {
    const { perClass, columns } = list[of];
    return first[of] + (perClass ? c * (columns?.length ?? 1) + column : 0);
  };
  return { entries, slot };
}

function rebuilt(k: KernelValues, { op }: KernelValue, args: readonly KernelValue[]): KernelValue {
  const [a, b, c] = args;
  switch (op) {
    case "not":
      return k.not(a);
    case "and":
      return k.and(a, b);
    case "lt":
    case "le":
    case "eq":
      return k.compare(op, a, b);
    case "asFloat":
      return k.asFloat(a);
    case "keep":
      return k.keep(a, b);
    case "select":
      return k.select(a, b, c);
    default:
      return args.length === 1 ? k.unary(op as FloatOp, a) : k.binary(op as FloatOp, a, b);
  }
}
