// Exported Python at its edges: names and titles that would break a file, a clip of 0, a spacing of too few axes.

import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { pythonWith } from "../../../../test-support/programs.js";
import { exportKeras } from "../../src/export/keras.js";
import { exportPyTorch } from "../../src/export/pytorch.js";
import { ce, combo, lossFromFormula, mumfordShah } from "../../src/index.js";
import { exportCase } from "./export-cases.js";
import { disagreements } from "./run-modules.js";

const EXPORTS = { PyTorch: exportPyTorch, Keras: exportKeras };

describe.each(Object.entries(EXPORTS))("a file for %s", (_, toText) => {
  it("has no word of Python as a name", () => {
    const text = toText(
      lossFromFormula("yield = sum(p * y)\nid = sum(p)\n1 - 2 * yield / (id + sum(y) + id * yield + 1)"),
    );
    expect(text).toContain("yield_ = ");
    expect(text).toContain("id_ = ");
  });

  it("keeps a formula's name apart from the classes that count", () => {
    const formula = "counted = sum(p * y)\n1 - counted / (counted + sum(y) + 1)";
    const text = toText(lossFromFormula(formula, { classes: "foreground" }), { head: "multiclass" });
    // The formula itself stands in the docstring.
    expect(text.match(/^ +counted = (?!sum\(p \* y\)$)/gmu)).toHaveLength(1);
  });

  it.each(["train", "parameters", "get_config", "super"])("leaves the member %s of the framework alone", (name) => {
    const text = toText(lossFromFormula(`${name} * mean(p * y)`, { parameters: { [name]: 0.5 } }));
    expect(text).not.toContain(`self.${name} =`);
    expect(text).toMatch(new RegExp(`self\\.${name}_\\d? ?=|self\\.${name}_ =`, "u"));
  });

  it("does not hide a function behind a parameter", () => {
    const text = toText(lossFromFormula("classes_mean(flat * mean(p * y))", { parameters: { flat: [0.5, 1] } }), {
      head: "multiclass",
    });
    expect(text).toContain("x = flat(");
    expect(text).not.toMatch(/^ +flat = /mu);
  });

  it.each(["class", "flat", "Tensor", "nn", "ops"])("has no class called %s", (name) => {
    expect(() => toText(ce(), { name })).toThrow(/choose another name/u);
  });

  it("says that ignored voxels need a label map", () => {
    expect(toText(ce())).toContain("or a share of each class");
    expect(toText(ce(), { ignore: 255 })).not.toMatch(/target: .*share|y_true: .*share/u);
  });
});

const python = pythonWith("ast");
describe.skipIf(!python)("a title of any letters", () => {
  it.each(['"""\nimport os\n"""', "\\N{x} \\", 'a""""b', "nul \u0000 \r\u2028 bell \u0007"])(
    "%j stays within the docstring",
    (title) => {
      for (const toText of Object.values(EXPORTS)) {
        const read = "import ast, sys; print([type(one).__name__ for one in ast.parse(sys.stdin.read()).body])";
        const statements = (text: string) =>
          spawnSync(python as string, ["-c", read], { input: text, encoding: "utf8" });
        const titled = statements(toText(lossFromFormula("mean(p * y)", { title })));
        expect(titled.stderr).toBe("");
        expect(titled.stdout).toBe(statements(toText(lossFromFormula("mean(p * y)"))).stdout);
      }
    },
  );
});

const torch = pythonWith("torch");
describe.skipIf(!torch)("a module of PyTorch", { timeout: 60_000 }, () => {
  it("clips nothing where a clip is 0, as its docstring says", () => {
    const loss = combo({ clip: 0 });
    const example = exportCase(loss, 5, { head: "binary" });
    const run = { ...example, loss, text: exportPyTorch(loss, { head: "binary" }), dtype: "float64" } as const;
    expect(disagreements("pytorch", torch as string, [run]).filter(Boolean)).toEqual([]);
  });

  it("refuses a spacing for other axes than the image has", () => {
    const text = exportPyTorch(mumfordShah());
    const program = `${text}\ntry:\n    print(MumfordShahLoss(spacing=(1.0,))(torch.zeros(1, 2, 3, 4), torch.zeros(1, 3, 4), torch.zeros(1, 3, 4)))\nexcept ValueError as error:\n    print(error)\n`;
    const { stdout, stderr } = spawnSync(torch as string, ["-c", program], { encoding: "utf8" });
    expect(stderr).toBe("");
    expect(stdout).toBe("spacing is (1.0,), the image has 2 axes of space\n");
  });
});
