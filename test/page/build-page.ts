// Builds with Vite as its users do who configure nothing: a page, and the same calls for Node.

import { fileURLToPath } from "node:url";
import { build, createLogger, type Rolldown } from "vite";

const app = fileURLToPath(new URL("app", import.meta.url));

/** Vite's settings but for `output`: no file configures it, and what it warns of fails the test. */
function settings(folder: string) {
  const customLogger = createLogger("warn");
  customLogger.warn = (message) => {
    throw new Error(`Vite warns: ${message}`);
  };
  return {
    root: app,
    configFile: false,
    logLevel: "warn",
    customLogger,
    build: { outDir: folder, emptyOutDir: true },
  } as const;
}

/** Builds the page of the test into a folder. */
export async function buildPage(folder: string): Promise<void> {
  await build(settings(folder));
}

/**
 * Builds a page from one of the app's scripts alone.
 *
 * @returns its one script
 */
export async function buildScript(folder: string, script: string): Promise<Rolldown.OutputChunk> {
  const base = settings(folder);
  const built = await build({ ...base, build: { ...base.build, rolldownOptions: { input: `${app}/${script}` } } });
  const { output } = built as Rolldown.RolldownOutput;
  if (output.length !== 1) throw new Error(`${script} became ${output.length} files`);
  return output[0];
}

/**
 * Builds `cases.ts` for Node from the same built library that the page gets, which the sources that other tests read may be ahead of.
 *
 * @returns the path of the module
 */
export async function buildForNode(folder: string): Promise<string> {
  const base = settings(folder);
  await build({
    ...base,
    build: { ...base.build, ssr: "cases.ts", rolldownOptions: { output: { entryFileNames: "cases.mjs" } } },
    ssr: { noExternal: ["losskit"] },
  });
  return `${folder}/cases.mjs`;
}
