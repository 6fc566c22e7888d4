// Runs a compiled loss on a backend: WebAssembly where the engine and the formula allow it, else the reference.

import { kernelRefusal } from "../compiler/lower.js";
import { createPlan, exponentsIn, type Plan } from "../compiler/plan.js";
import type { Program } from "../compiler/program.js";
import { createSchedule, type Schedule } from "../compiler/schedule.js";
import { LosskitError } from "../errors.js";
import { CLASS, VOXEL } from "../formula/axes.js";
import { type Node, reachable } from "../formula/node.js";
import type { Activation, Call, FloatArray, ParameterValue, Target } from "../formula/options.js";
import { checkValues } from "./check-values.js";
import { evaluateGroup } from "./evaluate-groups.js";
import type { GroupValue } from "./group-values.js";
import { evaluate, type VoxelOutput } from "./reference/evaluate.js";
import { type CompiledPass, evaluateKernels } from "./wasm/evaluate.js";
import { compileKernel, hasSimd } from "./wasm/kernel-module.js";
import { availableThreads, runJob, runJobAsync } from "./wasm/threads/pool.js";

export type BackendName = "reference" | "wasm";

export type Parameters = ReadonlyMap<string, ParameterValue>;

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
  /**
   * @returns the loss, where it does not vary over voxels
   * @throws LosskitError UNSUPPORTED where the backend asked for cannot run it
   */
  run(call: Call, parameters: Parameters, results: VoxelResults): LossValue;
  /** The same; threads work while the caller's own thread goes on. */
  runAsync(call: Call, parameters: Parameters, results: VoxelResults): Promise<LossValue>;
  /** The plan of a call's kernels. */
  plan(call: Call, parameters: Parameters, withGradient: boolean): Plan;
  /** Compiles the kernels of a call without holding up the caller. */
  prepare(call: Call, parameters: Parameters): Promise<void>;
}

export function compileLoss(program: Program, activation: Activation): CompiledLoss {
  const { graph, value, gradient } = program;
  const schedules = {
    value: createSchedule(graph, [value], activation),
    gradient: createSchedule(graph, [value, gradient], activation),
  };
  const refusal = kernelRefusal(schedules.gradient, graph, activation);
  const kernels = new Map<string, readonly CompiledPass[]>();

  function backendOf(call: Call): BackendName {
    const { backend, logits } = call;
    const float64 = logits instanceof Float64Array;
    const reason = float64
      ? "its kernels compute in float32: give the logits as a Float32Array"
      : !hasSimd()
        ? "this engine has no WebAssembly with 128-bit SIMD"
        : refusal;
    if (backend === "auto") return reason ? "reference" : "wasm";
    if (backend === "wasm" && reason) {
      throw new LosskitError("UNSUPPORTED", `backend "wasm" cannot compute this: ${reason}; use "auto" or "reference"`);
    }
    return backend;
  }

  function scheduleOf(withGradient: boolean): Schedule {
    return withGradient ? schedules.gradient : schedules.value;
  }

  function exponents(schedule: Schedule, call: Call, parameters: Parameters): Map<Node, number | undefined> {
    return new Map(exponentsIn(schedule).map((node) => [node, wholeNumber(node, call, parameters)]));
  }

  function planOf(call: Call, whole: ReadonlyMap<Node, number | undefined>, schedule: Schedule): Plan {
    return createPlan(graph, schedule, {
      activation,
      channels: call.classes,
      targetForm: call.targetForm,
      targetType: targetType(call.target, call.ignore),
      ignores: call.ignore !== undefined,
      weighted: call.weights !== undefined,
      wholeExponent: (node) => whole.get(node),
    });
  }

  function passesOf(call: Call, parameters: Parameters, withGradient: boolean): readonly CompiledPass[] {
    const schedule = scheduleOf(withGradient);
    const whole = exponents(schedule, call, parameters);
    const key = JSON.stringify([withGradient, targetType(call.target, call.ignore), [...whole.values()]]);
    const known = kernels.get(key);
    if (known) return known;
    const passes = planOf(call, whole, schedule).passes.map((pass) => ({
      ...pass,
      compiled: pass.kernel && compileKernel(pass.kernel),
    }));
    kernels.set(key, passes);
    return passes;
  }

  function runReference(call: Call, parameters: Parameters, results: VoxelResults) {
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
    return evaluate(schedule, graph, call, parameters, outputs).get(value);
  }

  function runKernels(call: Call, parameters: Parameters, results: VoxelResults) {
    const outputs = new Map<string, FloatArray>([["values", results.values]]);
    if (results.gradient) outputs.set("gradient", results.gradient);
    const passes = passesOf(call, parameters, results.gradient !== undefined);
    const threads = Math.min(call.threads, availableThreads());
    return evaluateKernels(passes, { call, parameters, outputs, threads });
  }

  return {
    program,
    run(call, parameters, results) {
      const backend = backendOf(call);
      if (backend === "reference") return { value: runReference(call, parameters, results), backend };
      const work = runKernels(call, parameters, results);
      let step = work.next();
      while (!step.done) {
        const { job, threads } = step.value;
        let done = false;
        try {
          done = runJob(job, threads);
        } catch (error) {
          // Through the work, which gives back what it has reserved.
          step = work.throw(error);
          continue;
        }
        step = work.next(done);
      }
      return { value: step.value.get(value), backend };
    },
    async runAsync(call, parameters, results) {
      const backend = backendOf(call);
      if (backend === "reference") return { value: runReference(call, parameters, results), backend };
      await Promise.all(
        passesOf(call, parameters, results.gradient !== undefined).map((pass) => pass.compiled?.prepare()),
      );
      const work = runKernels(call, parameters, results);
      let step = work.next();
      while (!step.done) {
        // An error of the threads goes through the work, which gives back what it has reserved.
        const { job, threads } = step.value;
        const done = await runJobAsync(job, threads).catch((error: unknown) => ({ error }));
        step = typeof done === "boolean" ? work.next(done) : work.throw(done.error);
      }
      return { value: step.value.get(value), backend };
    },
    plan(call, parameters, withGradient) {
      const schedule = scheduleOf(withGradient);
      if (refusal) throw new LosskitError("UNSUPPORTED", `there is no plan of kernels for this: ${refusal}`);
      return planOf(call, exponents(schedule, call, parameters), schedule);
    },
    async prepare(call, parameters) {
      if (backendOf(call) !== "wasm") return;
      const passes = [true, false].flatMap((withGradient) => passesOf(call, parameters, withGradient));
      await Promise.all(passes.map(({ compiled }) => compiled?.prepare()));
    },
  };
}

/** What a kernel reads a target as; labels that a byte cannot hold, such as an ignored -100, make it integers. */
function targetType(target: Target, ignore: number | undefined): "float32" | "uint8" | "int32" {
  if (target instanceof Float32Array || target instanceof Float64Array) return "float32";
  const bytes = target instanceof Uint8Array || target instanceof Uint8ClampedArray;
  const fits = ignore === undefined || (Number.isInteger(ignore) && ignore >= 0 && ignore <= 255);
  return bytes && fits ? "uint8" : "int32";
}

/** The value of a node that only parameters decide, where it is one and the same whole number everywhere. */
function wholeNumber(node: Node, call: Call, parameters: Parameters): number | undefined {
  const groups = new Map<Node, GroupValue>();
  for (const part of reachable([node])) {
    if (part.op === "total" || part.op === "largest" || part.op === "smallest" || part.op === "instanceNumber")
      return undefined;
    groups.set(
      part,
      evaluateGroup(part, { call, parameters, groups }, () => 1),
    );
  }
  const { data } = groups.get(node) as GroupValue;
  const [first] = data;
  return Number.isInteger(first) && data.every((other) => other === first) ? first : undefined;
}
