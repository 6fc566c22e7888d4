import { describe, expect, it } from "vitest";
import { sharedPath } from "../../test-support/shared-folder.js";
import { type GoldenCase, readGoldenFile } from "../src/cases.js";
import { compareCase } from "../src/compare.js";
import { GOLDEN_FLOOR } from "../src/float32-bounds.js";
import { inFloat32, lossCall } from "../src/loss-call.js";
import { type LossMapping, MAPPING } from "../src/mapping.js";
import { runGoldenFile } from "../src/run.js";
import { naiveFloat32 } from "./naive-float32.js";

const seed = sharedPath("golden/seed.json");

describe.skipIf(!seed)("golden values of the page's code", () => {
  it("compares every case or has a rule for it, and none is beyond the bounds", () => {
    const summary = runGoldenFile(readGoldenFile(seed as string));
    expect(summary.failures).toEqual([]);
    expect([summary.cases, summary.compared, summary.byRule]).toEqual([292, 282, 10]);
    expect(summary.byReference).toBe(0);
  });

  it("is met by the WebAssembly backend within the bounds of float32", () => {
    const summary = runGoldenFile(readGoldenFile(seed as string), "wasm");
    expect(summary.failures).toEqual([]);
    expect([summary.cases, summary.compared, summary.byRule]).toEqual([292, 282, 10]);
    // The metrics, which count labels; every loss of the page has kernels.
    expect(summary.byReference).toBe(19);
  });
});

/** The page computes these from the logit, in forms that lose nothing; the others are as they are printed. */
const STABLE = new Set(["stable_bce", "binary_xloss", "xloss"]);

interface Worst {
  value: number;
  gradient: number;
}

/** Errors of float32 results against float64 on the same float32 inputs: of the value, and of the gradient of its largest slope. */
function addErrors(
  worst: Worst,
  given: { values: ArrayLike<number>; gradient: ArrayLike<number> },
  truth: typeof given,
) {
  const largest = Array.from(truth.gradient).reduce((max, slope) => Math.max(max, Math.abs(slope)), 0);
  for (const [i, exact] of Array.from(truth.values).entries()) {
    const error = Math.abs(given.values[i] - exact);
    if (!(error <= GOLDEN_FLOOR))
      worst.value = Math.max(worst.value, Number.isNaN(error) ? 1 : error / Math.abs(exact));
  }
  for (const [i, exact] of Array.from(truth.gradient).entries()) {
    const error = Math.abs(given.gradient[i] - exact);
    if (!(error <= GOLDEN_FLOOR)) worst.gradient = Math.max(worst.gradient, Number.isNaN(error) ? 1 : error / largest);
  }
}

describe.skipIf(!seed)("the WebAssembly backend on golden inputs", () => {
  const cases = seed ? readGoldenFile(seed).cases : [];
  const losses = [...new Set(cases.map(({ loss }) => loss))].filter(
    (loss) => MAPPING[loss].kind === "loss" && !STABLE.has(loss),
  );

  it.each(losses)("is never worse than the printed formula in float32: %s", (name) => {
    const [ours, printed]: Worst[] = [
      { value: 0, gradient: 0 },
      { value: 0, gradient: 0 },
    ];
    for (const golden of cases.filter(({ loss, error }) => loss === name && error === undefined)) {
      const given = lossCall(MAPPING[name] as LossMapping, golden);
      const { loss, options } = given;
      const { input: single, exact: call } = inFloat32(given);
      let truth: ReturnType<typeof loss.valueAndGradient>;
      try {
        truth = loss.valueAndGradient(call.input, call.target, { ...options, backend: "reference" });
      } catch {
        continue; // Undeclared labels, which ours refuses.
      }
      addErrors(ours, loss.valueAndGradient(single, call.target, { ...options, backend: "wasm" }), truth);
      addErrors(printed, naiveFloat32(call), truth);
    }
    // Where both are as good as float32 can be, which of the two rounded more luckily says nothing.
    expect(ours.value).toBeLessThanOrEqual(printed.value + 4 * 2 ** -23);
    expect(ours.gradient).toBeLessThanOrEqual(printed.gradient + 5e-7);
  });
});

describe("the comparison", () => {
  // Dice of p = (1/2, 1/2) on (1, 0) with smooth 1: 1 - 2/3, slopes of p along x 1/4.
  const half: GoldenCase = {
    loss: "dice",
    case: "half",
    shape: [1, 1, 1, 2],
    params: { smooth: 1 },
    inputKind: "logits",
    input: [0, 0],
    targetKind: "binary",
    targets: [1, 0],
    value: 1 / 3,
    gradient: [((-1 / 4) * (2 * 3 - 2)) / 9, ((1 / 4) * 2) / 9],
    fd: "ok",
    stableValue: undefined,
    stableGradient: undefined,
    error: undefined,
  };

  it("passes equal numbers", () => {
    expect(compareCase(half)).toMatchObject({ kind: "compared", within: true });
  });

  it("fails a value or a gradient that is off by one in a hundred million", () => {
    expect(compareCase({ ...half, value: 1 / 3 + 1e-8 })).toMatchObject({ kind: "compared", within: false });
    const gradient = [(half.gradient as number[])[0] * (1 + 1e-8), (half.gradient as number[])[1]];
    expect(compareCase({ ...half, gradient })).toMatchObject({ kind: "compared", within: false });
  });

  it("takes float32 results within their bounds, which are a thousand times wider", () => {
    const [first, second] = half.gradient as number[];
    expect(compareCase(half, "wasm")).toMatchObject({ kind: "compared", backend: "wasm", within: true });
    expect(compareCase({ ...half, value: (1 / 3) * (1 + 1e-8) }, "wasm")).toMatchObject({ within: true });
    expect(compareCase({ ...half, value: (1 / 3) * (1 + 1e-6) }, "wasm")).toMatchObject({ within: false });
    expect(compareCase({ ...half, gradient: [first, second * (1 + 5e-6)] }, "wasm")).toMatchObject({ within: false });
  });

  it("expects on kernels what the rounded input gives", () => {
    // Logits that float32 does not hold: the slope of the value, 1/9, times what rounding takes off is 4e-9 and must not count.
    const input = [0.1 + 3e-8, 0];
    const p = 1 / (1 + Math.exp(-input[0]));
    const value = 1 - (2 * p + 1) / (p + 0.5 + 1 + 1);
    const moved: GoldenCase = { ...half, input, value, gradient: null };
    expect(compareCase(moved)).toMatchObject({ within: true });
    expect(compareCase(moved, "wasm")).toMatchObject({ within: true });
  });

  it("does not compare a gradient that is no derivative, and takes the stable form where there is one", () => {
    expect(compareCase({ ...half, fd: "kink", gradient: [9, 9] })).toMatchObject({ within: true });
    expect(compareCase({ ...half, value: 9, stableValue: 1 / 3 })).toMatchObject({ within: true });
    expect(compareCase({ ...half, fd: "kink", stableGradient: [9, 9] })).toMatchObject({ within: false });
  });

  it("fails a case that is neither mapped nor under a rule", () => {
    expect(compareCase({ ...half, loss: "nobody" })).toMatchObject({ kind: "failed" });
    expect(compareCase({ ...half, params: { smooth: 1, extra: 2 } })).toMatchObject({ kind: "failed" });
  });

  it("holds ours to what a rule says of it", () => {
    expect(compareCase({ ...half, error: "raised" })).toMatchObject({ kind: "rule", rule: "raises" });
    expect(compareCase({ ...half, targetKind: "labels", targets: [255, 0] })).toMatchObject({
      kind: "rule",
      rule: "undeclared labels",
    });
    expect(compareCase({ ...half, value: Number.NaN })).toMatchObject({ kind: "rule", rule: "no number" });
    expect(compareCase({ ...half, value: Number.NaN, targets: [1, 7] })).toMatchObject({ kind: "failed" });
  });
});
