// How a stage reads what it is made of: arrays, labels, constants, and rows that earlier stages have left.

import { isReadFromRow, type KernelCheck, type KernelValue } from "../../compiler/kernel.js";
import { EMPTY, type Instruction, type Opcode } from "./assembler.js";
import { type FunctionFrame, repeatWhileLeft, step } from "./emit.js";
import { type StageLocals, VECTOR } from "./emit-tile.js";
import * as functions from "./functions.js";
import type { LaneNode } from "./lane-code.js";
import { createValueLowering } from "./lower-values.js";

export type LeafReader = ReturnType<typeof createLeafReader>;

const FLOAT = 4;

/** Labels of all vectors of an iteration are loaded at once. */
const LABEL_LOADS: Readonly<Record<number, Opcode>> = {
  1: "v128.load32_zero",
  2: "v128.load64_zero",
  4: "v128.load",
};

const LANES_OF = { uint8: "bytes", int32: "integers", float32: "floats" } as const;

/**
 * @param index of the stage
 * @param rowPointers locals with the addresses of the rows, common and of the class
 */
export function createLeafReader(
  { kernel, layout, code: c, parameter, newLocal }: FunctionFrame,
  index: number,
  own: StageLocals,
  rowPointers: { readonly common: number; readonly perClass: number },
  unroll: number,
) {
  const used = { common: false, perClass: false };
  const ignore = kernel.constants.findIndex(({ source }) => source === "ignore");
  const pointerTo = (slot: number) => own.pointers.get(slot) as number;

  function rowPlace(row: number, chain: number): { pointer: number; offset: number } {
    const kind = kernel.rows[row] ? "perClass" : "common";
    used[kind] = true;
    return { pointer: rowPointers[kind], offset: layout.rows.offsets[row] + VECTOR * chain };
  }

  const rowOf = ({ id }: KernelValue) => (kernel.kept.get(id) as { readonly row: number }).row;
  const loadFloats = (slot: number, chain: number) =>
    c.leaf(
      [
        ["local.get", pointerTo(slot)],
        ["v128.load", VECTOR * chain],
      ],
      false,
    );
  const loadLabels = (slot: number) =>
    c.leaf(
      [
        ["local.get", pointerTo(slot)],
        [LABEL_LOADS[unroll], 0],
      ],
      false,
    );

  /** What labels are compared with, in every lane, or in every byte. */
  function wantedLabel(value: Pick<KernelValue, "op" | "args">, lanes: "bytes" | "integers" | "floats"): LaneNode {
    const splat = lanes === "bytes" ? "i8x16.splat" : "i32x4.splat";
    if (value.op === "isClass") return c.leaf([["local.get", own.perClass?.index as number], [splat]], true);
    if (value.op === "isLabel") return c.leaf([["i32.const", value.args[0].data], [splat]], true);
    const load = lanes === "bytes" ? "v128.load8_splat" : "v128.load32_splat";
    return c.leaf(
      [
        ["local.get", parameter.constants],
        [load, layout.constants.offsets[ignore]],
      ],
      true,
    );
  }

  function labelMask(value: KernelValue, chain: number): LaneNode {
    const { type } = kernel.arrays[value.data];
    if (type === "int32") return c.op("i32x4.eq", loadFloats(value.data, chain), wantedLabel(value, "integers"));
    const labels = loadLabels(value.data);
    if (unroll === 1) {
      // Four labels become four lanes, which every class compares for itself.
      const wide = c.op("i32x4.extend_low_i16x8_u", c.op("i16x8.extend_low_i8x16_u", labels));
      return c.op("i32x4.eq", wide, wantedLabel(value, "integers"));
    }
    // One comparison for all vectors of the iteration; then each byte of the mask is widened with its sign, which fills a lane.
    const bytes = c.op("i8x16.eq", labels, wantedLabel(value, "bytes"));
    const half = c.op(chain < 2 ? "i16x8.extend_low_i8x16_s" : "i16x8.extend_high_i8x16_s", bytes);
    return c.op(chain % 2 === 0 ? "i32x4.extend_low_i16x8_s" : "i32x4.extend_high_i16x8_s", half);
  }

  /** The locals with the products of a value, one of each chain. */
  const products = new Map<KernelValue, number[]>();

  /**
   * The loop over the classes stands where the first chain needs it, and is for all of them: a row of the matrix is read once. The sums are taken in the order of the
   * classes, whatever the width.
   */
  function product(value: KernelValue, chain: number): LaneNode {
    const sums = products.get(value) ?? Array.from({ length: unroll }, () => newLocal("v128"));
    products.set(value, sums);
    const result: Instruction[] = [["local.get", sums[chain]]];
    if (chain > 0) return c.leaf(result, false);
    const row = rowOf(value.args[0]);
    const { rows } = layout;
    used.common = true;
    const [from, factor, left, splat] = [newLocal("i32"), newLocal("i32"), newLocal("i32"), newLocal("v128")];
    const code: Instruction[] = [
      ["local.get", rowPointers.common],
      ["i32.const", rows.perClassStart + rows.offsets[row]],
      ["i32.add"],
      ["local.set", from],
      ["local.get", own.perClass?.constants as number],
      ["i32.const", layout.constants.offsets[value.data]],
      ["i32.add"],
      ["local.set", factor],
      ["local.get", parameter.classes],
      ["local.set", left],
      ...sums.flatMap((sum): Instruction[] => [["f32.const", 0], ["f32x4.splat"], ["local.set", sum]]),
      ["loop", EMPTY],
      ["local.get", factor],
      ["v128.load32_splat", 0],
      ["local.set", splat],
      ...sums.flatMap((sum, i): Instruction[] => [
        ["local.get", sum],
        ["local.get", splat],
        ["local.get", from],
        ["v128.load", VECTOR * i],
        ["f32x4.mul"],
        ["f32x4.add"],
        ["local.set", sum],
      ]),
      ...step(from, rows.perClassBytes),
      ...step(factor, FLOAT),
      ...repeatWhileLeft(left, 1),
    ];
    return c.leaf([...code, ...result], false);
  }

  const read = (chain: number) => (value: KernelValue) => {
    // What is the same for all voxels lies in a row only for a matrix to go through.
    if (isReadFromRow(kernel, value, index) && !value.uniform) {
      const { pointer, offset } = rowPlace(rowOf(value), chain);
      return c.leaf(
        [
          ["local.get", pointer],
          ["v128.load", offset],
        ],
        false,
      );
    }
    switch (value.op) {
      case "constant": {
        const { perClass } = kernel.constants[value.data];
        const base = perClass ? (own.perClass?.constants as number) : parameter.constants;
        return c.leaf(
          [
            ["local.get", base],
            ["v128.load32_splat", layout.constants.offsets[value.data]],
          ],
          true,
        );
      }
      case "load":
        return loadFloats(value.data, chain);
      case "matmul":
        return product(value, chain);
      case "isClass":
      case "isLabel":
      case "isIgnored":
        return labelMask(value, chain);
      default:
        return undefined;
    }
  };

  /** Bits to check, as unsigned integers: ignored targets are 0, numbers of either sign have it set. */
  function checkedBits({ array, withoutSign }: KernelCheck, chain: number): LaneNode | undefined {
    const { name, type } = kernel.arrays[array];
    // The bytes of an iteration are checked once, with its first vector.
    if (type === "uint8" && chain > 0) return undefined;
    const bits = type === "uint8" ? loadLabels(array) : loadFloats(array, chain);
    if (name === "target" && ignore >= 0) {
      const equal = type === "uint8" ? "i8x16.eq" : type === "int32" ? "i32x4.eq" : "f32x4.eq";
      return c.op("v128.andnot", bits, c.op(equal, bits, wantedLabel({ op: "isIgnored", args: [] }, LANES_OF[type])));
    }
    return withoutSign ? functions.negativeAbs(c, bits) : bits;
  }

  return {
    rowPlace,
    checkedBits,
    usesRows: () => used,
    /** By chain: a kernel's value as lane code. */
    lowerings: Array.from({ length: unroll }, (_, chain) => createValueLowering(c, read(chain))),
  };
}
