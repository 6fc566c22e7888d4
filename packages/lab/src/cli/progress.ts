// Shows on stderr how far a comparison is: bars in a terminal, a line now and then elsewhere.

import { MultiBar, type SingleBar } from "cli-progress";
import type { CompareObserver } from "../experiment/compare.js";
import type { Trial } from "../experiment/output-folder.js";
import type { TrialResult } from "../experiment/results.js";
import { pad, styleFor, truncate, wrap } from "./terminal.js";

interface ProgressOptions {
  readonly trials: readonly Trial[];
  /** Names of trials that are done already. */
  readonly done: ReadonlySet<string>;
  readonly steps: number;
  readonly jobs: number;
  readonly output: NodeJS.WriteStream;
  readonly now?: () => number;
}

export interface Progress extends CompareObserver {
  /** A line above the bars. */
  note(text: string): void;
  stop(): void;
}

const CLEAR_LINE = "\u001b[K";
const SHOW_CURSOR_AND_WRAP = "\u001b[?25h\u001b[?7h";

/** Predicting and scoring after training takes about as long as this share of the steps. */
const EVALUATION_SHARE = 0.1;
/** Without a terminal, a line at most this often beside those for trials that end. */
const PLAIN_INTERVAL_MS = 15_000;

export function showProgress(options: ProgressOptions): Progress {
  return options.output.isTTY ? bars(options) : lines(options);
}

/** 75 as "1 min 15 s". */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, "0")} min`;
}

/** Counts steps over all trials and guesses the time left from the rate so far. */
export function stepCounter({ trials, done, steps, now = Date.now }: ProgressOptions) {
  const cost = steps * (1 + EVALUATION_SHARE);
  const pending = trials.filter(({ name }) => !done.has(name));
  const running = new Map<string, number>();
  const started = now();
  let ended = 0;
  return {
    step: (trial: Trial, step: number) => running.set(trial.name, step),
    end(trial: Trial) {
      running.delete(trial.name);
      ended++;
    },
    ended: () => ended + done.size,
    /** Share of the work of this run that is done, 0 to 1. */
    share: () => (ended * cost + [...running.values()].reduce((sum, step) => sum + step, 0)) / (pending.length * cost),
    /** Undefined until there is a rate to go by. */
    secondsLeft(): number | undefined {
      const share = this.share();
      const elapsed = (now() - started) / 1000;
      return share > 0.005 ? (elapsed * (1 - share)) / share : undefined;
    },
  };
}

/** One line on a trial that came to an end. */
export function describeEnd(trial: Trial, result: TrialResult): string {
  const scores = result.cases.flatMap(({ dice }) => dice ?? []);
  const mean = scores.reduce((sum, dice) => sum + dice, 0) / scores.length;
  const outcome =
    result.status === "finished"
      ? scores.length > 0
        ? `mean test Dice ${mean.toFixed(3)}`
        : "finished"
      : `${result.status}: ${result.message ?? "no reason known"}`;
  return `${trial.label} seed ${trial.seed}: ${outcome} (${formatDuration(result.seconds)})`;
}

const describeLeft = (seconds: number | undefined) =>
  seconds === undefined ? "" : `about ${formatDuration(seconds)} left`;

function bars(options: ProgressOptions): Progress {
  const { trials, steps, jobs, output } = options;
  const style = styleFor(output);
  const counter = stepCounter(options);
  const labelWidth = Math.min(28, Math.max("all trials".length, ...trials.map(({ label }) => label.length + 8)));
  const width = Math.max(10, Math.min(40, (output.columns ?? 80) - labelWidth - 32));
  const multibar = new MultiBar({
    stream: output,
    format: `{name} {bar} {done}`,
    barsize: width,
    barCompleteChar: "━",
    barIncompleteChar: "─",
    hideCursor: true,
    clearOnComplete: true,
    autopadding: true,
    fps: 8,
    // Signals are the command's business.
    gracefulExit: false,
    emptyOnZero: true,
    linewrap: false,
  });
  // A bar keeps the object it is given and writes into it, so each gets its own.
  const idle = () => ({ name: pad(style.dim("waiting"), labelWidth), done: "" });
  // Text may be longer than the bar that stood in its line: clear what is left of that, and break it, as the terminal
  // does not while bars are drawn.
  const log = (text: string) => {
    for (const line of wrap(text, output.columns ?? 80, "  ").split("\n")) multibar.log(`${line}${CLEAR_LINE}\n`);
  };
  // The second Ctrl-C ends the process between two redraws.
  const restore = () => output.write(SHOW_CURSOR_AND_WRAP);
  process.once("exit", restore);
  // A bar for each process, and the sum below them: bars keep the order they were made in.
  const slots: { bar: SingleBar; trial?: Trial }[] = Array.from({ length: jobs }, () => ({
    bar: multibar.create(steps, 0, idle()),
  }));
  const total = multibar.create(1000, 0, { name: pad(style.bold("all trials"), labelWidth), done: "" });

  const showTotal = () => {
    const left = describeLeft(counter.secondsLeft());
    total.update(Math.round(counter.share() * 1000), { done: `${counter.ended()}/${trials.length}  ${left}` });
  };
  showTotal();
  return {
    onStart(trial) {
      const slot = slots.find((one) => one.trial === undefined);
      if (slot === undefined) return;
      slot.trial = trial;
      const seed = ` seed ${trial.seed}`;
      const name = pad(truncate(trial.label, labelWidth - seed.length) + seed, labelWidth);
      slot.bar.update(0, { name, done: `0/${steps}` });
    },
    onStep(trial, step) {
      counter.step(trial, step);
      const slot = slots.find((one) => one.trial?.name === trial.name);
      slot?.bar.update(step, { done: step < steps ? `${step}/${steps}` : "scoring" });
      showTotal();
    },
    onEnd(trial, result) {
      counter.end(trial);
      const slot = slots.find((one) => one.trial?.name === trial.name);
      if (slot) {
        slot.trial = undefined;
        slot.bar.update(0, idle());
      }
      const line = describeEnd(trial, result);
      log(result.status === "finished" ? line : style.yellow(line));
      showTotal();
    },
    note: log,
    stop() {
      // Draws what was logged since the last redraw, which stop() alone would drop.
      multibar.update();
      multibar.stop();
      process.off("exit", restore);
    },
  };
}

function lines(options: ProgressOptions): Progress {
  const { trials, output, now = Date.now } = options;
  const counter = stepCounter(options);
  let last = now();
  const write = (text: string) => {
    last = now();
    output.write(`${text}\n`);
  };
  const total = () => `${counter.ended()} of ${trials.length} trials done`;
  return {
    onStart() {},
    onStep(trial, step) {
      counter.step(trial, step);
      if (now() - last < PLAIN_INTERVAL_MS) return;
      write([`${total()}`, describeLeft(counter.secondsLeft())].filter((part) => part !== "").join(", "));
    },
    onEnd(trial, result) {
      counter.end(trial);
      write(`[${counter.ended()}/${trials.length}] ${describeEnd(trial, result)}`);
    },
    note: write,
    stop() {},
  };
}
