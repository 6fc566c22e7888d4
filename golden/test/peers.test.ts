import { describe, expect, it } from "vitest";
import { sharedPath } from "../../test-support/shared-folder.js";
import { readGoldenFile } from "../src/cases.js";
import { runGoldenFile } from "../src/run.js";

const peers = sharedPath("golden/peers.json");
/** One library while mappings are written: LIBRARY=smp npx vitest run golden/test/peers.test.ts */
const only = process.env.LIBRARY;

describe.skipIf(!peers)("golden values of other libraries", () => {
  it("x", () => {
    const file = readGoldenFile(peers as string);
    const summary = runGoldenFile({
      ...file,
      cases: file.cases.filter(({ loss }) => !only || loss.startsWith(`${only}.`)),
    });
    console.log(summary.failures.map((f) => `${f.loss}/${f.case}: ${f.detail.slice(0, 400)}`).join("\n"));
    console.log(summary.libraries);
    expect(summary.failures.length).toBe(0);
  });
});
