// The page: its test asks its main thread or a worker of it.

import { answer, type Request, type Requests } from "./requests.js";

export type Place = "main thread" | "worker";

let worker: Worker | undefined;

/** Asks a worker that Vite has bundled; one request at a time. */
function askWorker<R extends Request>(request: R, given: Parameters<Requests[R]>): ReturnType<Requests[R]> {
  worker ??= new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  const asked = worker;
  return new Promise((resolve, reject) => {
    asked.onmessage = ({ data }) => ("error" in data ? reject(new Error(data.error)) : resolve(data.answer));
    asked.onerror = ({ message }) => reject(new Error(message));
    asked.postMessage([request, given]);
  }) as ReturnType<Requests[R]>;
}

async function ask<R extends Request>(
  place: Place,
  request: R,
  given: Parameters<Requests[R]>,
): Promise<Awaited<ReturnType<Requests[R]>>> {
  // What a debugger calls may break the page's content security policy; what a timer calls may not.
  await new Promise((resolve) => setTimeout(resolve));
  return await (place === "worker" ? askWorker : answer)(request, given);
}

declare global {
  var askPage: typeof ask;
}
globalThis.askPage = ask;
