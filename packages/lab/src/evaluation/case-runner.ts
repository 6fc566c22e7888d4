// Measures cases side by side: in this thread one after the other, or in threads of their own.

import { LosskitError } from "losskit";
import Tinypool from "tinypool";
import { LabError } from "../errors.js";
import { stampsOf } from "./evaluation-folder.js";
import { measureCase } from "./measure-case.js";
import type { Pair } from "./pairs.js";
import type { CaseRecord, MeasureSettings } from "./results.js";

export interface CaseRequest {
  readonly pair: Pair;
  readonly settings: MeasureSettings;
}

/** Measures cases; `run` may be called for all of them at once, and decides itself how many run side by side. */
export interface CaseRunner {
  /** @returns the record, also of a case that cannot be read; rejects with LabError INTERRUPTED after the signal */
  run(request: CaseRequest, signal: AbortSignal): Promise<CaseRecord>;
  close(): Promise<void>;
}

/** One case as a record: what is wrong with its files is a finding about the case, and not the end of the evaluation. */
export async function recordCase({ pair, settings }: CaseRequest): Promise<CaseRecord> {
  const stamps = await stampsOf(pair);
  const files = { ...pair, ...(stamps && { stamps }) };
  try {
    return await measureCase(files, settings);
  } catch (error) {
    return { ...files, status: "failed", error: failure(error) };
  }
}

/** What is too large for the memory of this machine is about the case too. A fault of losskit's own must not cost the other cases either. */
function failure(error: unknown): { code: string; message: string } {
  if (error instanceof LabError || error instanceof LosskitError) return { code: error.code, message: error.message };
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof RangeError) return { code: "MEMORY", message: `it does not fit into memory (${message})` };
  return { code: "INTERNAL", message: `${message}; this is a fault of losskit, not of the file` };
}

const stopped = () => new LabError("INTERRUPTED", "the evaluation was stopped");

/** One case after the other in this thread: nothing is started, which is fastest for a few small ones. */
export function inlineRunner(): CaseRunner {
  let last: Promise<unknown> = Promise.resolve();
  return {
    run(request, signal) {
      const result = last.then(async () => {
        // Lets a signal in between two cases.
        await new Promise((resolve) => setImmediate(resolve));
        if (signal.aborted) throw stopped();
        return recordCase(request);
      });
      last = result.catch(() => {});
      return result;
    },
    close: async () => {},
  };
}

/**
 * A pool of threads, by tinypool as for trials. Threads and not processes, since nothing here is native code.
 *
 * @param jobs threads side by side
 * @param worker the program of a thread, as built
 */
export function threadRunner(jobs: number, worker = new URL("./case-worker.js", import.meta.url)): CaseRunner {
  const pool = new Tinypool({ runtime: "worker_threads", filename: worker.href, minThreads: jobs, maxThreads: jobs });
  // A thread that ends between two cases; the next case gets a new one.
  (pool as unknown as NodeJS.EventEmitter).on("error", () => {});
  return {
    async run(request, signal) {
      try {
        return (await pool.run(request, { signal })) as CaseRecord;
      } catch (error) {
        if (signal.aborted) throw stopped();
        // Memory that runs out ends a thread, and one case with it.
        if ((error as NodeJS.ErrnoException).code === "ERR_WORKER_OUT_OF_MEMORY") {
          const message = "its thread ran out of memory; fewer --jobs need less";
          return { ...request.pair, status: "failed", error: { code: "MEMORY", message } };
        }
        throw error;
      }
    },
    close: () => pool.destroy(),
  };
}
