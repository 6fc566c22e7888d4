// Counts what shows that threads have worked. The library looks its hosts' functions up when it uses them.

const activity = {
  /** Messages that threads have sent: each one as it starts, and the last one of a job that nobody sleeps for. */
  messages: 0,
  /** How often this thread has slept until others woke it. */
  sleeps: 0,
};

export const threadActivity = () => ({ ...activity });

const HostWorker = globalThis.Worker;
globalThis.Worker = class extends HostWorker {
  constructor(url: string | URL, options?: WorkerOptions) {
    super(url, options);
    // The library's threads come from a Blob, the page's own worker from a file.
    if (!String(url).startsWith("blob:")) return;
    this.addEventListener("message", () => {
      activity.messages++;
    });
  }
};

const { wait } = Atomics;
Atomics.wait = (array: Int32Array | BigInt64Array, index: number, value: number | bigint, timeout?: number) => {
  const result = wait(array as Int32Array, index, value as number, timeout);
  if (result === "ok") activity.sleeps++;
  return result;
};
