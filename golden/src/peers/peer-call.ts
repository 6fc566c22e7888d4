// What a golden case of another library is with us: terms, activation, arrays. One function per class of theirs says so.

import type { GoldenCase } from "../cases.js";

/** One of our losses, or a formula where an option of theirs is no loss of ours. */
export interface PeerTerm {
  /** 1 where absent. */
  readonly weight?: number;
  /** Name of our loss, with its parameters and options (`conventions` among them). */
  readonly loss?: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  /** In place of a loss: a formula, whose settings are those of `lossFromFormula`. */
  readonly formula?: string;
}

export interface PeerCall {
  readonly terms: readonly PeerTerm[];
  readonly activation: "sigmoid" | "softmax" | "none";
  readonly ignore?: number;
  /** One per voxel: theirs is a mask. */
  readonly weights?: readonly number[];
  readonly fields?: Readonly<Record<string, readonly number[]>>;
  /** In place of the targets of the case, where theirs hold more than targets. */
  readonly targets?: readonly number[];
}

/** Reads parameters of a case and remembers which, so that one left unread is an error of ours and not a silent difference. */
export interface Parameters {
  number(name: string): number;
  boolean(name: string): boolean;
  /** Undefined where the case says null or does not have it. */
  optional<T>(name: string): T | undefined;
  /** Not used by their code, or of no meaning to the value. */
  unused(...names: readonly string[]): void;
}

/** How one class of another library is called with us. */
export type PeerMapping = (parameters: Parameters, golden: GoldenCase) => PeerCall;
