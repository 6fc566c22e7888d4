import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    // Tests read the sources, so that an edit needs no build; the command-line tests start the built program.
    alias: [
      { find: /^losskit$/, replacement: source("packages/losskit/src/index.ts") },
      { find: /^losskit\/losses$/, replacement: source("packages/losskit/src/losses/all.ts") },
      { find: /^losskit\/metrics$/, replacement: source("packages/losskit/src/metrics/index.ts") },
      { find: /^losskit\/export$/, replacement: source("packages/losskit/src/export/index.ts") },
      { find: /^losskit\/tfjs$/, replacement: source("packages/losskit/src/adapters/tfjs/index.ts") },
      { find: /^losskit\/jax$/, replacement: source("packages/losskit/src/adapters/jax.ts") },
      { find: /^losskit\/plan$/, replacement: source("packages/losskit/src/plan.ts") },
    ],
  },
  test: {
    include: ["packages/*/test/**/*.test.{ts,tsx}", "golden/test/**/*.test.ts", "test/**/*.test.ts"],
    setupFiles: ["test-support/property-seed.ts"],
    testTimeout: 60_000,
    // Vitest leaves one processor idle, which of two is half.
    maxWorkers: "100%",
  },
});
