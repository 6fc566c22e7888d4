// Runs in the page before its scripts: makes its main thread as strict as the strictest browser.

declare global {
  /** Bytes of the largest module that the page's main thread has compiled at once. */
  var largestCompiled: number;
}

/**
 * Browsers have refused to compile or instantiate more than 4 KB at once on a page's main thread; Chromium has raised that to 8 MB in version 115.
 * The page is held to the old limit. Playwright sends this function as text: it can refer to nothing outside of itself.
 */
export function watchPage(): void {
  const limit = 4096;
  const bytesOf = new WeakMap<WebAssembly.Module, number>();
  globalThis.largestCompiled = 0;
  const refuse = (what: string, bytes: number) => {
    if (bytes > limit) throw new RangeError(`${what} is disallowed on the main thread for ${bytes} bytes`);
  };
  WebAssembly.Module = class extends WebAssembly.Module {
    constructor(bytes: BufferSource) {
      refuse("WebAssembly.Module", bytes.byteLength);
      super(bytes);
      globalThis.largestCompiled = Math.max(globalThis.largestCompiled, bytes.byteLength);
      bytesOf.set(this, bytes.byteLength);
    }
  };
  WebAssembly.Instance = class extends WebAssembly.Instance {
    constructor(module: WebAssembly.Module, imports?: WebAssembly.Imports) {
      refuse("WebAssembly.Instance", bytesOf.get(module) ?? Number.POSITIVE_INFINITY);
      super(module, imports);
    }
  };
}
