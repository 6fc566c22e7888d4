// The command as it is installed, started as a person would: exit status, and what goes to which stream.

import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { version } from "losskit";
import { allLosses } from "losskit/losses";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../experiment/fakes.js";

const program = fileURLToPath(new URL("../../bin/losskit.js", import.meta.url));
const environment = { ...process.env, NO_COLOR: "1", LOSSKIT_STACK: "", npm_execpath: "" };

const losskit = (args: readonly string[], cwd?: string): SpawnSyncReturns<string> =>
  spawnSync(process.execPath, [program, ...args], { encoding: "utf8", cwd, env: environment });

describe("what it prints", () => {
  test("list: names on stdout, nothing on stderr", () => {
    const { status, stdout, stderr } = losskit(["list"]);
    expect(status).toBe(0);
    expect(stderr).toBe("");
    for (const { definition } of allLosses) expect(stdout).toContain(` ${definition.name} `);
    expect(stdout).not.toContain("\u001b");
  });

  test("list --json and explain --json are JSON", () => {
    const list = JSON.parse(losskit(["list", "--json"]).stdout);
    expect(list.map(({ name }: { name: string }) => name)).toEqual(allLosses.map(({ definition }) => definition.name));
    const tversky = JSON.parse(losskit(["explain", "tversky", "--json"]).stdout);
    expect(tversky).toMatchObject({ name: "tversky", parameters: { falsePositiveWeight: { symbol: "alpha" } } });
    expect(tversky.bibtex[0]).toMatch(/^@inproceedings\{salehi2017/u);
  });

  test("explain --json holds the values, other libraries and the parts of a compound", () => {
    const parts = JSON.parse(losskit(["explain", "dice-cldice", "--json"]).stdout).parts;
    expect(parts.map(({ loss, weight }: { loss: string; weight: number }) => [loss, weight])).toEqual([
      ["dice", 0.5],
      ["cldice", 0.5],
    ]);
    const dice = JSON.parse(losskit(["explain", "dice", "--json"]).stdout);
    expect(dice).toMatchObject({ values: { perfect: 0 }, elsewhere: { smp: { name: 'DiceLoss("binary")' } } });
    expect(dice).not.toHaveProperty("parts");
  });

  test("list --family holds that family alone", () => {
    const list = JSON.parse(losskit(["list", "--family", "topology", "--json"]).stdout);
    expect(list.map(({ name }: { name: string }) => name)).toContain("cldice");
    expect(new Set(list.map(({ family }: { family: string }) => family))).toEqual(new Set(["topology"]));
    expect(losskit(["list", "--family", "topology"]).stdout).not.toContain(" dice ");
  });

  test("explain --answers suggests losses, and says so in JSON", () => {
    const { status, stdout, stderr } = losskit(["explain", "--answers", "thin=yes"]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toContain("1. dice-cldice\n");
    const record = JSON.parse(losskit(["explain", "--ask", "--answers", "thin=yes", "--json"]).stdout);
    expect(record.losses[0].specification).toBe("dice-cldice");
  });

  test("cite prints each paper once, and those of every loss with --all", () => {
    const keys = (text: string) => [...text.matchAll(/^@\w+\{(\w+),$/gmu)].map(([, key]) => key);
    const { status, stdout, stderr } = losskit(["cite", "dice", "Tversky", "dice-squared"]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(keys(stdout)).toEqual(["drozdzal2016", "milletari2016", "salehi2017"]);
    const all = new Set(allLosses.flatMap(({ definition }) => definition.references));
    expect(new Set(keys(losskit(["cite", "--all"]).stdout))).toEqual(all);
    const [, second] = JSON.parse(losskit(["cite", "dice", "dice-squared", "--json"]).stdout);
    expect(second).toMatchObject({ key: "milletari2016", year: 2016, losses: ["dice", "dice-squared"] });
  });

  test.each([["--version"], ["-v"]])("%s", (flag) => {
    expect(losskit([flag])).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: "" });
  });

  test("help names the commands; help of a command its options, within 80 columns", () => {
    const { status, stdout } = losskit(["--help"]);
    expect(status).toBe(0);
    for (const command of ["compare", "list", "explain", "cite", "bench", "phantoms"]) {
      expect(stdout).toMatch(new RegExp(`^ {2}${command} `, "mu"));
      const help = losskit([command, "--help"]);
      expect(help.status).toBe(0);
      expect(help.stdout).not.toContain("\u001b");
      expect(Math.max(...help.stdout.split("\n").map((line) => line.trimEnd().length))).toBeLessThanOrEqual(80);
    }
    expect(losskit(["help", "compare"]).stdout).toContain("--resume");
  });

  test("a reader that has seen enough is no error", () => {
    const command = `"${process.execPath}" "${program}" list --json | head -c 10; exit \${PIPESTATUS[0]}`;
    const { status, stderr } = spawnSync("bash", ["-c", command], { encoding: "utf8", env: environment });
    expect(stderr).toBe("");
    expect(status).toBe(0);
  });
});

describe("commands that cannot be understood end with 2 and write nothing", () => {
  test.each<[string[], string]>([
    [[], "losskit compare"],
    [["explian", "dice"], 'error [USAGE]: there is no command "explian"; did you mean explain?'],
    [["toString"], 'there is no command "toString"'],
    [["--jsn"], "there is no option --jsn before a command"],
    [["list", "--jsn"], "error [USAGE]: there is no option --jsn; did you mean --json?"],
    [["explain"], "error [USAGE]: NAME is missing"],
    [["explain", "dice", "--ask"], "error [USAGE]: --ask and --answers are to find a loss; leave NAME"],
    [
      ["explain", "--ask"],
      "error [USAGE]: --ask asks on a terminal, and there is none; give the answers with --answers",
    ],
    [["explain", "--answers", "smal=yes"], 'error [USAGE]: --answers has no question "smal"; did you mean small?'],
    [["cite"], "error [USAGE]: NAME is missing; name the losses whose papers you want"],
    [["cite", "dice", "tverksy"], 'error [USAGE]: there is no loss "tverksy"; did you mean "tversky"?'],
    [["cite", "dice", "--all"], "error [USAGE]: --all is every loss, and losses are named"],
    [["list", "--family", "regions"], 'error [USAGE]: --family is "regions"; did you mean region?'],
    [["explain", "dicee"], 'error [USAGE]: there is no loss "dicee"; did you mean "dice"?'],
    [["compare", "--losses", "dice,bcd"], 'error [USAGE]: there is no loss "bcd"; did you mean "bce"?\n  bcd\n  ^^^'],
    [["compare", "--loss", "tversky:alpha=-1"], "error [PARAMETER]: falsePositiveWeight of tversky is -1"],
    [["compare", "--loss", "a = sum(p*"], 'error [FORMULA_SYNTAX]: the formula "a": line 1, column 7'],
    [["compare", "--preset", "moons"], 'error [USAGE]: There is no phantom preset "moons"'],
    [["phantoms", "--preset", "nuclei"], "error [USAGE]: --out is missing"],
    [["compare", "--resume"], "holds no results to go on with"],
    [["compare", "--steps", "many"], 'error [USAGE]: --steps is "many"'],
    [["compare", "--loss", "dice", "--loss", "dice"], "error [USAGE]: the loss dice is given more than once"],
    [
      ["compare", "--losses", "dice", "--loss", "bce+ce"],
      "error [INCOMPATIBLE_LOSS]: these losses cannot train a network for one class",
    ],
    [["compare", "--crop", "60"], "error [USAGE]: --crop is 60; a network with 3 poolings needs a multiple of 8"],
  ])("losskit %j", async (args, message) => {
    const cwd = await temporaryFolder();
    const { status, stdout, stderr } = losskit(args, cwd);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/\n\s+at /u);
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(await readdir(cwd)).toEqual([]);
  });
});

describe("data that cannot be used ends with 3 and writes nothing", () => {
  test.each<[string, (folder: string) => Promise<void>, string]>([
    ["an empty folder", async () => {}, "EMPTY_DATASET"],
    [
      "a cut image",
      async (folder) => {
        await mkdir(join(folder, "images"));
        await mkdir(join(folder, "masks"));
        for (const name of ["a", "b", "c"]) {
          for (const part of ["images", "masks"]) await writeFile(join(folder, part, `${name}.png`), "\u0089PNG\r\n");
        }
      },
      "UNREADABLE_FILE",
    ],
  ])("%s", async (_, make, code) => {
    const cwd = await temporaryFolder();
    const data = join(cwd, "data");
    await mkdir(data);
    await make(data);
    const { status, stdout, stderr } = losskit(["compare", "data", "--losses", "dice"], cwd);
    expect(stderr).toContain(`error [${code}]`);
    expect(status).toBe(3);
    expect(stdout).toBe("");
    expect(await readdir(cwd)).toEqual(["data"]);
  });

  test("a folder that does not exist", () => {
    expect(losskit(["compare", "/nowhere/at/all"])).toMatchObject({ status: 3, stdout: "" });
  });
});

test("an output folder with something else in it is left alone", async () => {
  const cwd = await temporaryFolder();
  await writeFile(join(cwd, "thesis.txt"), "");
  const { status, stderr } = losskit(["compare", "--losses", "dice", "--out", ".", "--force"], cwd);
  expect(stderr).toContain("is not empty and holds no results");
  expect(status).toBe(2);
  expect(await readdir(cwd)).toEqual(["thesis.txt"]);
});
