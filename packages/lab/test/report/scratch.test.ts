import { it } from "vitest";
import { rank } from "../../src/experiment/ranking.js";
import { writeReport } from "../../src/report/write-report.js";
import { terminalTable } from "../../src/report/terminal-table.js";
import { examplePictures, exampleResult } from "./example.js";
it("x", async () => {
  for (const [name, r] of Object.entries({ one: exampleResult(), multi: exampleResult(["hard exudate", "haemorrhage", "microaneurysm"], 20), few: exampleResult(["lesion"], 3) })) {
    const k = rank(r);
    console.log(k.verdict); console.log(terminalTable(k, { color: false, width: 100 })); 
    await writeReport(r, k, examplePictures(r.losses.map((l) => l.label)), `/tmp/report/${name}`);
  }
});
