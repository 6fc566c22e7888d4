// A page of the test, opened in the browser.

import type { Browser } from "playwright-core";
import type { Place } from "./app/main.js";
import type { Request, Requests } from "./app/requests.js";
import { serve } from "./server.js";
import { watchPage } from "./watch-page.js";

export interface OpenPage {
  /** Errors and warnings of the console, errors nobody caught, and files that were not there. */
  readonly complaints: readonly string[];
  ask<R extends Request>(place: Place, request: R, given: Parameters<Requests[R]>): ReturnType<Requests[R]>;
  isIsolated(): Promise<boolean>;
  largestCompiled(): Promise<number>;
  close(): Promise<void>;
}

/** Serves a folder with these headers and opens its page. */
export async function openPage(
  browser: Browser,
  folder: string,
  headers: Readonly<Record<string, string>>,
): Promise<OpenPage> {
  const server = await serve(folder, headers);
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("requestfailed", (request) => complaints.push(`not loaded: ${request.url()}`));
  await page.addInitScript(watchPage);
  await page.goto(server.address);
  await page.waitForFunction(() => "askPage" in globalThis);
  return {
    complaints,
    ask: ((...asked: Parameters<OpenPage["ask"]>) =>
      page.evaluate(
        ([place, request, given]): Promise<unknown> => askPage(place, request, given),
        asked,
      )) as OpenPage["ask"],
    isIsolated: () => page.evaluate(() => globalThis.crossOriginIsolated),
    largestCompiled: () => page.evaluate(() => globalThis.largestCompiled),
    async close() {
      await page.close();
      await server.close();
    },
  };
}
