// Reading the arrays of .npz files: kinds of numbers, orders, and what is no such file.

import { describe, expect, test } from "vitest";
import { LabError } from "../../src/errors.js";
import { readNnunetProbabilities } from "../../src/volumes/nnunet-probabilities.js";
import { readNpz } from "../../src/volumes/npz.js";
import { makeNpz } from "./npz-file.js";

const read = (bytes: Uint8Array) => {
  const { shape, data } = readNpz(bytes, "a.npz", ["probabilities", "softmax"]);
  return { shape, values: [...data] };
};

const values = [0, 0.25, 0.5, 0.75, 1, 0.25];

describe("arrays", () => {
  test.each(["<f2", "<f4", ">f4", "<f8"] as const)("of %s", (descr) => {
    expect(read(makeNpz({ shape: [2, 3], values, descr }))).toEqual({ shape: [2, 3], values });
  });

  test("under the name of nnU-Net's version 1, with a header of version 2", () => {
    expect(read(makeNpz({ shape: [6], values, version: 2 }, "softmax"))).toEqual({ shape: [6], values });
  });

  test("of a transpose lie with their first axis fastest", () => {
    const stored = [0, 0.75, 0.25, 1, 0.5, 0.25];
    expect(read(makeNpz({ shape: [2, 3], values: stored, fortran: true }))).toEqual({ shape: [2, 3], values });
  });
});

describe("refused, with the reason", () => {
  test.each<[string, Uint8Array, RegExp]>([
    ["another array", makeNpz({ shape: [6], values }, "seg"), /holds no array probabilities or softmax, but seg/u],
    ["whole numbers", makeNpz({ shape: [6], values: [1, 2, 3, 4, 5, 6], descr: "|u1" }), /of the kind u1/u],
    ["a shape that does not fit", makeNpz({ shape: [2, 4], values }), /2 x 4 numbers need 32 bytes; there are 24/u],
    ["no ZIP", Uint8Array.from([1, 2, 3]), /no whole .npz file/u],
  ])("%s", (_, bytes, message) => {
    expect(() => read(bytes)).toThrow(message);
  });

  test("one that is cut anywhere", () => {
    const whole = makeNpz({ shape: [2, 3], values });
    for (let length = 0; length < whole.length; length++) {
      expect(() => read(whole.subarray(0, length)), `${length} bytes`).toThrow(LabError);
    }
  });

  test("one with any byte changed, or it gives an array of the size it says", () => {
    const whole = makeNpz({ shape: [2, 3], values });
    for (let at = 0; at < whole.length; at++) {
      const damaged = whole.slice();
      damaged[at]! ^= 0xff;
      try {
        const { shape, values: found } = read(damaged);
        expect(found).toHaveLength(shape.reduce((product, extent) => product * extent, 1));
      } catch (error) {
        expect(error, `byte ${at}`).toBeInstanceOf(LabError);
      }
    }
  });
});

describe("probabilities of nnU-Net", () => {
  const array = { shape: [1, 1, 2, 3], values };

  test("lie as the label map is stored", () => {
    // Stored towards posterior and left: both axes turn.
    const { shape, channels, data } = readNnunetProbabilities(makeNpz(array), "a.npz", [
      [-1, 0, 0, 0],
      [0, -1, 0, 0],
      [0, 0, 1, 0],
    ]);
    expect({ shape, channels, data: [...data] }).toEqual({
      shape: [1, 2, 3],
      channels: 1,
      data: [0.25, 1, 0.75, 0.5, 0.25, 0],
    });
  });

  test("have four axes", () => {
    const flat = makeNpz({ shape: [2, 3], values });
    expect(() => readNnunetProbabilities(flat, "a.npz", undefined)).toThrow(/shape 2 x 3; .*\[class, z, y, x\]/u);
  });
});
