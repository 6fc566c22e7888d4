// Operations on 4 lanes as nodes over WebAssembly instructions: equal ones are one, whoever asks for them.

import type { Instruction, Opcode } from "./assembler.js";

/** A vector of 4 lanes: an instruction over other vectors. */
export interface LaneNode {
  readonly id: number;
  /** Instructions behind the arguments; most have one. */
  readonly code: readonly Instruction[];
  readonly args: readonly LaneNode[];
  /** Whether it is the same in every iteration of the innermost loop. */
  readonly uniform: boolean;
}

export type LaneCode = ReturnType<typeof createLaneCode>;

export function createLaneCode() {
  const known = new Map<string, LaneNode>();
  let count = 0;

  function make(code: readonly Instruction[], args: readonly LaneNode[], uniform: boolean): LaneNode {
    let key = "";
    for (const instruction of code) {
      key += instruction[0];
      for (let i = 1; i < instruction.length; i++) key += ` ${exact(instruction[i] as number)}`;
      key += ";";
    }
    for (const { id } of args) key += ` ${id}`;
    const existing = known.get(key);
    if (existing) return existing;
    const node: LaneNode = { id: count++, code, args, uniform };
    known.set(key, node);
    return node;
  }

  const op = (name: Opcode, ...args: readonly LaneNode[]) =>
    make(
      [[name]],
      args,
      args.every((arg) => arg.uniform),
    );
  /** An instruction whose last operand is a scalar constant: a shift. */
  const shift = (name: "i32x4.shl" | "i32x4.shr_s", a: LaneNode, by: number) =>
    make([["i32.const", by], [name]], [a], a.uniform);
  const shuffle = (a: LaneNode, b: LaneNode, lanes: readonly number[]) =>
    make([["i8x16.shuffle", ...lanes]], [a, b], a.uniform && b.uniform);
  /** Something with no arguments, such as a load: `uniform` says whether every iteration sees the same. */
  const leaf = (code: readonly Instruction[], uniform: boolean) => make(code, [], uniform);
  const float = (value: number) => leaf([["f32.const", Math.fround(value)], ["f32x4.splat"]], true);
  const int = (value: number) => leaf([["i32.const", value], ["i32x4.splat"]], true);

  return {
    op,
    shift,
    shuffle,
    leaf,
    float,
    int,
    add: (a: LaneNode, b: LaneNode) => op("f32x4.add", a, b),
    sub: (a: LaneNode, b: LaneNode) => op("f32x4.sub", a, b),
    mul: (a: LaneNode, b: LaneNode) => op("f32x4.mul", a, b),
    div: (a: LaneNode, b: LaneNode) => op("f32x4.div", a, b),
  };
}

/** -0 is written like 0 and is another number. */
const exact = (value: number) => (Object.is(value, -0) ? "-0" : value);
