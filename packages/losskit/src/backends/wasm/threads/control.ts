// The words through which the caller and the worker threads talk: a small shared array of its own, which never grows or moves.

/** More threads than this are not started. */
export const MAX_THREADS = 64;

/** Distance, in words, of words that different threads write: 128 bytes, because processors fetch cache lines of 64 in pairs. */
const APART = 32;

/** Where each word lies (index of an Int32Array). The state of thread i is at `states + i * apart`. */
export const WORD = {
  apart: APART,
  /** The next item that nobody has taken. */
  next: 0,
  /** Threads that were asked and have neither finished nor been excused. The caller sleeps on this word; 0 is the end of the job. */
  remaining: APART,
  /** 1 once a thread has met an error; its text follows at `text`. */
  failed: 2 * APART,

  // What to do; written by the caller only while remaining is 0. Addresses are of the library's memory.
  module: 3 * APART,
  bytes: 3 * APART + 1,
  byteLength: 3 * APART + 2,
  /** Address of the export's name, one character a word. */
  name: 3 * APART + 3,
  nameLength: 3 * APART + 4,
  items: 3 * APART + 5,
  count: 3 * APART + 6,
  width: 3 * APART + 7,
  scratchArgument: 3 * APART + 8,
  scratch: 3 * APART + 9,
  scratchStride: 3 * APART + 10,
  /** 1 where the caller does not sleep and wants a message at the end. */
  announce: 3 * APART + 11,
  /** How many threads were asked: those with the lowest indices. */
  asked: 3 * APART + 12,

  states: 4 * APART,
  /** Length of the text of an error, and then its characters (UTF-16 units), one a word: decoders do not read shared memory everywhere. */
  textLength: (4 + MAX_THREADS) * APART,
  text: (4 + MAX_THREADS) * APART + 1,
} as const;

/** Characters kept of the text of an error. */
export const TEXT_LENGTH = 500;

/** States of a thread. */
export const STATE = {
  /** Not yet there. */
  starting: 0,
  /** Asleep, or on its way to sleep. Only the thread itself, or whoever excuses it, sets this. */
  idle: 1,
  /** Asked by the caller to join the job. */
  asked: 2,
  /** At work. */
  joined: 3,
} as const;

/** Makes the words; all threads are `starting`. */
export function controlWords(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(4 * (WORD.text + TEXT_LENGTH)));
}
