// `losskit explain --ask` and `--answers`: six questions, then a short list of losses with a reason each.

import { createInterface } from "node:readline/promises";
import type { Readable, Writable } from "node:stream";
import type { defineCommand } from "citty";
import { nearest } from "losskit";
import { toBibtex } from "losskit/losses";
import { chooseLosses } from "../choosing/choose.js";
import { oneLineReference } from "../choosing/citation.js";
import { type Answer, type Answers, QUESTION_KEYS, QUESTIONS, type QuestionKey } from "../choosing/questions.js";
import type { Rule } from "../choosing/rules.js";
import { LabError } from "../errors.js";
import { quote } from "./shell.js";
import { type Style, styleFor, textWidth, wrap } from "./terminal.js";

export const askArgs = {
  ask: { type: "boolean", description: "Ask six questions and suggest losses" },
  answers: { type: "string", valueHint: "a=yes,…", description: "The answers, in place of asking" },
} as const satisfies Parameters<typeof defineCommand>[0]["args"];

const WORDS: Readonly<Record<string, Answer>> = {
  yes: "yes",
  y: "yes",
  no: "no",
  n: "no",
  unknown: "unknown",
  "?": "unknown",
  "": "unknown",
};

/**
 * Answers as `--answers` gives them, such as "small=yes,thin=no".
 *
 * @throws LabError USAGE for a question or an answer that does not exist, or a question answered twice
 */
export function readAnswers(text: string): Answers {
  const answers: Partial<Record<QuestionKey, Answer>> = {};
  for (const item of text.split(",")) {
    const [name, word, ...more] = item.split("=").map((part) => part.trim());
    const key = QUESTION_KEYS.find((known) => known === name);
    if (key === undefined) {
      const near = nearest(name, QUESTION_KEYS);
      const advice = near ? `did you mean ${near}?` : `the questions are ${QUESTION_KEYS.join(", ")}`;
      throw new LabError("USAGE", `--answers has no question "${name}"; ${advice}`);
    }
    const answer = word && more.length === 0 && Object.hasOwn(WORDS, word) ? WORDS[word] : undefined;
    if (answer === undefined) {
      throw new LabError("USAGE", `--answers has "${item.trim()}"; an answer is yes, no or ?, as in ${key}=yes`);
    }
    if (key in answers) throw new LabError("USAGE", `--answers answers ${key} more than once`);
    answers[key] = answer;
  }
  return answers;
}

/**
 * Asks the six questions; an answer that is none is asked for again.
 *
 * @throws LabError INTERRUPTED where the input ends or Ctrl-C comes before the last answer
 */
export async function askQuestions(input: Readable, output: Writable, style: Style, width: number): Promise<Answers> {
  const lines = createInterface({ input, output });
  const stop = new AbortController();
  lines.on("close", () => stop.abort());
  lines.on("SIGINT", () => stop.abort());
  const answers: Partial<Record<QuestionKey, Answer>> = {};
  try {
    output.write("Answer y, n or ? (do not know); Enter is ?.\n\n");
    for (const [i, key] of QUESTION_KEYS.entries()) {
      const { text, howToTell } = QUESTIONS[key];
      output.write(
        `${style.bold(`${i + 1} of ${QUESTION_KEYS.length}  ${text}`)}\n${style.dim(wrap(howToTell, width))}\n`,
      );
      answers[key] = await askOne((prompt) => lines.question(prompt, { signal: stop.signal }), output);
      output.write("\n");
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    output.write("\n");
    throw new LabError("INTERRUPTED", "stopped before the last question", { cause: error });
  } finally {
    lines.close();
  }
  return answers;
}

async function askOne(question: (prompt: string) => Promise<string>, output: Writable): Promise<Answer> {
  while (true) {
    const word = (await question("y/n/? ")).trim().toLowerCase();
    if (Object.hasOwn(WORDS, word)) return WORDS[word];
    output.write("Please answer y, n or ?.\n");
  }
}

/** What `losskit explain --ask` prints: text, or everything as JSON. */
export async function explainChoice(
  args: { readonly answers?: string; readonly json?: boolean },
  { stdin, stdout, stderr }: Pick<NodeJS.Process, "stdin" | "stdout" | "stderr">,
): Promise<string> {
  const answers = args.answers === undefined ? await askOnTerminal(stdin, stderr) : readAnswers(args.answers);
  const rules = chooseLosses(answers);
  return args.json
    ? `${JSON.stringify(choiceRecord(answers, rules), null, 2)}\n`
    : formatChoice(rules, textWidth(stdout), styleFor(stdout));
}

async function askOnTerminal(stdin: NodeJS.ReadStream, stderr: NodeJS.WriteStream): Promise<Answers> {
  if (!stdin.isTTY) {
    throw new LabError(
      "USAGE",
      `--ask asks on a terminal, and there is none; give the answers with --answers, as in --answers ${QUESTION_KEYS.map((key) => `${key}=no`).join(",")}`,
    );
  }
  return askQuestions(stdin, stderr, styleFor(stderr), textWidth(stderr));
}

function choiceRecord(answers: Answers, rules: readonly Rule[]) {
  return {
    answers: Object.fromEntries(QUESTION_KEYS.map((key) => [key, answers[key] ?? "unknown"])),
    losses: rules.map(({ specification, reason, references }) => ({ specification, reason, references })),
    command: commandFor(rules).join(" "),
    bibtex: [...new Set(rules.flatMap(({ references }) => references))].map(toBibtex),
  };
}

const commandFor = (rules: readonly Rule[]): string[] => [
  "losskit compare my-images",
  ...rules.map(({ specification }) => `--loss ${quote(specification.replaceAll(" ", ""))}`),
];

/** The short list as a page for the terminal. */
export function formatChoice(rules: readonly Rule[], width: number, style: Style): string {
  const indent = "   ";
  const paragraph = (text: string, hanging = "") =>
    indent + wrap(text, width - indent.length, hanging).replaceAll("\n", `\n${indent}`);
  const entries = rules.map(({ specification, reason, references }, i) => {
    const sources = references.map((key) => style.dim(paragraph(oneLineReference(key), "  ")));
    return [
      `${i + 1}. ${style.cyan(specification)}`,
      paragraph(`${reason[0].toUpperCase()}${reason.slice(1)}.`),
      ...sources,
    ].join("\n");
  });
  const command = commandFor(rules).map((part, i) => (i === 0 ? `  ${part}` : `    ${part}`));
  return `${entries.join("\n\n")}

${style.bold("Which of them is best on your images, a comparison tells")}
${command.join(" \\\n")}

${wrap("losskit explain NAME says more of a loss, losskit cite NAME prints its papers.", width)}
`;
}
