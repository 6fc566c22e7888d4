// Who takes part: how each contestant is started, and with which settings.

import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../contestants/", import.meta.url));
const NATIVE = fileURLToPath(new URL("../native/", import.meta.url));
/** The interpreter for which Debian's packages are installed. */
const PYTHON = process.env.LOSSKIT_BENCH_PYTHON ?? "/usr/bin/python3";
const COMPILER_FLAGS = ["-O3", "-march=native", "-ffast-math", "-pthread"];
/** 2^40 bytes: glibc then never gives memory back, and takes no fresh pages for each temporary. */
const KEEP_MEMORY = { MALLOC_MMAP_THRESHOLD_: String(2 ** 40), MALLOC_TRIM_THRESHOLD_: String(2 ** 40) };
const ONE_THREAD = { OMP_NUM_THREADS: "1", MKL_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" };
/** Nothing of a run stays in the source folder. */
const NO_CACHE = { PYTHONDONTWRITEBYTECODE: "1" };

const node = (file) => ({ command: process.execPath, arguments: [join(FOLDER, file)] });
const python = (file, environment) => ({
  command: PYTHON,
  arguments: [join(FOLDER, file)],
  environment: { ...ONE_THREAD, ...NO_CACHE, ...environment },
});

/**
 * Contestants by name. `settings` are added to those of the case; `group` says whose gradient must have the same bits; metrics may
 * differ from losskit's by the share `precision`.
 *
 * @param {{ library: string, native?: string }} builds losskit's entry file, and the program made of the C sources
 */
export function contestants({ library, native }) {
  const losskit = (settings) => ({
    program: node("losskit.mjs"),
    settings: { library, ...settings },
    group: "losskit",
  });
  const metrics = (arrays) => ({ program: node("metrics.mjs"), settings: { library, arrays } });
  const allocated = { arrays: "allocated", threads: 1 };
  const c = (settings) => ({ program: { command: native ?? "gcc", arguments: [] }, settings, needsNative: true });
  return {
    losskit: losskit({ ...allocated, target: "floats" }),
    "losskit, bytes": losskit({ ...allocated, target: "bytes" }),
    "losskit, plain arrays": losskit({ arrays: "plain", threads: 1, target: "floats" }),
    "losskit, 2 threads": losskit({ arrays: "allocated", threads: 2, target: "floats", required: "yes" }),
    "losskit, bytes, 2 threads": losskit({ arrays: "allocated", threads: 2, target: "bytes", required: "yes" }),
    "losskit, reference": losskit({ arrays: "plain", threads: 1, target: "floats", backend: "reference" }),
    torch: { program: python("eager_torch.py"), settings: {} },
    "torch, heap reuse": { program: python("eager_torch.py", KEEP_MEMORY), settings: {} },
    tfjs: { program: node("tfjs.mjs"), settings: {} },
    "JS loop": { program: node("loop.mjs"), settings: {} },
    C: c({}),
    scipy: { program: python("scipy_distance.py"), settings: {} },
    "losskit metrics": metrics("allocated"),
    "losskit metrics, plain arrays": metrics("plain"),
    // What is in float32 inside: distances, and their means.
    MONAI: { program: python("monai_metrics.py"), settings: {}, precision: 1e-6 },
    "surface-distance": { program: python("surface_distance_metrics.py"), settings: {} },
    numpy: { program: python("numpy_counts.py"), settings: {} },
    floor: { ...c({ threads: 1, work: "floor" }), unchecked: true },
    "floor, 2 threads": { ...c({ threads: 2, work: "floor" }), unchecked: true },
    read: { ...c({ threads: 1, work: "read" }), unchecked: true },
    triad: { ...c({ threads: 1, work: "triad" }), unchecked: true },
    "read bytes": { ...c({ threads: 1, work: "read-bytes" }), unchecked: true },
  };
}

/**
 * Compiles the C sources for this machine.
 *
 * @param {string} folder where the program goes
 * @returns {{ native?: string, reason?: string }} the program, or why there is none
 */
export function compileNative(folder) {
  const sources = readdirSync(NATIVE).filter((file) => file.endsWith(".c"));
  const program = join(folder, "native");
  try {
    const inputs = sources.map((file) => join(NATIVE, file));
    execFileSync("gcc", [...COMPILER_FLAGS, ...inputs, "-o", program, "-lm"], { stdio: ["ignore", "ignore", "pipe"] });
    return { native: program };
  } catch (error) {
    return { reason: error.code === "ENOENT" ? "gcc is not installed" : `gcc failed: ${error.message.split("\n")[1]}` };
  }
}
