// Runs docs/training-options.md: its code compiles and prints what it says, its table and its promise about extreme logits hold.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { compileFunction } from "node:vm";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import * as losskit from "../../src/index.js";
import { allLosses } from "../../src/losses/all.js";
import { callFor, headsOf } from "./calls.js";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const page = readFileSync(`${root}docs/training-options.md`, "utf8");
const [arrays, ...pieces] = [...page.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code]) => code);
const titles = pieces.map((code) => {
  const before = page.slice(0, page.indexOf(code));
  return [...before.matchAll(/^## (.*)$/gm)].pop()?.[1] ?? "";
});

/** A printed value as the page writes it. */
function written(value: unknown): string {
  if (typeof value === "number") return String(Number(value.toPrecision(4)));
  return Array.isArray(value) ? `[${value.map(written).join(", ")}]` : String(value);
}

/** What the piece prints, and what stands behind the lines that print: of a loop, what it prints in each round. */
function run(piece: string): { printed: string[]; stated: string[] } {
  const printed: string[] = [];
  const log = (...values: unknown[]) => printed.push(values.map(written).join(" "));
  const { outputText } = ts.transpileModule(`${arrays}\n${piece}`, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
  });
  const require = (name: string) => {
    if (name === "losskit") return losskit;
    throw new Error(`the page imports ${name}, which a reader may not have`);
  };
  compileFunction(outputText, ["require", "exports", "console"])(require, {}, { log });
  // Two or more prints of a loop stand behind one line, with | between them.
  const stated = [...piece.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].flatMap(([, text]) => text.split(" | "));
  return { printed, stated };
}

describe("the pieces of code", () => {
  it("are there, for every task of the page", () => {
    const tasks = [...page.matchAll(/^## (.*)$/gm)].map(([, title]) => title);
    expect(tasks.length).toBeGreaterThanOrEqual(11);
    expect([...new Set(titles)]).toEqual(tasks);
  });

  it.each(pieces.map((piece, i) => [titles[i], piece]))("print what they say: %s", (_, piece) => {
    const { printed, stated } = run(piece);
    expect(printed.length).toBeGreaterThan(0);
    expect(printed).toEqual(stated);
  });

  it("are well typed", () => {
    const config = ts.readConfigFile(`${root}tsconfig.tests.json`, ts.sys.readFile);
    const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
    const files = new Map(pieces.map((piece, i) => [`${root}docs/piece-${i}.ts`, `${arrays}\n${piece}`]));
    const host = ts.createCompilerHost(options);
    const { readFile, fileExists, getSourceFile } = host;
    host.fileExists = (name) => files.has(name) || fileExists(name);
    host.readFile = (name) => files.get(name) ?? readFile(name);
    host.getSourceFile = (name, ...rest) => {
      const text = files.get(name);
      return text === undefined
        ? getSourceFile(name, ...rest)
        : ts.createSourceFile(name, text, ts.ScriptTarget.ES2022);
    };
    const program = ts.createProgram([...files.keys()], { ...options, noUnusedLocals: false }, host);
    const problems = [...files.keys()].flatMap((name) => {
      const file = program.getSourceFile(name);
      return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(
        ({ messageText }) => `${name}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`,
      );
    });
    expect(problems).toEqual([]);
  });
});

describe("the table of empty masks", () => {
  const shape = [1, 1, 2, 2];
  const nothing = new Uint8Array(4);
  const object = Uint8Array.of(1, 1, 0, 0);
  const low = Float32Array.of(-50, -50, -50, -50);
  const high = Float32Array.of(50, 50, -50, -50);
  // Every probability of the object's voxels 1/2: 1 - 2 · 1 / (1 + 2) = 1/3.
  const third = Float32Array.of(0, 0, -50, -50);
  const rows = [...page.matchAll(/^\| `"(count|skip|zero)"` *\|(.*)\|$/gm)].map(([, policy, cells]) => ({
    policy: policy as "count" | "skip" | "zero",
    cells: cells.split("|").map((cell) => cell.trim()),
  }));

  it("has a row for each policy", () => {
    expect(rows.map(({ policy }) => policy)).toEqual(["count", "skip", "zero"]);
  });

  it.each(rows)("is right about $policy", ({ policy, cells }) => {
    const loss = losskit.dice({ images: "each", emptyMasks: policy });
    const value = (logits: Float32Array, target: Uint8Array, images = 1) =>
      loss.value(logits, target, { shape: [images, ...shape.slice(1)] }).toFixed(3);
    const both = value(Float32Array.of(...high, ...third), Uint8Array.of(...nothing, ...object), 2);
    const alarm = loss.valueAndGradient(new Float32Array(4), nothing, { shape }).gradient.some((slope) => slope > 0);
    const measured = [value(low, nothing), value(high, nothing), value(low, object), both].map(Number).map(String);
    expect(cells).toEqual([...measured, alarm ? "yes" : "no"]);
  });
});

it('leaves out the one class of one channel with "skip", and keeps it with classes "present", as the page says', () => {
  const alarm = [new Float64Array(4).fill(3), new Uint8Array(4), { shape: [1, 1, 4] }] as const;
  expect(losskit.dice().value(...alarm)).toBeGreaterThan(0.99);
  expect(losskit.dice({ emptyMasks: "skip" }).value(...alarm)).toBe(0);
  expect(losskit.dice({ classes: "present" }).value(...alarm)).toBe(losskit.dice().value(...alarm));
});

describe("extreme logits", () => {
  const patterns = [
    (x: number, size: number) => Math.sign(x) * size,
    (_x: number, size: number, i: number) => (i % 3 === 0 ? 0 : i % 3 === 1 ? size : -size),
    (_x: number, size: number) => size,
  ];
  /** Backend, and the largest logit. */
  const sizes = [
    ["auto", 1e30],
    ["auto", 65504],
    ["auto", 1e-45],
    ["reference", 3.4028234663852886e38],
  ] as const;

  it.each(allLosses.map((factory) => [factory.definition.name, factory] as const))(
    "give a finite value and gradient: %s",
    (_, factory) => {
      const heads = headsOf(factory).filter(({ activation }) => activation !== "none");
      expect(heads.length).toBeGreaterThan(0);
      for (const head of heads) {
        // More voxels than a kernel adds up in float32.
        const { logits, target, options } = callFor(factory, 3, { ...head, images: 1, space: [8, 33] });
        const fields = Object.entries(options.fields ?? {}).map(([name, field]) => [name, Float32Array.from(field)]);
        for (const [backend, size] of sizes) {
          const call = { ...options, backend, fields: Object.fromEntries(fields) };
          for (const pattern of patterns) {
            const extreme = Float32Array.from(logits, (x, i) => pattern(x, size, i));
            const { value, gradient } = factory().valueAndGradient(extreme, target, call);
            expect(Number.isFinite(value)).toBe(true);
            expect(gradient.every(Number.isFinite)).toBe(true);
          }
        }
      }
    },
  );
});
