// What the machine around the library gives of threads: worker_threads in Node, workers from a Blob in a page.

import { hasShared } from "../memory.js";
import { MAX_THREADS } from "./control.js";
import { type WorkerStart, workerSource } from "./worker-source.js";

/** A running thread. */
export interface HostThread {
  /** Ends it. Resolves to whether it is certain that it runs no more: a page only asks for the end, and hears nothing of it. */
  end(): Promise<boolean>;
}

export interface ThreadEvents {
  /** The thread has changed a word that is worth a look. */
  onMessage(): void;
  /** It is no longer there, without having been told to end. */
  onEnd(reason: string): void;
}

interface NodeWorker {
  on(event: "message", listener: () => void): void;
  on(event: "error", listener: (error: Error) => void): void;
  on(event: "exit", listener: (code: number) => void): void;
  unref(): void;
  terminate(): Promise<number>;
}

interface PageWorker {
  onmessage: (() => void) | null;
  onerror: ((event: { message?: string }) => void) | null;
  postMessage(message: WorkerStart): void;
  terminate(): void;
}

interface WorkerThreads {
  readonly Worker: new (source: string, options: object) => NodeWorker;
  readonly SHARE_ENV: symbol;
}

/** The globals that are looked for, each of which may be missing. */
const host = globalThis as unknown as {
  readonly process?: { getBuiltinModule?(name: string): unknown };
  readonly crossOriginIsolated?: boolean;
  readonly navigator?: { readonly hardwareConcurrency?: number };
  readonly Worker?: new (url: string, options: object) => PageWorker;
  readonly Blob?: new (parts: string[], options: object) => object;
  readonly URL?: { createObjectURL(blob: object): string; revokeObjectURL(url: string): void };
  setInterval(callback: () => void, milliseconds: number): unknown;
  clearInterval(timer: unknown): void;
};

/** Calls back again and again until the returned function is called; a Node process stays alive so long. */
export function every(milliseconds: number, callback: () => void): () => void {
  const timer = host.setInterval(callback, milliseconds);
  return () => host.clearInterval(timer);
}

// By name at run time instead of an import, so that bundlers for pages find nothing to resolve.
const nodeModule = (name: string): unknown => host.process?.getBuiltinModule?.(name);

let counted: number | undefined;

/** How many threads this machine runs side by side, if the library can start any; else 1. Asked once: the system takes microseconds to say. */
export function processors(): number {
  counted ??= countProcessors();
  return counted;
}

function countProcessors(): number {
  if (!hasShared) return 1;
  if (nodeModule("node:worker_threads")) {
    const { availableParallelism } = nodeModule("node:os") as { availableParallelism?(): number };
    return Math.min(availableParallelism?.() ?? 1, MAX_THREADS);
  }
  if (!host.crossOriginIsolated || !host.Worker || !host.Blob || !host.URL) return 1;
  return Math.min(host.navigator?.hardwareConcurrency ?? 1, MAX_THREADS);
}

/** Whether this host has threads to start at all, be it on one processor. */
export function hasThreads(): boolean {
  return hasShared && (nodeModule("node:worker_threads") !== undefined || processors() > 1);
}

let blocks: boolean | undefined;

/** Whether this thread may sleep: everywhere but in a page's main thread, where waiting throws. */
export function mayBlock(): boolean {
  if (blocks === undefined) {
    try {
      // Not equal, so it returns at once, unless this thread may not wait at all.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0);
      blocks = true;
    } catch {
      blocks = false;
    }
  }
  return blocks;
}

/**
 * Starts a thread; it reports by its state word when it is there.
 *
 * @throws whatever the host throws where it does not allow workers (a content security policy, Node's permissions)
 */
export function startThread(start: WorkerStart, events: ThreadEvents): HostThread {
  const workerThreads = nodeModule("node:worker_threads") as WorkerThreads | undefined;
  return workerThreads ? startInNode(workerThreads, start, events) : startInPage(start, events);
}

function startInNode({ Worker, SHARE_ENV }: WorkerThreads, start: WorkerStart, events: ThreadEvents): HostThread {
  const worker = new Worker(workerSource, {
    eval: true,
    workerData: start,
    name: "losskit",
    // Loaders and hooks of the program (`--import`) are not for this thread, and its environment need not be copied.
    execArgv: [],
    env: SHARE_ENV,
    trackUnmanagedFds: false,
  });
  let ending = false;
  let reason = "";
  worker.on("message", () => events.onMessage());
  worker.on("error", (error) => {
    reason = error.message;
  });
  worker.on("exit", (code) => {
    if (!ending) events.onEnd(reason || `exit code ${code}`);
  });
  worker.unref();
  return {
    async end() {
      ending = true;
      await worker.terminate();
      return true;
    },
  };
}

function startInPage(start: WorkerStart, events: ThreadEvents): HostThread {
  const { Worker, Blob, URL } = host;
  if (!Worker || !Blob || !URL) throw new Error("this host has no workers");
  const url = URL.createObjectURL(new Blob([workerSource], { type: "text/javascript" }));
  const worker = new Worker(url, { name: "losskit" });
  let loaded = false;
  worker.onmessage = () => {
    // The script has been read; before that the address must stay.
    if (!loaded) URL.revokeObjectURL(url);
    loaded = true;
    events.onMessage();
  };
  worker.onerror = (event) => events.onEnd(event.message || "the worker could not be loaded");
  worker.postMessage(start);
  return {
    async end() {
      worker.terminate();
      if (!loaded) URL.revokeObjectURL(url);
      return false;
    },
  };
}
