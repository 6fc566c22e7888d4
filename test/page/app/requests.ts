// What the test may ask of a thread of the page.

import { compute, errorCode, prepare } from "./cases.js";
import { threadActivity } from "./thread-activity.js";

export const requests = {
  compute,
  prepare,
  errorCode,
  threadActivity: async () => threadActivity(),
};

export type Requests = typeof requests;
export type Request = keyof Requests;

/** Answers a request by its name. */
export function answer<R extends Request>(request: R, given: Parameters<Requests[R]>): ReturnType<Requests[R]> {
  return (requests[request] as (...given: Parameters<Requests[R]>) => ReturnType<Requests[R]>)(...given);
}
