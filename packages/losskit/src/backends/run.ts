// Runs a compiled loss on a backend: WebAssembly where the engine and the formula allow it, else the reference.

import { type KernelContext, kernelRefusal } from "../compiler/lower.js";
import { createPlan, type Plan } from "../compiler/plan.js";
import type { Program } from "../compiler/program.js";
import { createSchedule } from "../compiler/schedule.js";
import { writesOutClasses } from "../compiler/unroll-classes.js";
import { LosskitError } from "../errors.js";
import { CLASS, VOXEL } from "../formula/axes.js";
import type { Node } from "../formula/node.js";
import type { Activation, Call, FloatArray } from "../formula/options.js";
import { checkValues } from "./check-values.js";
import type { Parameters } from "./evaluate-groups.js";
import type { GroupValue } from "./group-values.js";
import { variantOf } from "./kernel-variants.js";
import { evaluate, type VoxelOutput } from "./reference/evaluate.js";
import { createStream, type StreamedLoss } from "./stream.js";
import { drive, driveAsync, threadsFor } from "./wasm/drive.js";
import { SYNCHRONOUS_BYTES } from "./wasm/emit.js";
import { type CompiledPass, evaluateKernels } from "./wasm/evaluate.js";
import { compileKernel, hasSimd } from "./wasm/kernel-module.js";

export type BackendName = "reference" | "wasm";

/** Arrays that receive what varies over voxels. */
export interface VoxelResults {
  /** The loss itself, where it is a map. */
  readonly values: Float64Array;
  readonly gradient?: FloatArray;
}

export interface LossValue {
  /** Absent where the loss is a map. */
  readonly value?: GroupValue;
  readonly backend: BackendName;
}

/** A loss compiled for one structure of calls. */
export interface CompiledLoss {
  readonly program: Program;
  /** @throws LosskitError UNSUPPORTED where the backend asked for cannot run it */
  run(call: Call, parameters: Parameters, results: VoxelResults): LossValue;
  /** The same; threads work while the caller's own thread goes on. */
  runAsync(call: Call, parameters: Parameters, results: VoxelResults): Promise<LossValue>;
  /** Piece by piece. */
  readonly stream: StreamedLoss;
  /** The plan of a call's kernels. */
  plan(call: Call, parameters: Parameters, withGradient: boolean): Plan;
  /** Compiles the kernels of a call without holding up the caller. */
  prepare(call: Call, parameters: Parameters): Promise<void>;
}

interface Compiled {
  readonly plan: Plan;
  readonly passes: readonly CompiledPass[];
}

type KernelForm = Pick<KernelContext, "loops" | "compact">;

/** Forms of a kernel, the fastest first and the smallest last. Few classes that another kernel has in a loop, or written out, stay so. */
function formsOf(writesOut: boolean, loops?: boolean): readonly KernelForm[] {
  const inLoop = [false, true].map((compact) => ({ loops: writesOut, compact }));
  if (loops === true || !writesOut) return inLoop;
  const written = { loops: false, compact: false };
  return loops === false ? [written] : [written, ...inLoop];
}

export function compileLoss(program: Program, activation: Activation): CompiledLoss {
  const { graph, value, gradient } = program;
  const schedules = {
    value: createSchedule(graph, [value], activation),
    gradient: createSchedule(graph, [value, gradient], activation),
  };
  const refusal = kernelRefusal(schedules.gradient);
  const kernels = new Map<string, Compiled>();

  /** Why kernels cannot run a call; undefined where they can. */
  function refusalOf({ logits }: Call): string | undefined {
    if (logits instanceof Float64Array) return "its kernels compute in float32: give the logits as a Float32Array";
    return hasSimd()
      ? refusal
      : "WebAssembly with 128-bit SIMD cannot be compiled here (in a page its content security policy must allow 'wasm-unsafe-eval')";
  }

  function backendOf(call: Call): BackendName {
    const { backend } = call;
    const reason = backend === "reference" ? undefined : refusalOf(call);
    if (backend === "auto") return reason ? "reference" : "wasm";
    if (reason) {
      throw new LosskitError("UNSUPPORTED", `backend "wasm" cannot compute this: ${reason}; use "auto" or "reference"`);
    }
    return backend;
  }

  const scheduleOf = (withGradient: boolean) => (withGradient ? schedules.gradient : schedules.value);

  /** A plan's passes, compiled: in the fastest form that a page can compile at once, or in the fastest where none is small enough. */
  function kernelsOf(call: Call, parameters: Parameters, withGradient: boolean): Compiled {
    const schedule = scheduleOf(withGradient);
    const variant = variantOf(schedule, call, parameters);
    const key = `${withGradient} ${variant.key}`;
    const known = kernels.get(key);
    if (known) return known;
    // The value alone has the bits that it has beside its gradient: where that has its classes in a loop, so has this.
    const writesOut = writesOutClasses(variant.context);
    const like = withGradient || !writesOut ? undefined : kernelsOf(call, parameters, true);
    const compile = (form: KernelForm): Compiled => {
      const plan = createPlan(graph, schedule, { ...variant.context, ...form });
      const passes = plan.passes.map((pass) => ({ ...pass, compiled: pass.kernel && compileKernel(pass.kernel) }));
      return { plan, passes };
    };
    const isLarge = ({ passes }: Compiled) =>
      passes.some(({ compiled }) => compiled !== undefined && compiled.size > SYNCHRONOUS_BYTES);
    const [fastest, ...smaller] = formsOf(writesOut, like?.plan.context.loops);
    let chosen = compile(fastest);
    for (const form of smaller) {
      if (!isLarge(chosen)) break;
      const made = compile(form);
      if (!isLarge(made)) chosen = made;
    }
    kernels.set(key, chosen);
    return chosen;
  }

  const passesOf = (call: Call, parameters: Parameters, withGradient: boolean) =>
    kernelsOf(call, parameters, withGradient).passes;

  function runReference(call: Call, parameters: Parameters, results: VoxelResults): LossValue {
    checkValues(call);
    const outputs = new Map<Node, VoxelOutput>();
    if (value.axes & VOXEL) {
      // The map of a class loss is always channels first: it is a result, not an array of the caller's.
      outputs.set(value, {
        array: results.values,
        perChannel: (value.axes & CLASS) !== 0,
        layout: "channels-first",
      });
    }
    if (results.gradient) outputs.set(gradient, { array: results.gradient, perChannel: true, layout: call.layout });
    const schedule = scheduleOf(results.gradient !== undefined);
    return { value: evaluate(schedule, graph, call, parameters, outputs).get(value), backend: "reference" };
  }

  function kernelWork(call: Call, parameters: Parameters, results: VoxelResults) {
    const outputs = new Map<string, FloatArray>([["values", results.values]]);
    if (results.gradient) outputs.set("gradient", results.gradient);
    const passes = passesOf(call, parameters, results.gradient !== undefined);
    return evaluateKernels(graph, passes, { call, parameters, outputs, threads: threadsFor(call) });
  }

  return {
    program,
    run(call, parameters, results) {
      if (backendOf(call) === "reference") return runReference(call, parameters, results);
      return { value: drive(kernelWork(call, parameters, results)).get(value), backend: "wasm" };
    },
    async runAsync(call, parameters, results) {
      if (backendOf(call) === "reference") return runReference(call, parameters, results);
      const passes = passesOf(call, parameters, results.gradient !== undefined);
      await Promise.all(passes.map(({ compiled }) => compiled?.prepare()));
      const groups = await driveAsync(kernelWork(call, parameters, results));
      return { value: groups.get(value), backend: "wasm" };
    },
    stream: createStream({
      graph,
      value,
      schedule: schedules.gradient,
      refusalOf,
      kernelsOf: (call, parameters) => kernelsOf(call, parameters, true),
    }),
    plan(call, parameters, withGradient) {
      if (refusal) throw new LosskitError("UNSUPPORTED", `there is no plan of kernels for this: ${refusal}`);
      return kernelsOf(call, parameters, withGradient).plan;
    },
    async prepare(call, parameters) {
      if (backendOf(call) !== "wasm") return;
      const passes = [true, false].flatMap((withGradient) => passesOf(call, parameters, withGradient));
      await Promise.all(passes.map(({ compiled }) => compiled?.prepare()));
    },
  };
}
