// Kernels that are compiled: the function over whole vectors, and, where the voxels do not fill them, the one for the rest.

import type { Kernel } from "../../compiler/kernel.js";
import { LosskitError } from "../../errors.js";
import { encodeModule } from "./assembler.js";
import { checkLayout } from "./check-layout.js";
import { kernelModules, SYNCHRONOUS_BYTES } from "./emit.js";
import { type KernelLayout, layOut } from "./layout.js";
import { hasShared, libraryMemory } from "./memory.js";

export type KernelFunction = (...parameters: number[]) => void;

export interface CompiledKernel {
  readonly kernel: Kernel;
  readonly layout: KernelLayout;
  /** Number of the module, for threads that keep it. */
  readonly id: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Bytes of the larger of its two modules. */
  readonly size: number;
  /** For a number of voxels that 16 divides. */
  whole(): KernelFunction;
  /** For fewer than 16 voxels. */
  rest(): KernelFunction;
  /** Compiles both without holding up the caller. */
  prepare(): Promise<void>;
}

let moduleCount = 0;

/** A number that no other module has. */
export const newModuleId = (): number => moduleCount++;

export function compileKernel(kernel: Kernel): CompiledKernel {
  const layout = layOut(kernel);
  checkLayout(kernel, layout, 2);
  const modules = kernelModules(kernel, hasShared);
  const { bytes } = modules.whole;
  let whole: KernelFunction | undefined;
  let rest: KernelFunction | undefined;
  return {
    kernel,
    layout,
    id: newModuleId(),
    bytes,
    size: Math.max(bytes.length, modules.rest.bytes.length),
    whole() {
      whole ??= instantiate(bytes);
      return whole;
    },
    rest() {
      rest ??= instantiate(modules.rest.bytes);
      return rest;
    },
    async prepare() {
      if (whole && rest) return;
      const imports = { env: { memory: libraryMemory() } };
      const [first, second] = await Promise.all([
        WebAssembly.instantiate(bytes, imports),
        WebAssembly.instantiate(modules.rest.bytes, imports),
      ]);
      whole ??= first.instance.exports.run as KernelFunction;
      rest ??= second.instance.exports.run as KernelFunction;
    },
  };
}

function instantiate(bytes: Uint8Array<ArrayBuffer>): KernelFunction {
  try {
    const module = new WebAssembly.Module(bytes);
    return new WebAssembly.Instance(module, { env: { memory: libraryMemory() } }).exports.run as KernelFunction;
  } catch (error) {
    if (bytes.length > SYNCHRONOUS_BYTES) {
      throw new LosskitError(
        "PREPARE",
        `the kernel of this loss has ${bytes.length} bytes, and a page's main thread may compile at most ${SYNCHRONOUS_BYTES} at once: call await loss.prepare(…) with the call's options first, or compute in a worker`,
        { cause: error },
      );
    }
    throw error;
  }
}

/**
 * Whether this engine runs the kernels: WebAssembly with 128-bit SIMD, in a page whose content security policy allows to compile it. Only
 * compiling tells: validate() says yes under any policy.
 */
export function hasSimd(): boolean {
  supported ??= typeof WebAssembly === "object" && compiles(probe());
  return supported;
}

function compiles(bytes: BufferSource): boolean {
  try {
    return Boolean(new WebAssembly.Module(bytes));
  } catch {
    return false;
  }
}

let supported: boolean | undefined;

const probe = () =>
  encodeModule({
    sharedMemory: false,
    functions: [
      { name: "run", parameters: [], locals: ["v128"], body: [["f32.const", 1], ["f32x4.splat"], ["local.set", 0]] },
    ],
  });
