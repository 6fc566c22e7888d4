import { it } from "vitest";
import { comparePairs } from "../../src/experiment/claims.js";
import { uniformSource } from "./normal.js";
import { simulate } from "./simulated.js";
const base = { losses: 3, seeds: 3, cases: 10, caseEffect: 0.1, runEffect: 0.02, noise: 0.03, lossCaseEffect: 0, lead: 0 };
it("scan", () => {
  for (const ch of [
    { losses: 2, cases: 6, lossCaseEffect: 0.08, runEffect: 0.002, noise: 0.005 },
    { losses: 8, cases: 6, lossCaseEffect: 0.08, runEffect: 0.002, noise: 0.005 },
    { losses: 8, cases: 8, lossCaseEffect: 0.08, runEffect: 0.002, noise: 0.005 },
    { losses: 8, cases: 16, lossCaseEffect: 0.08, runEffect: 0.002, noise: 0.005 },
    { losses: 2, cases: 20, lossCaseEffect: 0.1, runEffect: 0.04, noise: 0.005, seeds: 4 },
    { losses: 8, cases: 20, lossCaseEffect: 0.1, runEffect: 0.04, noise: 0.005, seeds: 4 },
    { losses: 8, cases: 20 },
    { losses: 8, cases: 6, runEffect: 0 },
  ]) {
    const random = uniformSource(5); let k = 0; const n = 200; const t0 = Date.now();
    for (let r = 0; r < n; r++) if (comparePairs(simulate({ ...base, ...ch }, random)).some((p) => p.claimed)) k++;
    console.log(JSON.stringify(ch), k / n, (Date.now() - t0) / n, "ms");
  }
}, 600000);
