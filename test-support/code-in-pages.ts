// Runs the TypeScript that stands in a page of docs/: what it prints is held to what stands behind the lines that print.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { compileFunction } from "node:vm";
import ts from "typescript";

const root = fileURLToPath(new URL("../", import.meta.url));

export interface PageWithCode {
  readonly text: string;
  /** The first block, which the others start from. */
  readonly start: string;
  readonly pieces: readonly PieceOfCode[];
}

export interface PieceOfCode {
  /** The heading it stands under. */
  readonly title: string;
  readonly code: string;
}

/** A page of docs/ with its blocks of TypeScript. */
export function readPage(name: string): PageWithCode {
  const text = readFileSync(`${root}docs/${name}`, "utf8");
  const [start, ...blocks] = [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code]) => code);
  const pieces = blocks.map((code) => {
    const before = text.slice(0, text.indexOf(code));
    return { title: [...before.matchAll(/^## (.*)$/gm)].pop()?.[1] ?? "", code };
  });
  return { text, start, pieces };
}

/** Headings of the second level. */
export const headingsOf = ({ text }: PageWithCode): string[] =>
  [...text.matchAll(/^## (.*)$/gm)].map(([, title]) => title);

/** A printed value as a page writes it: numbers to four digits. */
function written(value: unknown): string {
  if (typeof value === "number") return String(Number(value.toPrecision(4)));
  return Array.isArray(value) ? `[${value.map(written).join(", ")}]` : String(value);
}

/**
 * What a piece prints, and what stands behind the lines that print: of a loop, what it prints in each round, with | between them.
 *
 * @param modules what the page may import, by name
 */
export function runPiece(
  { start }: PageWithCode,
  { code }: PieceOfCode,
  modules: Readonly<Record<string, unknown>>,
): { printed: string[]; stated: string[] } {
  const printed: string[] = [];
  const log = (...values: unknown[]) => printed.push(values.map(written).join(" "));
  const { outputText } = ts.transpileModule(`${start}\n${code}`, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
  });
  const require = (name: string) => {
    if (Object.hasOwn(modules, name)) return modules[name];
    throw new Error(`the page imports ${name}, which a reader may not have`);
  };
  compileFunction(outputText, ["require", "exports", "console"])(require, {}, { log });
  const stated = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].flatMap(([, text]) => text.split(" | "));
  return { printed, stated };
}

/** What the compiler has to say of the pieces, each behind the page's first block. */
export function typeProblems({ start, pieces }: PageWithCode): string[] {
  const config = ts.readConfigFile(`${root}tsconfig.tests.json`, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
  const files = new Map(pieces.map(({ code }, i) => [`${root}docs/piece-${i}.ts`, `${start}\n${code}`]));
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists, getSourceFile } = host;
  host.fileExists = (name) => files.has(name) || fileExists(name);
  host.readFile = (name) => files.get(name) ?? readFile(name);
  host.getSourceFile = (name, ...rest) => {
    const text = files.get(name);
    return text === undefined ? getSourceFile(name, ...rest) : ts.createSourceFile(name, text, ts.ScriptTarget.ES2022);
  };
  const program = ts.createProgram([...files.keys()], { ...options, noUnusedLocals: false }, host);
  return [...files.keys()].flatMap((name) => {
    const file = program.getSourceFile(name);
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(
      ({ messageText }) => `${name}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`,
    );
  });
}
