// Writes lane code as stack instructions: shared nodes into locals, uniform ones before the loop, numbers at the start of the function.

import type { Instruction } from "./assembler.js";
import type { LaneNode } from "./lane-code.js";

/** Numbers of a function, in locals of it. */
export type NumberLocals = Map<LaneNode, number>;

export interface NodeWriter {
  /** Code that leaves the node on the stack. */
  write(node: LaneNode): Instruction[];
  /** The chain before is complete: its locals are free. */
  startChain(): void;
  /** Code that computes what is uniform, to stand before the loop. */
  prologue(): Instruction[];
}

const isNumber = ({ args, uniform, code }: LaneNode) =>
  args.length === 0 && uniform && (code[0][0] === "f32.const" || code[0][0] === "i32.const");

/** The local of a number, which is set once, at the start of the function. */
export function localOfNumber(node: LaneNode, newLocal: () => number, numbers: NumberLocals): number {
  const local = numbers.get(node) ?? newLocal();
  numbers.set(node, local);
  return local;
}

/**
 * @param chains everything that will be written, as often as it will be, by the vector it is for; chain after chain in this order
 * @param newLocal makes a local for a vector
 */
export function createNodeWriter(
  chains: readonly (readonly LaneNode[])[],
  newLocal: () => number,
  numbers: NumberLocals,
): NodeWriter {
  const uses = countUses(chains.flat());
  const sharedByChains = nodesOfSeveral(chains);
  /** Locals of what only one chain needs; the next chain takes them again. Small numbers make short code. */
  const own: number[] = [];
  let taken = 0;
  const locals = new Map<LaneNode, number>();
  const uniforms = new Map<LaneNode, number>();
  const before: Instruction[] = [];

  function uniformLocal(node: LaneNode): number {
    if (isNumber(node)) return localOfNumber(node, newLocal, numbers);
    const known = uniforms.get(node);
    if (known !== undefined) return known;
    const args = node.args.map((arg): Instruction => ["local.get", uniformLocal(arg)]);
    const local = newLocal();
    before.push(...args, ...node.code, ["local.set", local]);
    uniforms.set(node, local);
    return local;
  }

  /** One list for all: copying the code of every argument would take quadratic time. */
  function append(node: LaneNode, code: Instruction[]): void {
    const known = node.uniform ? uniformLocal(node) : locals.get(node);
    if (known !== undefined) {
      code.push(["local.get", known]);
      return;
    }
    for (const arg of node.args) append(arg, code);
    code.push(...node.code);
    if ((uses.get(node) ?? 0) < 2) return;
    const local = sharedByChains.has(node) ? newLocal() : ownLocal();
    locals.set(node, local);
    code.push(["local.tee", local]);
  }

  function ownLocal(): number {
    if (taken === own.length) own.push(newLocal());
    return own[taken++];
  }

  return {
    write(node) {
      const code: Instruction[] = [];
      append(node, code);
      return code;
    },
    startChain() {
      taken = 0;
    },
    prologue: () => before,
  };
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

/** Nodes that several chains need, such as the labels that one load brings for all. */
function nodesOfSeveral(chains: readonly (readonly LaneNode[])[]): ReadonlySet<LaneNode> {
  const firstChain = new Map<LaneNode, number>();
  const several = new Set<LaneNode>();
  chains.forEach((roots, chain) => {
    const seen = new Set<LaneNode>();
    const stack = [...roots];
    for (let node = stack.pop(); node; node = stack.pop()) {
      if (seen.has(node)) continue;
      seen.add(node);
      if (firstChain.has(node)) several.add(node);
      else firstChain.set(node, chain);
      stack.push(...node.args);
    }
  });
  return several;
}
