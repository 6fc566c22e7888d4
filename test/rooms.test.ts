// Keeps the shape of the house: a room imports only from the rooms before it, no file is a drawer, and no text is run as code.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Files of the repository, also those not yet committed; a deleted one is in the index until its commit. */
const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => file !== "" && existsSync(join(root, file)));

const sources = (folder: string) => files.filter((file) => file.startsWith(`${folder}/`) && /\.tsx?$/.test(file));

/** What a module imports or re-exports, also by `import(…)` and `import("…")` in types, without what comments and strings hold. */
function imports(text: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier) {
      found.push((node.moduleSpecifier as ts.StringLiteral).text);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [path] = node.arguments;
      found.push(ts.isStringLiteralLike(path) ? path.text : "(computed)");
    } else if (ts.isImportTypeNode(node)) {
      found.push(((node.argument as ts.LiteralTypeNode).literal as ts.StringLiteral).text);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile("module.tsx", text, ts.ScriptTarget.Latest));
  return found;
}

/** What a module imports by `import type` alone: nothing of it is left when it runs. */
function typeImports(text: string): string[] {
  const declarations = ts
    .createSourceFile("module.tsx", text, ts.ScriptTarget.Latest)
    .statements.filter((statement) => ts.isImportDeclaration(statement));
  const specifierOf = ({ moduleSpecifier }: ts.ImportDeclaration) => (moduleSpecifier as ts.StringLiteral).text;
  const atRunTime = declarations.filter(({ importClause }) => !importClause?.isTypeOnly).map(specifierOf);
  return declarations.map(specifierOf).filter((specifier) => !atRunTime.includes(specifier));
}

/** Where text becomes code: `eval`, `Function` and timers that are given a string. */
function runsText(text: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if ((ts.isCallExpression(node) || ts.isNewExpression(node)) && ts.isIdentifier(node.expression)) {
      if (["eval", "Function"].includes(node.expression.text)) found.push(node.expression.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile("module.tsx", text, ts.ScriptTarget.Latest));
  return found;
}

/** Rooms of a package in their order; a file beside the rooms stands under its own name, or is open to all below `doors`. */
interface House {
  readonly source: string;
  readonly rooms: readonly string[];
  /** Files that see every room and that no room may import. */
  readonly doors: readonly string[];
}

const HOUSES: readonly House[] = [
  {
    source: "packages/losskit/src",
    rooms: [
      "errors.ts",
      "version.ts",
      "formula",
      "gradient",
      "compiler",
      "routines",
      "backends",
      "losses",
      "metrics",
      "export",
      "adapters",
    ],
    doors: ["index.ts", "plan.ts"],
  },
  {
    source: "packages/lab/src",
    rooms: [
      "errors.ts",
      "make-folder.ts",
      "random-stream.ts",
      "volumes",
      "datasets",
      "onnx-training",
      "training",
      "experiment",
      "evaluation",
      "queue",
      "choosing",
      "documents",
      "report",
      "cli",
    ],
    doors: ["index.ts"],
  },
];

/** Sentences on imports that go against the order. */
function wrongImports({ source, rooms, doors }: House, file: string, text: string): string[] {
  const roomOf = (path: string) => relative(source, path).split("/")[0].replace(/\.js$/, ".ts");
  const from = roomOf(file);
  if (doors.includes(from)) return [];
  if (!rooms.includes(from)) return [`${file} is in no room of ${source}`];
  return imports(text)
    .filter((specifier) => specifier.startsWith("."))
    .map((specifier) => join(dirname(file), specifier))
    .filter((target) => !rooms.includes(roomOf(target)) || rooms.indexOf(roomOf(target)) > rooms.indexOf(from))
    .map((target) => `${file} imports ${target}`);
}

describe.each(HOUSES)("the rooms of $source", (house) => {
  it("import only from rooms before them", () => {
    const modules = sources(house.source);
    expect(modules.length).toBeGreaterThan(10);
    expect(modules.flatMap((file) => wrongImports(house, file, readFileSync(join(root, file), "utf8")))).toEqual([]);
  });
});

describe("the check itself", () => {
  const [losskit] = HOUSES;
  const file = "packages/losskit/src/formula/node.ts";

  it.each([
    'import { x } from "../gradient/rules.js";',
    'import type { X } from "../gradient/rules.js";',
    'export { x } from "../gradient/rules.js";',
    'export * from "../gradient/rules.js";',
    'import "../gradient/rules.js";',
    'const x = await import("../gradient/rules.js");',
    'type X = import("../gradient/rules.js").Rule;',
    'import { x } from "../index.js";',
    'import { x } from "../../../lab/src/errors.js";',
  ])("refuses %s", (line) => {
    expect(wrongImports(losskit, file, line)).toHaveLength(1);
  });

  it.each(['import { x } from "./axes.js";', 'import { x } from "../errors.js";', '// from "../gradient/rules.js"'])(
    "allows %s",
    (line) => {
      expect(wrongImports(losskit, file, line)).toEqual([]);
    },
  );

  it("tells imports of types from those that run", () => {
    const text =
      'import type { A } from "a"; import { type B } from "b"; import { c } from "c"; import type { D } from "c";';
    expect(typeImports(text)).toEqual(["a"]);
  });

  it("sees text that is run", () => {
    expect(runsText('new Function("a", "b"); eval("1"); Function("c"); // eval("2")\nconst s = "eval(3)";')).toEqual([
      "Function",
      "eval",
      "Function",
    ]);
  });
});

it("gives every file a name that says what it holds", () => {
  const drawers = files.filter((file) =>
    file.split("/").some((part) => /^(utils?|helpers?|common|misc|shared)$/i.test(basename(part).split(".")[0])),
  );
  expect(drawers).toEqual([]);
});

describe("losskit", () => {
  it("has no dependencies to install", () => {
    const manifest = JSON.parse(readFileSync(join(root, "packages/losskit/package.json"), "utf8"));
    for (const kind of ["dependencies", "optionalDependencies", "bundledDependencies"]) {
      expect(Object.keys(manifest[kind] ?? {}), kind).toEqual([]);
    }
    for (const peer of Object.keys(manifest.peerDependencies)) {
      expect(manifest.peerDependenciesMeta[peer], peer).toEqual({ optional: true });
    }
  });

  it("imports nothing but itself, and in adapters the types of its optional peers", () => {
    const { peerDependencies } = JSON.parse(readFileSync(join(root, "packages/losskit/package.json"), "utf8"));
    const foreign = sources("packages/losskit/src").flatMap((file) => {
      const text = readFileSync(join(root, file), "utf8");
      const isAdapter = file.startsWith("packages/losskit/src/adapters/");
      const peers = isAdapter ? typeImports(text).filter((specifier) => specifier in peerDependencies) : [];
      return imports(text)
        .filter((specifier) => !specifier.startsWith(".") && !peers.includes(specifier))
        .map((specifier) => `${file} imports ${specifier}`);
    });
    expect(foreign).toEqual([]);
  });

  it("never runs text as code", () => {
    const running = sources("packages/losskit/src").filter(
      (file) => runsText(readFileSync(join(root, file), "utf8")).length > 0,
    );
    expect(running).toEqual([]);
  });
});
