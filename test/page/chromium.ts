// Finds a Chromium of this machine, and starts it without a window.

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
/** Where macOS and Windows keep it, outside of PATH. */
const PLACES = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

/** Path of the browser; undefined, with the reason on stderr, where there is none. */
export function chromiumPath(): string | undefined {
  const named = (process.env.PATH ?? "").split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));
  const found = [...named, ...PLACES].find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (!found) process.stderr.write(`skipped: none of ${NAMES.join(", ")} is on this machine\n`);
  return found;
}

export function startChromium(path: string): Promise<Browser> {
  // Chromium refuses to sandbox itself where root runs it, as in containers of continuous integration.
  const root = process.getuid?.() === 0;
  return chromium.launch({ executablePath: path, chromiumSandbox: !root });
}
