// A module worker of the page, which answers requests.

import { answer, type Request, type Requests } from "./requests.js";

self.onmessage = async ({ data: [request, given] }: MessageEvent<[Request, Parameters<Requests[Request]>]>) => {
  try {
    self.postMessage({ answer: await answer(request, given) });
  } catch (error) {
    self.postMessage({ error: String(error) });
  }
};
