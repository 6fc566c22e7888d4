// A page of examples/ as its reader gets it: bundled by Vite, served, and open in Chromium until it says that it is done.

import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { build, type Rolldown } from "vite";
import { startChromium } from "./chromium.js";
import { serve } from "./server.js";

const examples = fileURLToPath(new URL("../../examples", import.meta.url));

/** @param folder where the bundle goes */
export async function buildExample(name: string, folder: string): Promise<Rolldown.RolldownOutput> {
  return (await build({
    root: `${examples}/${name}`,
    configFile: false,
    logLevel: "error",
    build: { outDir: folder, emptyOutDir: true },
  })) as Rolldown.RolldownOutput;
}

/**
 * @param folder of the bundle
 * @param look called when the page is done, with what its console said
 */
export async function visitExample(
  chromium: string,
  folder: string,
  look: (page: Page, complaints: readonly string[]) => Promise<void>,
): Promise<void> {
  const server = await serve(folder, {});
  const browser = await startChromium(chromium);
  try {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.goto(server.address);
    await page.waitForSelector("body[data-done]", { timeout: 50_000 });
    await look(page, complaints);
  } finally {
    await browser.close();
    await server.close();
  }
}
