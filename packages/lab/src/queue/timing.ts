// Does things again and again, and waits no longer than is said.

/**
 * Does something again and again, never twice at once.
 *
 * @returns a function that stops it and resolves when the last round is over
 */
export function repeat(milliseconds: number, round: () => Promise<void>): () => Promise<void> {
  let stopped = false;
  let wake: () => void = () => {};
  const loop = (async () => {
    while (!stopped) {
      // A round fails while Redis is away; the next one is tried all the same.
      await round().catch(() => {});
      if (stopped) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  })();
  return async () => {
    stopped = true;
    wake();
    await loop;
  };
}

/** Waits for something, but no longer than this; an error counts as its end. */
export async function atMost(milliseconds: number, something: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([something.catch(() => {}), timeout]);
  clearTimeout(timer);
}
