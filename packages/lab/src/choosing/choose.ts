// From answers to a short list of losses: the rules that match, at least one for each question answered yes as far as the list goes.

import { type Answers, QUESTION_KEYS, type QuestionKey } from "./questions.js";
import { RULES, type Rule } from "./rules.js";

/** How many losses a person is told: fewer are no choice, more are no advice. */
export const SHORTEST_LIST = 3;
export const LONGEST_LIST = 5;

/** Whether a rule holds for these answers; an unknown answer is neither yes nor no. */
export function matches({ when, unless = [] }: Rule, answers: Answers): boolean {
  const asked = Object.entries(when) as [QuestionKey, "yes" | "no"][];
  return asked.every(([key, answer]) => answers[key] === answer) && !unless.some((key) => answers[key] === "yes");
}

/**
 * 3 to 5 losses for the answers, in the order of the rules.
 *
 * First the best rule of each question that has one and the everyday choice, then further rules of those questions, then what else is worth
 * a try while the list is short.
 */
export function chooseLosses(answers: Answers, rules: readonly Rule[] = RULES): readonly Rule[] {
  const fitting = rules.filter((rule) => matches(rule, answers));
  const general = fitting.filter((rule) => aboutOf(rule) === undefined);
  const particular = fitting.filter((rule) => aboutOf(rule) !== undefined);
  const firsts = particular.filter((rule) => particular.find((other) => aboutOf(other) === aboutOf(rule)) === rule);
  const chosen = new Set([...firsts.slice(0, LONGEST_LIST - 1), ...general.slice(0, 1)]);
  const take = (others: readonly Rule[], most: number) => {
    for (const rule of others) if (chosen.size < most) chosen.add(rule);
  };
  take(particular, LONGEST_LIST);
  take(general, SHORTEST_LIST);
  return fitting.filter((rule) => chosen.has(rule));
}

const aboutOf = ({ when }: Rule): QuestionKey | undefined => QUESTION_KEYS.find((key) => key === Object.keys(when)[0]);
