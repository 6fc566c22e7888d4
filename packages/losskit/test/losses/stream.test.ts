// A volume in pieces: bit for bit the value and gradient of the whole, however it is cut, merged and sent.

import { describe, expect, it } from "vitest";
import { type Coefficients, mergeSums, type PartialSums } from "../../src/backends/stream.js";
import { ROUTINES } from "../../src/formula/operations.js";
import { allLosses } from "../../src/losses/all.js";
import { bceDice, ce, dice, focal, lovaszHinge } from "../../src/losses/catalogue.js";
import { add, lossFromFormula } from "../../src/losses/define.js";
import type { Loss, VolumeChunk } from "../../src/losses/loss.js";
import { headsOf, uniformSequence } from "./calls.js";

const BLOCK = 65536;
const VOXELS = 3 * BLOCK + 1001;

interface Volume {
  readonly channels: number;
  readonly logits: Float32Array;
  readonly target: Uint8Array;
  readonly options: Omit<VolumeChunk, "logits" | "target" | "offset">;
}

function volume(seed: number, channels: number, options: Volume["options"] = {}): Volume {
  const uniform = uniformSequence(seed);
  const spread = options.activation === "none" ? () => uniform() / channels : () => 12 * uniform() - 6;
  const logits = Float32Array.from({ length: channels * VOXELS }, spread);
  const target = Uint8Array.from({ length: VOXELS }, () => Math.floor(uniform() * Math.max(2, channels)));
  return { channels, logits, target, options };
}

function pieces({ channels, logits, target, options }: Volume, cuts: readonly number[]): VolumeChunk[] {
  return cuts.map((start, i) => {
    const end = cuts[i + 1] ?? VOXELS;
    const chunk = new Float32Array(channels * (end - start));
    for (let c = 0; c < channels; c++) {
      chunk.set(logits.subarray(c * VOXELS + start, c * VOXELS + end), c * (end - start));
    }
    const weights = options.weights?.subarray(start, end);
    return { ...options, weights, channels, logits: chunk, target: target.subarray(start, end), offset: start };
  });
}

/** As if sent to another process. */
const sent = <T extends PartialSums | Coefficients>(data: T): T => JSON.parse(JSON.stringify(data));

function expectSameBits(loss: Loss, whole: Volume, cuts: readonly number[]): void {
  const { channels, logits, target, options } = whole;
  const expected = loss.valueAndGradient(logits, target, { ...options, shape: [1, channels, VOXELS] });
  const chunks = pieces(whole, cuts);
  const sums = chunks.map((chunk) => sent(loss.sums(chunk)));
  const { value, values, coefficients } = loss.finish(mergeSums(...sums.reverse()));
  expect(value).toBe(expected.value);
  expect(values).toEqual(expected.values);
  for (const chunk of chunks) {
    const gradient = loss.gradient(chunk, sent(coefficients));
    const length = gradient.length / channels;
    for (let c = 0; c < channels; c++) {
      const part = expected.gradient.subarray(c * VOXELS + chunk.offset, c * VOXELS + chunk.offset + length);
      expect(Buffer.compare(bytes(gradient.subarray(c * length, (c + 1) * length)), bytes(part))).toBe(0);
    }
  }
}

const bytes = (array: Float32Array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength);

describe.each(allLosses.map((factory) => [factory.definition.name, factory] as const))("%s", (_, factory) => {
  it("has the bits of the whole", () => {
    for (const head of headsOf(factory)) {
      const whole = volume(3, head.channels, { activation: head.activation });
      const loss = factory();
      const { formula, name, fields } = factory.definition;
      const routine = Object.keys(ROUTINES).find((word) => formula.includes(`${word}(`));
      if (routine || name === "exp-log") {
        const [chunk] = pieces(whole, [0]);
        const whyNot = routine ? / looks at all voxels of an image together/ : /2 rounds of sums/;
        expect(() =>
          loss.sums({ ...chunk, ...(fields && { fields: { image: chunk.logits.subarray(0, VOXELS) } }) }),
        ).toThrow(whyNot);
        continue;
      }
      expectSameBits(loss, whole, [0, BLOCK, 3 * BLOCK]);
    }
  });
});

describe("a volume in pieces", () => {
  it("may have ignored voxels, weights and many classes, and be cut anywhere", () => {
    const uniform = uniformSequence(8);
    const weights = Float32Array.from({ length: VOXELS }, uniform);
    const loss = add(dice({ classes: "foreground", joinClasses: "sum" }), [
      0.5,
      ce({ classWeights: [1, 2, 3, 4, 5, 6] }),
    ]);
    const whole = volume(9, 6, { ignore: 255, weights });
    for (let v = 0; v < VOXELS; v += 3) whole.target[v] = 255;
    for (const cuts of [[0], [0, 2 * BLOCK], [0, BLOCK, 2 * BLOCK, 3 * BLOCK]]) expectSameBits(loss, whole, cuts);
  });

  it("gives values per class where nothing joins them", () => {
    expectSameBits(dice({ reduction: "none" }), volume(4, 3), [0, BLOCK]);
  });

  it("writes the gradient where the caller wants it", () => {
    const whole = volume(5, 1);
    const loss = bceDice();
    const [chunk] = pieces(whole, [0]);
    const gradient = new Float32Array(VOXELS);
    const { coefficients } = loss.finish(loss.sums(chunk));
    expect(loss.gradient({ ...chunk, gradient }, coefficients)).toBe(gradient);
    expect(gradient.some((slope) => slope !== 0)).toBe(true);
  });

  const whole = volume(6, 1);
  const loss = bceDice();
  const [first, second, third] = pieces(whole, [0, BLOCK, 2 * BLOCK]);
  const code = (action: () => unknown) => {
    try {
      action();
    } catch (error) {
      return [(error as { code: string }).code, (error as Error).message];
    }
    return ["none", ""];
  };

  it.each<[string, () => unknown, string, RegExp]>([
    [
      "a missing chunk",
      () => loss.finish(mergeSums(loss.sums(first), loss.sums(third))),
      "STREAM",
      /from 65536 to 131071/,
    ],
    ["a missing start", () => loss.finish(loss.sums(second)), "STREAM", /from 0 to 65535 are missing/],
    ["a chunk twice", () => mergeSums(loss.sums(first), loss.sums(first)), "STREAM", /voxel 0 is there twice/],
    ["nothing to merge", () => mergeSums(), "STREAM", /at least one chunk/],
    ["sums of another loss", () => dice().finish(loss.sums(first)), "STREAM", /losses .*bce-dice/],
    ["sums of another parameter", () => bceDice({ smooth: 2 }).finish(loss.sums(first)), "STREAM", /losses/],
    [
      "sums with and without ignored voxels",
      () => mergeSums(loss.sums(first), loss.sums({ ...second, ignore: 255 })),
      "STREAM",
      /ignores true/,
    ],
    ["an offset between blocks", () => loss.sums({ ...first, offset: 100 }), "STREAM", /offset is 100; .*65536/],
    [
      "a short chunk inside",
      () =>
        loss.finish(
          mergeSums(
            loss.sums(third),
            loss.sums({ ...first, logits: first.logits.subarray(7), target: first.target.subarray(7) }),
            loss.sums(second),
          ),
        ),
      "STREAM",
      /has 65529 voxels/,
    ],
    ["channels that do not fit", () => loss.sums({ ...first, channels: 3 }), "SHAPE", /65536 logits for 3 channels/],
    [
      "coefficients of another loss",
      () => focal().gradient(first, loss.finish(loss.sums({ ...third, offset: 0 })).coefficients),
      "STREAM",
      /losses/,
    ],
    [
      "NaN",
      () => loss.sums({ ...first, logits: first.logits.map((x, i) => (i === 9 ? Number.NaN : x)) }),
      "NOT_FINITE",
      /NaN at \[0, 0, 9\]/,
    ],
    ["a routine", () => add(loss, lovaszHinge()).sums(first), "UNSUPPORTED", /lovasz looks at all voxels/],
    [
      "several rounds of sums",
      () => lossFromFormula("m = mean(p)\nloss = mean((p - m)^2)").sums(first),
      "UNSUPPORTED",
      /2 rounds of sums/,
    ],
    ["a map", () => focal({ reduction: "voxels" }).sums(first), "UNSUPPORTED", /map of the voxels/],
  ])("refuses %s", (__, action, expected, message) => {
    const [actual, text] = code(action);
    expect(text).toMatch(message);
    expect(actual).toBe(expected);
  });
});
