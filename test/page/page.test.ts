// The library in a page: built by Vite without configuration, it gives Node's bits in Chromium, on one thread and on several.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type * as Cases from "./app/cases.js";
import type { CaseName, How, Outcome } from "./app/cases.js";
import { buildForNode, buildPage } from "./build-page.js";
import { chromiumPath, startChromium } from "./chromium.js";
import { type OpenPage, openPage } from "./open-page.js";

const ISOLATED = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};
/** A policy of pages that allows scripts of their own server only, and so no worker from a Blob. */
const policy = (more: string) => ({
  "content-security-policy": `default-src 'self'; script-src 'self' ${more}; img-src data:`,
});
/** What the browser itself says when losskit has tried what such a policy forbids. */
const FORBIDDEN = /violates the following Content Security Policy directive/;

const SINGLE: How = { arrays: "plain", call: "valueAndGradient", threads: 1 };
const SLEEPING: How = { arrays: "allocate", call: "valueAndGradient", threads: 2 };
const THREADED: How = { arrays: "allocate", call: "valueAndGradientAsync", threads: 2 };

const HOWS: readonly How[] = (["plain", "allocate"] as const).flatMap((arrays) =>
  (["valueAndGradient", "valueAndGradientAsync"] as const).flatMap((call) =>
    [1, 2].map((threads) => ({ arrays, call, threads })),
  ),
);

const PAGES = [
  { kind: "cross-origin isolated", headers: ISOLATED, isolated: true, threads: true, kernels: true, hows: HOWS },
  { kind: "ordinary", headers: {}, isolated: false, threads: false, kernels: true, hows: HOWS },
  {
    kind: "whose policy forbids threads",
    headers: { ...ISOLATED, ...policy("'wasm-unsafe-eval'") },
    isolated: true,
    threads: false,
    kernels: true,
    hows: [SINGLE, THREADED],
  },
  {
    kind: "whose policy forbids WebAssembly",
    headers: policy(""),
    isolated: false,
    threads: false,
    kernels: false,
    hows: [SINGLE, THREADED],
  },
];

/** Kernels that no browser compiles at once that holds to 4 KB. */
const LARGE = "a large sum";

const path = chromiumPath();
const folder = mkdtempSync(join(tmpdir(), "losskit-page-"));
let browser: Browser;
let cases: typeof Cases;
/** What Node's kernels give, and what its reference backend gives. */
const expected = { kernels: new Map<CaseName, Outcome>(), reference: new Map<CaseName, Outcome>() };

beforeAll(async () => {
  if (!path) return;
  const [module] = await Promise.all([buildForNode(join(folder, "node")), buildPage(join(folder, "page"))]);
  cases = (await import(pathToFileURL(module).href)) as typeof Cases;
  for (const name of cases.caseNames) {
    expected.kernels.set(name, await cases.compute(name, SINGLE));
    expected.reference.set(name, await cases.compute(name, { ...SINGLE, backend: "reference" }));
  }
  browser = await startChromium(path);
}, 60_000);

afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(!path)("losskit in a page", () => {
  it.each([
    { of: "kernels", backend: "wasm" },
    { of: "reference", backend: "reference" },
  ] as const)("is held to results of Node's $of that say something", ({ of, backend: used }) => {
    expect(new Set([...expected[of].values()].map(({ gradient }) => gradient)).size).toBe(cases.caseNames.length);
    for (const [name, { value, nonZero, backend }] of expected[of]) {
      expect(backend, name).toBe(used);
      expect(Number.isFinite(value), name).toBe(true);
      expect(nonZero, name).toBeGreaterThan(0.25);
    }
  });

  describe.each(PAGES)("$kind", ({ headers, isolated, threads, kernels, hows }) => {
    let page: OpenPage;
    /** Holds an outcome to Node's: bit for bit, where no other engine's exp() and log() are in it. */
    function expectNodes(outcome: Outcome, name: CaseName, how: How): void {
      const what = `${name}, ${JSON.stringify(how)}`;
      if (kernels) {
        expect(outcome, what).toEqual(expected.kernels.get(name));
        return;
      }
      const { value } = expected.reference.get(name) as Outcome;
      expect(outcome.backend, what).toBe("reference");
      expect(Math.abs(outcome.value - value), what).toBeLessThan(1e-12 * Math.abs(value));
    }
    beforeAll(async () => {
      page = await openPage(browser, join(folder, "page"), headers);
    }, 60_000);
    afterAll(() => page?.close());

    it("has the memory that its headers allow", async () => {
      expect(await page.isIsolated()).toBe(isolated);
    });

    it("gives Node's results on its main thread", async () => {
      for (const name of cases.caseNames.filter((name) => name !== LARGE)) {
        for (const how of hows) expectNodes(await page.ask("main thread", "compute", [name, how]), name, how);
      }
    });

    // What a kind of page cannot do is no test of it.
    if (kernels)
      it("asks for prepare() where a kernel is too large to compile at once, and then runs", async () => {
        expect(await page.ask("main thread", "errorCode", [LARGE, SINGLE])).toBe("PREPARE");
        await page.ask("main thread", "prepare", [LARGE]);
        for (const how of hows) expectNodes(await page.ask("main thread", "compute", [LARGE, how]), LARGE, how);
      });

    it("gives Node's results for calls at the same time", async () => {
      const names = cases.caseNames.filter((name) => name.startsWith("threads"));
      const calls = [...names, ...names].map(async (name) => {
        expectNodes(await page.ask("main thread", "compute", [name, THREADED]), name, THREADED);
      });
      await Promise.all(calls);
    });

    it("gives Node's results in a worker of the page", async () => {
      for (const name of cases.caseNames) {
        for (const how of hows) expectNodes(await page.ask("worker", "compute", [name, how]), name, how);
      }
    });

    if (threads)
      it("leaves work to threads, on its main thread without sleeping", async () => {
        for (const place of ["main thread", "worker"] as const) {
          const messages = async () => (await page.ask(place, "threadActivity", [])).messages;
          await expect.poll(messages, { timeout: 10_000 }).toBeGreaterThanOrEqual(2);
          const before = await page.ask(place, "threadActivity", []);
          await page.ask(place, "compute", ["threads, binary", THREADED]);
          // Each pass is a job that ends with a message.
          expect((await page.ask(place, "threadActivity", [])).messages, place).toBeGreaterThan(before.messages);
        }
        // Threads may be done before the caller has come to sleep, but not each time.
        const sleeps = async () => {
          await page.ask("worker", "compute", ["threads, binary", SLEEPING]);
          return (await page.ask("worker", "threadActivity", [])).sleeps;
        };
        await expect.poll(sleeps, { timeout: 10_000 }).toBeGreaterThan(0);
        expect((await page.ask("main thread", "threadActivity", [])).sleeps).toBe(0);
      });

    if (!threads)
      it("has no threads", async () => {
        for (const place of ["main thread", "worker"] as const) {
          expect(await page.ask(place, "threadActivity", [])).toEqual({ messages: 0, sleeps: 0 });
        }
      });

    it("has compiled less than 4 KB at once", async () => {
      const largest = await page.largestCompiled();
      expect(largest > 0).toBe(kernels);
      expect(largest).toBeLessThan(4096);
    });

    it("has complained of nothing", () => {
      const forbidden = page.complaints.filter((complaint) => FORBIDDEN.test(complaint));
      expect(page.complaints).toEqual(forbidden);
      // To start threads the main thread tries once, the worker once; to compile may be tried without a word.
      expect(forbidden.length).toBe(isolated && !threads ? 2 : 0);
    });
  });
});
