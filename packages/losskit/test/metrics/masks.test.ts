import { describe, expect, it } from "vitest";
import { masksOf } from "../../src/metrics/masks.js";

describe("masksOf", () => {
  it("takes what is not 0, or one label", () => {
    const maps = [
      [0, 1, 2, -3],
      [0.5, 0, 1, 1],
    ] as const;
    expect(masksOf(...maps, { shape: [4] })).toEqual({
      reference: Uint8Array.of(0, 1, 1, 1),
      prediction: Uint8Array.of(1, 0, 1, 1),
    });
    expect(masksOf(...maps, { shape: [2, 2], label: 1 })).toEqual({
      reference: Uint8Array.of(0, 1, 0, 0),
      prediction: Uint8Array.of(0, 0, 1, 1),
    });
    expect(masksOf([0, 1], [1, 1], { shape: [2], label: 0 }).reference).toEqual(Uint8Array.of(1, 0));
  });

  it("refuses maps of different size, another shape, NaN and labels that are none", () => {
    const code = (name: string) => expect.objectContaining({ code: name });
    expect(() => masksOf([0, 1], [0], { shape: [2] })).toThrow("the prediction holds 1 voxels and the reference 2");
    expect(() => masksOf([0, 1], [0, 1], { shape: [3] })).toThrow(code("ARRAY"));
    expect(() => masksOf([0, 1], [0, 1], { shape: [1, 1, 1, 2] })).toThrow(code("SHAPE"));
    expect(() => masksOf([0, 1], [0, Number.NaN], { shape: [2] })).toThrow("the prediction holds NaN at voxel 1");
    expect(() => masksOf([0, 1], [0, 1], { shape: [2], label: 0.5 })).toThrow(code("OPTION"));
  });
});
