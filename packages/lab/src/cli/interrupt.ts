// Ctrl-C: the first asks the command to stop in good order, the second ends it at once.

import { EXIT } from "./exit-status.js";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** A signal for the command, and a function that gives Ctrl-C back to Node. */
export function onInterrupt(): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const handle = () => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    controller.abort();
  };
  for (const name of SIGNALS) process.on(name, handle);
  return {
    signal: controller.signal,
    release() {
      for (const name of SIGNALS) process.off(name, handle);
    },
  };
}
