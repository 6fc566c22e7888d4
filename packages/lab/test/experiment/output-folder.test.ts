// The output folder: whose it must be, what of it can be continued, and that no half-written file is ever seen.

import { spawnSync } from "node:child_process";
import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { writeAtomically } from "../../src/experiment/atomic-write.js";
import {
  listTrials,
  readPlan,
  removeUnfinished,
  resumeFolder,
  slugs,
  startFolder,
  trialFile,
} from "../../src/experiment/output-folder.js";
import { finishedResult, plan, temporaryFolder } from "./fakes.js";

const losses = [
  { label: "dice", specification: "dice" },
  { label: "bce", specification: "bce" },
];
const trials = listTrials(losses, [1, 2]);

test("all losses of a seed run before the next seed", () => {
  expect(trials.map(({ name }) => name)).toEqual(["dice-seed1", "bce-seed1", "dice-seed2", "bce-seed2"]);
});

test("names of files are safe and unique, whatever the labels", () => {
  expect(slugs(["0.5*dice+ce", "Dice", "dice", "../..", "损失"])).toEqual([
    "0.5-dice-and-ce",
    "dice",
    "dice-2",
    "loss",
    "loss-2",
  ]);
  fc.assert(
    fc.property(fc.uniqueArray(fc.string(), { maxLength: 20 }), (labels) => {
      const names = slugs(labels);
      expect(new Set(names).size).toBe(labels.length);
      for (const name of names) expect(name).toMatch(/^[a-z0-9][a-z0-9.-]*$/u);
    }),
  );
});

describe("starting", () => {
  test("an absent folder is made and holds the plan", async () => {
    const out = join(await temporaryFolder(), "new", "results");
    await startFolder(out, plan(), false);
    expect(await readPlan(out)).toEqual(plan());
  });

  test("a folder with something else is refused, also with force", async () => {
    const out = await temporaryFolder();
    await writeFile(join(out, "thesis.txt"), "years of work");
    await expect(startFolder(out, plan(), true)).rejects.toMatchObject({ code: "USAGE", message: /holds no results/u });
    expect(await readdir(out)).toEqual(["thesis.txt"]);
  });

  test("results are refused without force, and with it only they are replaced", async () => {
    const out = await temporaryFolder();
    await startFolder(out, plan(), false);
    await writeAtomically(trialFile(out, "dice-seed1"), "{}");
    await writeFile(join(out, "notes.txt"), "mine");
    await expect(startFolder(out, plan(), false)).rejects.toMatchObject({
      code: "USAGE",
      message: /--resume.*--force/u,
    });
    expect(await readdir(join(out, "trials"))).toEqual(["dice-seed1.json"]);
    await startFolder(out, plan({ losses: ["dice"] }), true);
    expect((await readdir(out)).sort()).toEqual(["experiment.json", "notes.txt"]);
    expect((await readPlan(out))?.losses).toEqual(["dice"]);
  });

  test("a file in place of the folder is a failure to write", async () => {
    const file = join(await temporaryFolder(), "file");
    await writeFile(file, "");
    await expect(startFolder(file, plan(), false)).rejects.toMatchObject({ code: "WRITE_FAILED" });
  });
});

describe("going on", () => {
  test("finished and diverged trials are done; failed, cut and foreign ones are not", async () => {
    const out = await temporaryFolder();
    await startFolder(out, plan(), false);
    const store = (trial: (typeof trials)[number], change: object) =>
      writeAtomically(
        trialFile(out, trial.name),
        JSON.stringify({ ...finishedResult({ trial } as Parameters<typeof finishedResult>[0]), ...change }),
      );
    await store(trials[0], {});
    await store(trials[1], { status: "diverged", message: "loss is NaN" });
    await store(trials[2], { status: "failed" });
    await writeFile(trialFile(out, trials[3].name), '{"loss":"bce","seed":2,"status":"fini');
    expect([...(await resumeFolder(out, plan(), trials)).keys()]).toEqual(["dice-seed1", "bce-seed1"]);
    await store(trials[0], { seed: 7 });
    expect([...(await resumeFolder(out, plan(), trials)).keys()]).toEqual(["bce-seed1"]);
  });

  test("other settings are refused, and named", async () => {
    const out = await temporaryFolder();
    await startFolder(out, plan(), false);
    const other = plan({ settings: { ...plan().settings, batch: 16 } });
    await expect(resumeFolder(out, other, trials)).rejects.toMatchObject({
      code: "USAGE",
      message: /other settings:\n {2}settings\.batch: 2 there, 16 now\n/u,
    });
  });

  test("a folder without results is refused", async () => {
    await expect(resumeFolder(await temporaryFolder(), plan(), trials)).rejects.toMatchObject({ code: "USAGE" });
  });

  test("a plan that cannot be read is an error, not an empty start", async () => {
    const out = await temporaryFolder();
    await writeFile(join(out, "experiment.json"), '{"schema": "losskit-exp');
    await expect(readPlan(out)).rejects.toMatchObject({ code: "UNREADABLE_FILE" });
  });

  test("leftovers of trials that did not end are removed, those of trials that did stay", async () => {
    const out = await temporaryFolder();
    for (const name of ["dice-seed1", "bce-seed1"]) {
      await writeAtomically(join(out, "models", `${name}.onnx`), "model");
      await writeAtomically(join(out, "predictions", name, "a.png"), "image");
    }
    await writeAtomically(trialFile(out, "dice-seed1"), "{}");
    await writeFile(`${trialFile(out, "bce-seed1")}.77-0.part`, "{");
    await removeUnfinished(out);
    expect(await readdir(join(out, "trials"))).toEqual(["dice-seed1.json"]);
    expect(await readdir(join(out, "models"))).toEqual(["dice-seed1.onnx"]);
    expect(await readdir(join(out, "predictions"))).toEqual(["dice-seed1"]);
  });
});

describe("writing", () => {
  test("makes the folders, replaces the file, leaves nothing beside it", async () => {
    const folder = join(await temporaryFolder(), "a", "b");
    await writeAtomically(join(folder, "file"), "one");
    await writeAtomically(join(folder, "file"), Uint8Array.of(116, 119, 111));
    expect(await readFile(join(folder, "file"), "utf8")).toBe("two");
    expect(await readdir(folder)).toEqual(["file"]);
  });

  test("a name that is a folder is a coded error, and its temporary file is gone", async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, "file"));
    await writeFile(join(folder, "file", "inside"), "");
    await expect(writeAtomically(join(folder, "file"), "text")).rejects.toMatchObject({
      code: "WRITE_FAILED",
      message: /cannot write .*file: a folder has that name/u,
    });
    expect(await readdir(folder)).toEqual(["file"]);
  });

  test.skipIf(process.platform !== "linux")("a disk with room for a part of the file leaves none of it", async () => {
    // A limit on the size of files does what a full disk does: it takes the first bytes and then refuses.
    const folder = await temporaryFolder();
    const built = fileURLToPath(new URL("../../dist/experiment/atomic-write.js", import.meta.url));
    const script = `import { writeAtomically } from ${JSON.stringify(built)};
      await writeAtomically(${JSON.stringify(join(folder, "file"))}, new Uint8Array(100_000)).catch((error) => console.log(error.code));`;
    const command = `ulimit -f 8; "${process.execPath}" --input-type=module -e "$SCRIPT"`;
    const { stdout } = spawnSync("bash", ["-c", command], {
      encoding: "utf8",
      env: { ...process.env, SCRIPT: script },
    });
    expect(stdout).toBe("WRITE_FAILED\n");
    expect(await readdir(folder)).toEqual([]);
  });

  test("no permission is a coded error", async () => {
    const folder = await temporaryFolder();
    await chmod(folder, 0o500);
    // Root may write into any folder but those of the kernel.
    const refused = process.getuid?.() === 0 ? "/sys/kernel" : folder;
    await expect(writeAtomically(join(refused, "file"), "text")).rejects.toMatchObject({ code: "WRITE_FAILED" });
    await chmod(folder, 0o700);
  });
});
