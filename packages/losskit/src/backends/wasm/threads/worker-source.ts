// The program of a worker thread, as text: one plain script that runs in Node and in a page, and that no bundler needs to see.

import { STATE, TEXT_LENGTH, WORD } from "./control.js";

/** Modules that a thread keeps compiled: a few hundred bytes to 20 KB each. The oldest goes first. */
const KEPT_MODULES = 256;

/** What a thread gets when it starts. */
export interface WorkerStart {
  readonly memory: WebAssembly.Memory;
  readonly control: SharedArrayBuffer;
  /** Which thread it is, from 0. */
  readonly index: number;
}

/**
 * A thread sleeps until its state is `asked`, makes it `joined`, takes items until none is left, and sleeps again.
 *
 * A thread that finds no item left excuses those that were asked and have not come yet: it sets their state back. So a thread that wakes late (or
 * never, because it died) is waited for by nobody, and since both sides change the state by compareExchange, one that was excused cannot
 * touch the job. `remaining` counts threads, not items: at 0 no thread reads the job any more, and the caller may write the next.
 *
 * It is text, not a function made text by toString(), because what compilers and minifiers put into a function (names, coverage counters)
 * refers to things that a worker does not have.
 */
export const workerSource = `"use strict";
const WORD = ${JSON.stringify(WORD)};
const STATE = ${JSON.stringify(STATE)};

function work({ memory, control, index }, post) {
  const words = new Int32Array(control);
  const state = WORD.states + index * WORD.apart;
  const instances = new Map();
  let bytes = new Uint8Array(memory.buffer);
  let integers = new Int32Array(memory.buffer);

  // Other threads grow the memory. A thread that slept meanwhile may still see the old length (V8 looks at the next loop or call); growing
  // by nothing brings it up to date at once.
  function reach(end) {
    if (end <= bytes.length) return;
    memory.grow(0);
    bytes = new Uint8Array(memory.buffer);
    integers = new Int32Array(memory.buffer);
  }

  function exportedFunction() {
    const id = words[WORD.module];
    let instance = instances.get(id);
    if (!instance) {
      const start = words[WORD.bytes] >>> 0;
      const end = start + words[WORD.byteLength];
      reach(end);
      // A copy, because WebAssembly does not compile from shared memory everywhere.
      const module = new WebAssembly.Module(bytes.slice(start, end));
      instance = new WebAssembly.Instance(module, { env: { memory } });
      if (instances.size >= ${KEPT_MODULES}) instances.delete(instances.keys().next().value);
      instances.set(id, instance);
    }
    const start = words[WORD.name] >>> 2;
    const end = start + words[WORD.nameLength];
    reach(4 * end);
    const name = String.fromCharCode(...integers.subarray(start, end));
    const exported = instance.exports[name];
    if (typeof exported !== "function") throw new Error("the module exports no function " + name);
    return exported;
  }

  function runItems(first, count) {
    const call = exportedFunction();
    const width = words[WORD.width];
    const items = words[WORD.items] >>> 2;
    const scratchArgument = words[WORD.scratchArgument];
    const scratch = (words[WORD.scratch] + index * words[WORD.scratchStride]) | 0;
    reach(4 * (items + count * width));
    const row = new Array(width).fill(0);
    for (let item = first; item < count; item = Atomics.add(words, WORD.next, 1)) {
      for (let i = 0, at = items + item * width; i < width; i++) row[i] = integers[at + i];
      if (scratchArgument >= 0) row[scratchArgument] = scratch;
      call.apply(undefined, row);
    }
  }

  // The first error is kept, and the items that nobody has taken are dropped.
  function fail(error) {
    const count = words[WORD.count];
    Atomics.store(words, WORD.next, count);
    if (Atomics.compareExchange(words, WORD.failed, 0, 1) !== 0) return;
    const text = String(error);
    words[WORD.textLength] = Math.min(text.length, ${TEXT_LENGTH});
    for (let i = 0; i < words[WORD.textLength]; i++) words[WORD.text + i] = text.charCodeAt(i);
  }

  function leave() {
    const announce = words[WORD.announce];
    for (let i = 0, asked = words[WORD.asked]; i < asked; i++) {
      const other = WORD.states + i * WORD.apart;
      if (Atomics.compareExchange(words, other, STATE.asked, STATE.idle) === STATE.asked) {
        Atomics.sub(words, WORD.remaining, 1);
      }
    }
    Atomics.store(words, state, STATE.idle);
    if (Atomics.sub(words, WORD.remaining, 1) !== 1) return;
    Atomics.notify(words, WORD.remaining);
    if (announce) post();
  }

  Atomics.store(words, state, STATE.idle);
  post();
  for (;;) {
    if (Atomics.compareExchange(words, state, STATE.asked, STATE.joined) === STATE.asked) {
      try {
        const count = words[WORD.count];
        const first = Atomics.add(words, WORD.next, 1);
        if (first < count) runItems(first, count);
      } catch (error) {
        fail(error);
      }
      leave();
    }
    // Returns at once where the state is no longer idle.
    Atomics.wait(words, state, STATE.idle);
  }
}

if (typeof require === "function") {
  const { parentPort, workerData } = require("node:worker_threads");
  work(workerData, () => parentPort.postMessage(0));
} else {
  self.onmessage = ({ data }) => work(data, () => self.postMessage(0));
}
`;
