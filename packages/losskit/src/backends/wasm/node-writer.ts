// Writes lane code as stack instructions: shared nodes into locals, uniform ones before the loop, numbers at the start of the function.

import type { Instruction } from "./assembler.js";
import type { LaneNode } from "./lane-code.js";

/** Numbers of a function, in locals of it. */
export type NumberLocals = Map<LaneNode, number>;

export interface NodeWriter {
  /** Code that leaves the node on the stack. */
  write(node: LaneNode): Instruction[];
  /** Code that computes what is uniform, to stand before the loop. */
  prologue(): Instruction[];
}

const isNumber = ({ args, uniform, code }: LaneNode) =>
  args.length === 0 && uniform && (code[0][0] === "f32.const" || code[0][0] === "i32.const");

/**
 * @param roots everything that will be written, as often as it will be
 * @param newLocal makes a local for a vector
 */
export function createNodeWriter(
  roots: readonly LaneNode[],
  newLocal: () => number,
  numbers: NumberLocals,
): NodeWriter {
  const uses = countUses(roots);
  const locals = new Map<LaneNode, number>();
  const uniforms = new Map<LaneNode, number>();
  const before: Instruction[] = [];

  function numberLocal(node: LaneNode): number {
    const local = numbers.get(node) ?? newLocal();
    numbers.set(node, local);
    return local;
  }

  function uniformLocal(node: LaneNode): number {
    if (isNumber(node)) return numberLocal(node);
    const known = uniforms.get(node);
    if (known !== undefined) return known;
    const args = node.args.map((arg): Instruction => ["local.get", uniformLocal(arg)]);
    const local = newLocal();
    before.push(...args, ...node.code, ["local.set", local]);
    uniforms.set(node, local);
    return local;
  }

  function write(node: LaneNode): Instruction[] {
    if (node.uniform) return [["local.get", uniformLocal(node)]];
    const known = locals.get(node);
    if (known !== undefined) return [["local.get", known]];
    const code = [...node.args.flatMap(write), ...node.code];
    if ((uses.get(node) ?? 0) < 2) return code;
    const local = newLocal();
    locals.set(node, local);
    return [...code, ["local.tee", local]];
  }

  return { write, prologue: () => before };
}

function countUses(roots: readonly LaneNode[]): Map<LaneNode, number> {
  const uses = new Map<LaneNode, number>();
  const stack = [...roots];
  for (let node = stack.pop(); node; node = stack.pop()) {
    const before = uses.get(node) ?? 0;
    uses.set(node, before + 1);
    if (before === 0) stack.push(...node.args);
  }
  return uses;
}
