// A function over lanes as a WebAssembly module of its own: so that tests measure exactly the instructions that kernels use.

import { EMPTY, encodeModule, type Instruction, type LocalType } from "../../src/backends/wasm/assembler.js";
import { createLaneCode, type LaneCode, type LaneNode } from "../../src/backends/wasm/lane-code.js";
import { createValueLowering } from "../../src/backends/wasm/lower-values.js";
import { createKernelValues } from "../../src/compiler/kernel-values.js";
import { type Probabilities, type SigmoidForm, sigmoidOf } from "../../src/compiler/lower-inputs.js";

/** Numbers that one call of the module takes. */
const BATCH = 1 << 14;
const BYTES = 4 * BATCH;
const [FIRST, SECOND, OUT, BYTES_LEFT, PARAMETERS] = [0, 1, 2, 3, 4];

export type LaneFunction = (a: Float32Array, b?: Float32Array) => Float32Array;

/** A function of lanes, of one argument or two. */
export type MakeLanes = (c: LaneCode, a: LaneNode, b: LaneNode) => LaneNode;

/** A probability of a logit, as kernels make it. */
export const probability =
  (which: Exclude<keyof Probabilities, "slopeOfLogQ">, form: SigmoidForm): MakeLanes =>
  (c, a) => {
    const k = createKernelValues();
    const x = k.load(0, false);
    const lower = createValueLowering(c, (value) => (value === x ? a : undefined));
    return lower(sigmoidOf(k, x, form)[which]());
  };

/** A function of arrays from one of lanes, of one argument or two. */
export function laneFunction(make: (c: LaneCode, a: LaneNode, b: LaneNode) => LaneNode): LaneFunction {
  const c = createLaneCode();
  const argument = (local: number) =>
    c.leaf(
      [
        ["local.get", local],
        ["v128.load", 0],
      ],
      false,
    );
  // Every node into a local of its own: which order the library's writer chooses changes no bit.
  const nodes = nodesOf(make(c, argument(FIRST), argument(SECOND)));
  const localOf = new Map(nodes.map((node, i) => [node, PARAMETERS + i]));
  const locals = nodes.map((): LocalType => "v128");
  const written = nodes.flatMap((node): Instruction[] => [
    ...node.args.map((arg): Instruction => ["local.get", localOf.get(arg) as number]),
    ...node.code,
    ["local.set", localOf.get(node) as number],
  ]);
  const onward = (local: number, by: number): Instruction[] => [
    ["local.get", local],
    ["i32.const", by],
    ["i32.add"],
    ["local.set", local],
  ];
  const body: Instruction[] = [
    ["loop", EMPTY],
    ...written,
    ["local.get", OUT],
    ["local.get", PARAMETERS + nodes.length - 1],
    ["v128.store", 0],
    ...[FIRST, SECOND, OUT].flatMap((local) => onward(local, 16)),
    ...onward(BYTES_LEFT, -16),
    ["local.get", BYTES_LEFT],
    ["i32.const", 0],
    ["i32.gt_s"],
    ["br_if", 0],
    ["end"],
  ];
  const bytes = encodeModule({
    sharedMemory: false,
    functions: [{ name: "run", parameters: Array(PARAMETERS).fill("i32"), locals, body }],
  });
  const memory = new WebAssembly.Memory({ initial: (3 * BYTES) / 65536, maximum: 65536 });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  const run = instance.exports.run as (...parameters: number[]) => void;
  const floats = new Float32Array(memory.buffer);

  return (a, b) => {
    const out = new Float32Array(a.length);
    for (let start = 0; start < a.length; start += BATCH) {
      const count = Math.min(BATCH, a.length - start);
      floats.set(a.subarray(start, start + count), 0);
      if (b) floats.set(b.subarray(start, start + count), BATCH);
      run(0, BYTES, 2 * BYTES, 4 * count);
      out.set(floats.subarray(2 * BATCH, 2 * BATCH + count), start);
    }
    return out;
  };
}

/** Number of the instructions that make a function: what an iteration of a kernel pays for it. */
export function instructionCount(make: (c: LaneCode, a: LaneNode, b: LaneNode) => LaneNode): number {
  const c = createLaneCode();
  const nodes = nodesOf(make(c, c.leaf([["local.get", 0]], false), c.leaf([["local.get", 1]], false)));
  return nodes.filter(({ args, uniform }) => args.length > 0 && !uniform).length;
}

/** All that a node is made of, arguments before what uses them, itself last. */
function nodesOf(root: LaneNode): LaneNode[] {
  const seen = new Set<LaneNode>();
  const visit = (node: LaneNode): void => {
    if (seen.has(node)) return;
    node.args.forEach(visit);
    seen.add(node);
  };
  visit(root);
  return [...seen];
}
