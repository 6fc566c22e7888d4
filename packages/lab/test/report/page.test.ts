import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { isClaimedBetter } from "../../src/experiment/claims.js";
import { rank } from "../../src/experiment/ranking.js";
import type { CompareResult } from "../../src/experiment/results.js";
import type { CasePicture } from "../../src/report/case-picture.js";
import { renderReport } from "../../src/report/write-report.js";
import { resultOf } from "../experiment-statistics/simulated.js";
import { examplePictures, exampleResult } from "./example.js";

function page(result: CompareResult, pictures: readonly CasePicture[] = []) {
  const html = renderReport(result, rank(result), pictures);
  return { html, document: parseHTML(html).document };
}

const textOf = (result: CompareResult): string => page(result).document.body.textContent ?? "";

const labels = (result: CompareResult) => result.losses.map(({ label }) => label);

/** Every address that a browser would load for the page. */
function loadedAddresses(html: string): string[] {
  const { document } = parseHTML(html);
  const attributes = ["src", "srcset", "href", "xlink:href", "data", "poster", "background", "action"];
  const named = [...document.querySelectorAll("*")].flatMap((element) =>
    attributes.map((name) => element.getAttribute(name)).filter((value): value is string => value !== null),
  );
  const styles = [...html.matchAll(/url\(\s*["']?([^"')]*)/g)].map(([, address]) => address);
  return [...named, ...styles];
}

describe("the page stands alone", () => {
  const result = exampleResult(["lesion", "vessel"]);
  const { html, document } = page(result, examplePictures(labels(result)));

  it("holds no script, nothing that runs one and nothing that fetches", () => {
    expect(document.querySelectorAll("script, link, iframe, object, embed, base, form, meta[http-equiv]")).toHaveLength(
      0,
    );
    const handlers = [...document.querySelectorAll("*")].flatMap((element) =>
      [...element.attributes].filter(({ name }) => name.startsWith("on")),
    );
    expect(handlers).toEqual([]);
    expect(html).not.toMatch(/@import|javascript:/i);
  });

  it("loads no address but data in itself", () => {
    const addresses = loadedAddresses(html);
    // 24 pictures of errors, and the one image under them.
    expect(addresses).toHaveLength(25);
    expect(html.match(/\.image-1 \{ background-image: url/g)).toHaveLength(1);
    expect(document.querySelectorAll(".picture.image-1")).toHaveLength(24);
    for (const address of addresses) expect(address).toMatch(/^data:image\/png;base64,/);
    // The test would see one that does.
    expect(loadedAddresses('<img src="https://example.org/x.png"><style>a{background:url("//b/c")}</style>')).toEqual([
      "https://example.org/x.png",
      "//b/c",
    ]);
  });

  it("is the same file for the same result", () => {
    expect(page(result, examplePictures(labels(result))).html).toBe(html);
  });
});

describe("the page says", () => {
  const result = exampleResult();
  const ranking = rank(result);
  const { document } = page(result, examplePictures(labels(result)));
  const text = document.body.textContent ?? "";

  it("the verdict first", () => {
    expect(document.querySelector(".verdict")?.textContent).toBe(ranking.verdict);
  });

  it("each loss with its mean, interval, spread, cases and seeds, best first", () => {
    const rows = [...document.querySelectorAll("table")[0].querySelectorAll("tbody tr")];
    const cells = rows.map((row) => [...row.querySelectorAll("td")].map((cell) => cell.textContent));
    expect(rows.map((row) => row.querySelector("th")?.childNodes[0].textContent)).toEqual(
      ranking.rows.map(({ label }) => label),
    );
    const [best] = ranking.rows;
    expect(cells[0].slice(0, 4)).toEqual([
      "1",
      best.dice?.toFixed(3),
      `${best.interval?.[0].toFixed(3)} to ${best.interval?.[1].toFixed(3)}`,
      best.caseDeviation?.toFixed(3),
    ]);
    expect(cells[0].slice(-2)).toEqual(["12", "3"]);
    expect(cells[7].at(-1)).toBe("2 of 3");
    expect(rows[7].textContent).toContain("seed 3 diverged: the loss is NaN at step 41; lower the rate");
  });

  it("what is missing", () => {
    expect(document.querySelector(".warning")?.textContent).toBe(
      "These results are not complete: 23 of 24 trials finished, 1 diverged. Each loss is ranked by the seeds that it finished.",
    );
    const interrupted = page({ ...result, trials: result.trials.slice(0, 20) }).document;
    expect(interrupted.querySelector(".warning")?.textContent).toContain("20 of 24 trials finished, 4 did not run");
    expect(interrupted.querySelector(".warning")?.textContent).toContain("--resume");
    const whole = resultOf({ a: [[0.5], [0.6], [0.7]] });
    expect(page(whole).document.querySelector(".warning")).toBeNull();
  });

  it("how it was done, with formulas and papers", () => {
    for (const fact of [
      "losskit compare --preset lesions --steps 200",
      "synthetic images, preset lesions, seed 1",
      "onnxruntime-node 1.30.0",
      "1, 2, 3",
      "200 steps of 8 crops of 64²",
      "loss = 1 - 2 * sum(p * y) / (sum(p) + sum(y))",
      "@article{tversky,",
      "3 min 3 s",
    ]) {
      expect(text).toContain(fact);
    }
  });

  it("which heads the losses had, where they differ", () => {
    const withHeads = (channels: (i: number) => number) => ({
      ...result,
      losses: result.losses.map((loss, i) => ({
        ...loss,
        head: { channels: channels(i), activation: channels(i) === 1 ? ("sigmoid" as const) : ("softmax" as const) },
      })),
    });
    const [first, ...others] = result.losses.map(({ label }) => label);
    const mixed = textOf(withHeads((i) => (i === 0 ? 2 : 1)));
    expect(mixed).toContain(`2 softmax channels: ${first}; 1 sigmoid channel: ${others.join(", ")}. A softmax of two`);
    expect(textOf(withHeads(() => 3))).toContain("3 softmax channels");
    expect(textOf(withHeads(() => 3))).not.toContain("A softmax of two");
    // A record of before heads were written down.
    expect(text).not.toContain("sigmoid channel");
  });

  it("the schedule of a weight", () => {
    const formulas = [{ title: "Boundary loss", formula: "mean(p)", weight: 0.5, schedule: "linear(0,1)" }];
    const losses = result.losses.map((loss) => ({ ...loss, formulas }));
    expect(textOf({ ...result, losses })).toContain("linear(0,1) × 0.5 × Boundary loss");
  });

  it("formulas without the indent they have in a source file", () => {
    const formula = "\n    TP = sum(p * y)\n      + 0\n    loss = 1 - TP\n  ";
    const losses = result.losses.map((loss) => ({ ...loss, formulas: [{ title: "own", formula, weight: 1 }] }));
    const shown = page({ ...result, losses }).document.querySelector("pre")?.textContent;
    expect(shown).toBe("TP = sum(p * y)\n  + 0\nloss = 1 - TP");
  });

  it("the classes one by one where there are several", () => {
    expect(text).not.toContain("Class by class");
    const several = exampleResult(["core", "edema"]);
    const table = [...page(several).document.querySelectorAll("table")].at(-1);
    expect(table?.textContent).toContain("edema");
    expect(table?.querySelectorAll("tbody")).toHaveLength(2);
    expect(table?.querySelectorAll("tr")).toHaveLength(1 + 2 * 8);
  });

  it("all of it to a screen reader too", () => {
    for (const image of document.querySelectorAll("img"))
      expect(image.getAttribute("alt")).toMatch(/case of .+, Dice \d/);
    for (const svg of document.querySelectorAll(".chart > svg, .chart > figure")) {
      expect(svg.getAttribute("role")).toBe("img");
      expect(svg.getAttribute("aria-label")).toMatch(/\w/);
    }
    for (const table of document.querySelectorAll("table"))
      expect(table.querySelector("caption")?.textContent).toMatch(/\w/);
    for (const head of document.querySelectorAll("th"))
      expect(head.getAttribute("scope")).toMatch(/^(col|row|rowgroup)$/);
  });

  it("a chart of each kind: intervals, cases, and curves of every loss", () => {
    // Intervals and cases; training and validation of eight losses.
    expect(document.querySelectorAll(".chart svg[role=img]")).toHaveLength(2 + 2 * 8);
    const cases = document.querySelector('svg[aria-label^="Dice of every test case"]');
    expect(cases?.querySelectorAll("circle")).toHaveLength(8 * 12);
  });
});

describe("the charts", () => {
  it("set losses that are claimed to be worse apart from the leading ones, as the table does", () => {
    const result = exampleResult();
    const ranking = rank(result);
    const { document } = page(result);
    const [best] = ranking.rows;
    const behind = ranking.rows.filter(({ label }) => isClaimedBetter(ranking.pairs, best.label, label));
    expect(behind.length).toBeGreaterThan(2);
    expect(behind.length).toBeLessThan(7);
    const dots = [...document.querySelectorAll('svg[aria-label^="Mean Dice"] circle')];
    expect(dots.filter((dot) => dot.getAttribute("fill") === "var(--behind)")).toHaveLength(behind.length);
    expect(dots.filter((dot) => dot.getAttribute("fill") === "var(--accent)")).toHaveLength(8 - behind.length);
    expect(document.querySelectorAll("tr.leading")).toHaveLength(8 - behind.length);
  });

  it("draw the mean of curves only where every seed has a value", () => {
    const base = resultOf({ a: [[0.5], [0.6]] });
    const curves = [
      [1, 2, 3, 4],
      [3, 4],
    ].map((losses) => losses.map((loss, i) => ({ step: i + 1, loss })));
    const trials = base.trials.map((trial, i) => ({ ...trial, curve: curves[i] }));
    const { document } = page({ ...base, settings: { ...base.settings, steps: 4 }, trials });
    const paths = [...document.querySelectorAll('svg[aria-label^="Training loss"] g[aria-label=line] path')];
    const points = paths.map((path) => (path.getAttribute("d") ?? "").split(/[ML]/).length - 1);
    // Two seeds, then their mean.
    expect(points).toEqual([4, 2, 2]);
  });

  it("leave out what is not finite", () => {
    const base = resultOf({ a: [[0.5]] });
    const curve = [1, 2, Number.POSITIVE_INFINITY, Number.NaN].map((loss, i) => ({ step: i + 1, loss }));
    const { document, html } = page({ ...base, trials: base.trials.map((trial) => ({ ...trial, curve })) });
    expect(html).not.toMatch(/NaN|Infinity/);
    const ticks = document.querySelector('svg[aria-label^="Training loss"] g[aria-label="y-axis tick label"]');
    expect(ticks?.textContent).toMatch(/^1\.0.*2\.0$/);
    const broken = curve.map(({ step }) => ({ step, loss: Number.NaN }));
    const { document: bare } = page({ ...base, trials: base.trials.map((trial) => ({ ...trial, curve: broken })) });
    expect(bare.querySelector('svg[aria-label^="Training loss"]')).toBeNull();
  });
});

describe("whatever people name things", () => {
  const hostile = `</style></script><script>alert(1)</script><img src=x onerror="a()">"'&amp;`;
  const base = exampleResult([hostile, "b"], 6);
  const renamed = (name: string) => (name === "dice" ? hostile : name);
  const result: CompareResult = {
    ...base,
    command: hostile,
    versions: { [hostile]: hostile },
    dataset: { ...base.dataset, name: hostile, splitNote: hostile },
    losses: base.losses.map((loss) => ({
      label: renamed(loss.label),
      specification: hostile,
      formulas: [{ title: hostile, formula: hostile, weight: 2 }],
      references: [hostile],
    })),
    trials: base.trials.map((trial) => ({
      ...trial,
      loss: renamed(trial.loss),
      message: hostile,
      cases: trial.cases.map((score) => ({ ...score, case: `${hostile} ${score.case}` })),
    })),
  };
  const pictures = examplePictures(labels(result)).map((picture) => ({ ...picture, case: hostile, class: hostile }));
  const { html, document } = page(result, pictures);

  it("stays text", () => {
    expect(document.querySelectorAll("script")).toHaveLength(0);
    expect(document.querySelectorAll("[onerror]")).toHaveLength(0);
    // The pictures are the only images: none came out of a name.
    expect(document.querySelectorAll("img")).toHaveLength(pictures.length);
    expect(document.querySelectorAll("style")).toHaveLength(2 + document.querySelectorAll("svg").length);
    for (const address of loadedAddresses(html)) expect(address).toMatch(/^data:image\/png;base64,/);
    expect(document.querySelector("h1")?.textContent).toBe(`Which loss for ${hostile}?`);
    expect(document.querySelector("code")?.textContent).toContain(hostile);
  });

  it("has a place in the charts, shortened where it is long", () => {
    expect(document.querySelector('svg[aria-label^="Mean Dice"]')?.textContent).toContain(
      "</style></script><script>alert(1)…",
    );
  });
});

describe("results that are thin", () => {
  const nothing = (html: string) => html.match(/NaN|undefined|Infinity|\[object/g);

  it.each<[string, CompareResult]>([
    ["no trial", resultOf({ a: [], b: [] })],
    ["one loss, one seed, one case", resultOf({ a: [[0.5]] })],
    ["one seed of two losses", resultOf({ a: [[0.5, 0.6]], b: [[0.4, 0.2]] })],
    ["no case with a Dice", resultOf({ a: [[null], [null]], b: [[null], [null]] })],
    [
      "one loss with nothing to score",
      resultOf({
        a: [
          [null, null],
          [null, null],
        ],
        b: [
          [0.1, null],
          [0.2, null],
        ],
      }),
    ],
    [
      "Dice 0 everywhere",
      resultOf({ a: [Array(8).fill(0), Array(8).fill(0)], b: [Array(8).fill(0), Array(8).fill(0)] }),
    ],
  ])("make a page that holds together: %s", (_, result) => {
    const { html, document } = page(result);
    expect(nothing(html)).toBeNull();
    expect(document.querySelector(".verdict")?.textContent).toMatch(/\w+ .*\.$/);
    expect(document.querySelectorAll("table tbody tr").length).toBeGreaterThanOrEqual(result.losses.length);
  });

  it("say that a few cases prove nothing, and still describe", () => {
    const { document } = page(exampleResult(["lesion"], 3));
    expect(document.querySelector(".verdict")?.textContent).toContain("3 test cases are too few to claim a difference");
    const paragraphs = [...document.querySelectorAll("p")].map(({ textContent }) => textContent);
    expect(paragraphs).toContain(
      "No difference is claimed: 3 test cases are too few to claim a difference (at least 6 are needed).",
    );
    expect(document.querySelectorAll("tr.leading")).toHaveLength(0);
  });
});
