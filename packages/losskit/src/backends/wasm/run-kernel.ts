// Runs a kernel over the voxels of a call, chunk by chunk: in place where the arrays allow it, through scratch memory where not.

import { CHUNK, TILE } from "../../compiler/kernel.js";
import type { Call } from "../../formula/options.js";
import { type Binding, copyIn, copyOut, elementAt, type Piece, pieceStride } from "./bindings.js";
import { elementBytes } from "./emit.js";
import type { CompiledKernel, KernelFunction } from "./kernel-module.js";
import { bytesOf, offsetIn } from "./layout.js";
import { release, reserve, views } from "./memory.js";
import type { Job } from "./threads/job.js";

/** Value of a constant for one image and class, and of a matrix one column. */
export type ConstantOf = (source: number | "ignore", image: number, c: number, column?: number) => number;

/** Partial sums of a chunk, and the largest bits it has seen, in the order of the kernel's sums and checks. */
export interface ChunkSums {
  readonly image: number;
  /** First voxel. */
  readonly start: number;
  /** `[sum][class]`, one class for a sum that is the same for all. */
  readonly sums: readonly (readonly number[])[];
  readonly largestBits: readonly number[];
}

/** Bytes of scratch that pieces are copied through: within the second-level cache. */
const PIECE_BYTES = 640 * 1024;
/** Voxels per iteration of a kernel at its widest. */
const VECTOR_VOXELS = 16;
/** Fewer channel values than this are done before a second thread has woken up. */
const THREADED_FROM = 2 ** 18;

/**
 * A computation that leaves parts of itself to threads where it can: it yields their work, and is told whether it was done. Whoever drives it decides
 * whether to wait by sleeping or by a promise.
 */
export type Threaded<Result> = Generator<{ readonly job: Job; readonly threads: number }, Result, boolean>;

/**
 * Goes through all voxels of a call.
 *
 * @returns one entry per chunk, images one after the other
 */
export function* runKernel(
  compiled: CompiledKernel,
  bindings: readonly Binding[],
  call: Call,
  constantOf: ConstantOf,
  threads: number,
): Threaded<ChunkSums[]> {
  const { layout } = compiled;
  const chunks = chunksOf(call);
  const sizes = {
    rows: bytesOf(layout.rows, call.classes),
    constants: align(bytesOf(layout.constants, call.classes)),
    partials: align(bytesOf(layout.sums, call.classes)),
  };
  const scratchBytes = align(sizes.rows + PIECE_BYTES + TILE * 8 * (call.classes + 1) * bindings.length);
  const constantsBytes = sizes.constants * call.images;
  // In one piece: where there is no room for all of it, nothing is left reserved.
  const scratch = reserve(scratchBytes + constantsBytes + sizes.partials * chunks.length);
  const constants = scratch + scratchBytes;
  const partials = constants + constantsBytes;
  try {
    writeConstants(compiled, call, constants, sizes.constants, constantOf);
    clearPartials(compiled, call.classes, partials, sizes.partials, chunks.length);
    const places = { scratch, constants, partials, sizes };
    yield* runChunks(compiled, bindings, call, chunks, places, threads);
    return chunks.map(({ image, start }, i) => ({
      image,
      start,
      ...readPartials(compiled, call.classes, partials + i * sizes.partials),
    }));
  } finally {
    release(scratch);
  }
}

export function chunksOf({ images, voxels }: Pick<Call, "images" | "voxels">): Piece[] {
  const chunks: Piece[] = [];
  for (let image = 0; image < images; image++) {
    for (let start = 0; start < voxels; start += CHUNK) {
      chunks.push({ image, start, length: Math.min(CHUNK, voxels - start) });
    }
  }
  return chunks;
}

interface Places {
  readonly scratch: number;
  readonly constants: number;
  readonly partials: number;
  readonly sizes: { readonly rows: number; readonly constants: number; readonly partials: number };
}

function* runChunks(
  compiled: CompiledKernel,
  bindings: readonly Binding[],
  call: Call,
  chunks: readonly Piece[],
  places: Places,
  threads: number,
): Threaded<void> {
  const copied = bindings.filter(({ address }) => address === undefined);
  const inPlace = copied.length === 0;
  const pieceVoxels = inPlace ? CHUNK : voxelsPerPiece(copied, call.classes);
  const parametersOf = (piece: Piece, chunk: number, addresses: readonly number[]) => [
    places.scratch,
    piece.length,
    call.classes,
    places.constants + piece.image * places.sizes.constants,
    places.partials + chunk * places.sizes.partials,
    ...addresses,
  ];
  const direct = ({ kernelArray, address = 0 }: Binding, { image, start }: Piece) => {
    const bytes = elementBytes(kernelArray.type);
    return { at: address + bytes * elementAt(kernelArray, call, image, 0, start), stride: bytes * call.voxels };
  };

  const rests: { readonly piece: Piece; readonly chunk: number }[] = [];
  const wholes: number[][] = [];
  chunks.forEach((piece, chunk) => {
    const whole = piece.length - (piece.length % VECTOR_VOXELS);
    if (inPlace && whole > 0) {
      const part = { ...piece, length: whole };
      const addresses = bindings.flatMap((binding) => parameters(binding, direct(binding, part)));
      wholes.push(parametersOf(part, chunk, addresses));
    } else if (!inPlace) {
      for (let at = 0; at < whole; at += pieceVoxels) {
        const part = { image: piece.image, start: piece.start + at, length: Math.min(pieceVoxels, whole - at) };
        throughScratch(compiled.whole(), part, chunk, copied);
      }
    }
    if (whole < piece.length) {
      const part = { image: piece.image, start: piece.start + whole, length: piece.length - whole };
      rests.push({ piece: part, chunk });
    }
  });
  const job = threadedJob(compiled, wholes, call, places, threads);
  const done = job !== undefined && (yield { job, threads });
  if (!done && wholes.length > 0) {
    const run = compiled.whole();
    for (const own of wholes) run(...own);
  }
  for (const { piece, chunk } of rests) throughScratch(compiled.rest(), piece, chunk, bindings);

  /** The rest of a chunk is copied from anywhere: whole vectors are read and written, and its last one reaches beyond it. */
  function throughScratch(run: KernelFunction, piece: Piece, chunk: number, through: readonly Binding[]): void {
    let next = places.scratch + places.sizes.rows;
    const uses = bindings.map((binding) => {
      if (!through.includes(binding)) return { binding, ...direct(binding, piece) };
      const { type, perClass, access } = binding.kernelArray;
      const at = next;
      const stride = pieceStride(piece.length) * elementBytes(type);
      next += stride * (perClass ? call.classes : 1);
      if (access !== "write") copyIn(binding, call, piece, at);
      return { binding, at, stride };
    });
    run(
      ...parametersOf(
        piece,
        chunk,
        uses.flatMap((use) => parameters(use.binding, use)),
      ),
    );
    for (const { binding, at } of uses) {
      if (through.includes(binding) && binding.kernelArray.access !== "read") copyOut(binding, call, piece, at);
    }
  }
}

/** What a kernel is told of an array: where it is, and where it has stretches per class, how far apart they are. */
const parameters = (
  { kernelArray }: Binding,
  { at, stride }: { readonly at: number; readonly stride: number },
): number[] => (kernelArray.perClass ? [at, stride] : [at]);

/** As many whole tiles as fit into the scratch: any such number gives the same bits. */
function voxelsPerPiece(bindings: readonly Binding[], classes: number): number {
  const perVoxel = bindings.reduce(
    (sum, { kernelArray: { type, perClass } }) => sum + elementBytes(type) * (perClass ? classes : 1),
    0,
  );
  return Math.min(CHUNK, Math.max(TILE, Math.floor(PIECE_BYTES / perVoxel / TILE) * TILE));
}

/** The work as a job for threads; nothing where it is too little. */
function threadedJob(
  compiled: CompiledKernel,
  items: readonly number[][],
  call: Call,
  { sizes }: Places,
  threads: number,
): Job | undefined {
  const work = call.images * call.classes * call.voxels;
  if (threads < 2 || items.length < 2 || work < THREADED_FROM) return undefined;
  return {
    id: compiled.id,
    bytes: compiled.bytes,
    exportName: "run",
    items: Int32Array.from(items.flat()),
    width: items[0].length,
    scratchArgument: 0,
    scratchBytes: sizes.rows,
  };
}

/** Values of a kernel's constants, one block per image. */
function writeConstants(
  { kernel, layout }: CompiledKernel,
  { images, classes }: Call,
  address: number,
  stride: number,
  constantOf: ConstantOf,
): void {
  const { f32, i32 } = views();
  const labels = kernel.arrays.some(({ name, type }) => name === "target" && type !== "float32");
  for (let image = 0; image < images; image++) {
    kernel.constants.forEach(({ source, perClass, class: own, columns }, slot) => {
      for (let c = 0; c < (perClass ? classes : 1); c++) {
        const at = (address + image * stride + offsetIn(layout.constants, slot, perClass, c)) / 4;
        if (columns) {
          columns.forEach((column, i) => {
            f32[at + i] = constantOf(source, image, own ?? c, column);
          });
          continue;
        }
        const value = constantOf(source, image, own ?? c);
        if (source === "ignore" && labels) i32[at] = value;
        else f32[at] = value;
      }
    });
  }
}

const EMPTY_SUM = { total: 0, largest: Number.NEGATIVE_INFINITY, smallest: Number.POSITIVE_INFINITY };

function clearPartials(
  { kernel, layout }: CompiledKernel,
  classes: number,
  address: number,
  stride: number,
  chunks: number,
): void {
  const { u8, f64 } = views();
  u8.fill(0, address, address + stride * chunks);
  for (let chunk = 0; chunk < chunks; chunk++) {
    kernel.sums.forEach(({ how, perClass }, sum) => {
      if (how === "total") return;
      for (let c = 0; c < (perClass ? classes : 1); c++) {
        f64[(address + chunk * stride + offsetIn(layout.sums, sum, perClass, c)) / 8] = EMPTY_SUM[how];
      }
    });
  }
}

function readPartials({ kernel, layout }: CompiledKernel, classes: number, address: number) {
  const { u8, u32, f64 } = views();
  const sums = kernel.sums.map(({ perClass }, sum) =>
    Array.from(
      { length: perClass ? classes : 1 },
      (_, c) => f64[(address + offsetIn(layout.sums, sum, perClass, c)) / 8],
    ),
  );
  const largestBits = kernel.checks.map(({ array, withoutSign }, check) => {
    const at = address + layout.checks[check];
    if (kernel.arrays[array].type === "uint8") return Math.max(...u8.subarray(at, at + 16));
    const bits = Math.max(...u32.subarray(at / 4, at / 4 + 4));
    return withoutSign ? bits % 2 ** 31 : bits;
  });
  return { sums, largestBits };
}

/** Each in cache lines of its own, so that threads do not write into the same one. */
const align = (bytes: number) => Math.max(64, Math.ceil(bytes / 64) * 64);
