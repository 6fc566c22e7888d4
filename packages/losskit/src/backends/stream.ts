// A loss of a volume that comes in pieces: sums of each, their union, the value from the union, and the gradient piece by piece.

import { CHUNK, type Kernel, type KernelSum } from "../compiler/kernel.js";
import { type Plan, planPass } from "../compiler/plan.js";
import type { Pass, Schedule } from "../compiler/schedule.js";
import { LosskitError } from "../errors.js";
import type { CallStructure } from "../formula/apply-options.js";
import { VOXEL } from "../formula/axes.js";
import type { Graph, Node } from "../formula/node.js";
import type { Activation, Call, FloatArray } from "../formula/options.js";
import { evaluateGroup, type Parameters } from "./evaluate-groups.js";
import type { GroupValue } from "./group-values.js";
import { variantOf } from "./kernel-variants.js";
import { bind } from "./wasm/bindings.js";
import { drive, threadsFor } from "./wasm/drive.js";
import {
  type CompiledPass,
  callArrays,
  checkRead,
  constantsFrom,
  evaluateKernels,
  joinChunks,
} from "./wasm/evaluate.js";
import { type CompiledKernel, compileKernel } from "./wasm/kernel-module.js";
import { runKernel } from "./wasm/run-kernel.js";

/** What the pieces of a volume must have in common. */
export interface StreamKind extends CallStructure {
  readonly activation: Activation;
  /** The losses with their parameters and options. */
  readonly losses: string;
}

/** The sums of one block of 65,536 voxels; the last block of a volume may be shorter. */
export interface BlockSums {
  /** First voxel, a multiple of 65,536. */
  readonly start: number;
  readonly length: number;
  /** Float64 partials: `[sum][class]`, in the order of the layout. */
  readonly sums: readonly (readonly number[])[];
}

/** Sums of some blocks of a volume: plain data, which can be stored, sent and merged. */
export interface PartialSums {
  readonly kind: StreamKind;
  /** What each sum is of. */
  readonly layout: readonly KernelSum[];
  /** In order. */
  readonly blocks: readonly BlockSums[];
}

/** What the gradient of each voxel needs to know of the whole volume: plain data. */
export interface Coefficients {
  readonly kind: StreamKind;
  /** Voxels of the whole volume. */
  readonly voxels: number;
  /** Group values by the id of their node. */
  readonly groups: readonly (readonly [
    id: number,
    value: Omit<GroupValue, "data"> & { readonly data: readonly number[] },
  ])[];
}

/**
 * The union of sums of different blocks. Nothing is added up yet: that happens in the order of the blocks, whoever computed them, so
 * that every way to cut a volume gives the same bits.
 *
 * @throws LosskitError STREAM where they belong to different losses or kinds of calls, or hold a block twice
 */
export function mergeSums(...parts: readonly PartialSums[]): PartialSums {
  if (parts.length === 0) {
    throw new LosskitError("STREAM", "mergeSums() got nothing; give it the sums of at least one chunk");
  }
  const [{ kind, layout }] = parts;
  for (const part of parts) {
    checkKind(part.kind, kind);
    if (JSON.stringify(part.layout) !== JSON.stringify(layout)) {
      throw new LosskitError(
        "STREAM",
        "the chunks have targets of different types; give all labels, or all soft targets",
      );
    }
  }
  const blocks = parts.flatMap((part) => part.blocks).sort((a, b) => a.start - b.start);
  const twice = blocks.find(({ start }, i) => i > 0 && blocks[i - 1].start === start);
  if (twice) {
    throw new LosskitError(
      "STREAM",
      `the block at voxel ${twice.start} is there twice; give each chunk of a volume once`,
    );
  }
  return { kind, layout, blocks };
}

/** @throws LosskitError STREAM where the two differ, with what differs */
export function checkKind(given: StreamKind, expected: StreamKind): void {
  const names = ["losses", "activation", "channels", "targetForm", "ignores", "weighted"] as const;
  const different = names.find((name) => given[name] !== expected[name]);
  if (!different) return;
  throw new LosskitError(
    "STREAM",
    `sums of calls with ${different} ${given[different]} do not go with ${different} ${expected[different]}; all chunks of a volume take the same loss and options`,
  );
}

/** What a compiled loss gives for pieces of a volume. */
export interface StreamedLoss {
  /** @param offset first voxel of the piece in the volume, a multiple of 65,536 */
  sums(call: Call, parameters: Parameters, offset: number, kind: StreamKind): PartialSums;
  /** The loss of the whole volume, and what its gradient needs. */
  finish(sums: PartialSums, parameters: Parameters): { value: GroupValue; coefficients: Coefficients };
  gradient(call: Call, parameters: Parameters, coefficients: Coefficients, gradient: FloatArray): void;
}

export interface StreamSource {
  readonly graph: Graph;
  readonly value: Node;
  /** Of the value and the gradient. */
  readonly schedule: Schedule;
  refusalOf(call: Call): string | undefined;
  /** What one call on the whole volume would run, gradient included. */
  kernelsOf(call: Call, parameters: Parameters): { readonly plan: Plan; readonly passes: readonly CompiledPass[] };
}

export function createStream({ graph, value, schedule, refusalOf, kernelsOf }: StreamSource): StreamedLoss {
  const kernels = new Map<string, { readonly pass: Pass; readonly compiled: CompiledKernel }>();

  function refuse(reason: string | undefined): void {
    if (reason) throw new LosskitError("UNSUPPORTED", `this loss cannot be computed piece by piece: ${reason}`);
  }
  const ofLoss = () => (value.axes & VOXEL ? "it is a map of the voxels" : streamRefusal(schedule));

  /** The pass of the sums alone: what belongs to the gradient needs the whole volume first. */
  function sumsOf(call: Call, parameters: Parameters) {
    const { key } = variantOf(schedule, call, parameters);
    const known = kernels.get(key);
    if (known) return known;
    // The sums of the whole have these bits too: its classes are written out, or are not, as here.
    const { plan } = kernelsOf(call, parameters);
    const { pass, kernel } = planPass(graph, { ...sumsPass(schedule), outputs: [] }, plan.context, "none", true);
    const made = { pass, compiled: compileKernel(kernel as Kernel) };
    kernels.set(key, made);
    return made;
  }

  return {
    sums(call, parameters, offset, kind) {
      refuse(ofLoss() ?? refusalOf(call));
      const { pass, compiled } = sumsOf(call, parameters);
      const { kernel } = compiled;
      const groups = evaluateAll(pass.groups, call, parameters);
      const constantOf = constantsFrom(graph, { call, parameters }, compiled, groups);
      const bindings = bind(kernel.arrays, callArrays({ call, outputs: new Map() }), new Map(), call);
      const chunks = drive(runKernel(compiled, bindings, call, constantOf, threadsFor(call)));
      checkRead(compiled, chunks, call);
      const blocks = chunks.map(({ start, sums }) => ({
        start: offset + start,
        length: Math.min(CHUNK, call.voxels - start),
        sums,
      }));
      return { kind, layout: kernel.sums, blocks };
    },

    finish(sums, parameters) {
      refuse(ofLoss());
      const volume = { images: 1, classes: sums.kind.channels, voxels: volumeOf(sums) };
      const groups = new Map<Node, GroupValue>();
      const chunks = sums.blocks.map((block) => ({ ...block, image: 0, largestBits: [] }));
      for (const pass of schedule.passes) {
        evaluateAll(pass.groups, volume, parameters, groups);
        for (const node of pass.reductions) groups.set(node, joinChunks(node, sums.layout, chunks, volume));
      }
      return {
        value: groups.get(value) as GroupValue,
        coefficients: {
          kind: sums.kind,
          voxels: volume.voxels,
          groups: [...groups].map(([{ id }, group]) => [id, { ...group, data: [...group.data] }] as const),
        },
      };
    },

    gradient(call, parameters, coefficients, gradient) {
      refuse(ofLoss() ?? refusalOf(call));
      const outputs = new Map([["gradient", gradient]]);
      const known = new Map(
        coefficients.groups.map(([id, group]) => [graph.nodes[id], { ...group, data: [...group.data] }]),
      );
      const { passes } = kernelsOf(call, parameters);
      drive(evaluateKernels(graph, passes, { call, parameters, outputs, threads: threadsFor(call), known }));
    },
  };
}

function evaluateAll(
  nodes: readonly Node[],
  call: Pick<Call, "images" | "classes" | "voxels">,
  parameters: Parameters,
  groups = new Map<Node, GroupValue>(),
): Map<Node, GroupValue> {
  for (const node of nodes) {
    groups.set(
      node,
      evaluateGroup(node, { call, parameters, groups }, () => 1),
    );
  }
  return groups;
}

const sumsPass = ({ passes }: Schedule): Pass =>
  passes.find(({ reductions }) => reductions.length > 0) ?? passes[passes.length - 1];

/** Why a loss cannot be computed piece by piece; undefined where it can. */
function streamRefusal({ passes }: Schedule): string | undefined {
  const [routine] = passes.flatMap((pass) => pass.routines);
  if (routine) return `${routine.name.split(":")[0]} looks at all voxels of an image together`;
  const rounds = passes.filter(({ reductions }) => reductions.length > 0).length;
  return rounds > 1 ? `it needs ${rounds} rounds of sums, each with the results of the one before` : undefined;
}

/** Voxels of the volume that some sums cover, which must be all from the first. */
function volumeOf({ blocks }: PartialSums): number {
  let next = 0;
  blocks.forEach(({ start, length }, i) => {
    if (start !== next) {
      throw new LosskitError(
        "STREAM",
        `the voxels from ${next} to ${start - 1} are missing: merge the sums of all chunks before finish()`,
      );
    }
    if (length < CHUNK && i < blocks.length - 1) {
      throw new LosskitError(
        "STREAM",
        `the block at voxel ${start} has ${length} voxels; all but the last have ${CHUNK}`,
      );
    }
    next += length;
  });
  return next;
}
