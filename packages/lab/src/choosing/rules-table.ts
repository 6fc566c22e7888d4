// The questions and rules as Markdown, as docs/how-to-choose-a-loss.md holds them; a test compares.

import { authorsAndYear } from "./citation.js";
import { QUESTION_KEYS, QUESTIONS, type QuestionKey } from "./questions.js";
import { RULES, type Rule } from "./rules.js";

/** The six questions with how to tell, as a list. */
export function questionsAsMarkdown(): string {
  return QUESTION_KEYS.map((key, i) => {
    const { text, howToTell } = QUESTIONS[key];
    return `${i + 1}. **${text}** (\`${key}\`) ${howToTell}`;
  }).join("\n");
}

/** All rules, one a row. */
export function rulesAsMarkdown(): string {
  const rows = RULES.map((rule) => [
    condition(rule),
    `\`${rule.specification}\``,
    rule.reason,
    rule.references.map(authorsAndYear).join("; "),
  ]);
  return [["if", "loss", "because", "source"], ["---", "---", "---", "---"], ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

function condition({ when, unless = [] }: Rule): string {
  const asked = (Object.entries(when) as [QuestionKey, "yes" | "no"][]).map(([key, answer]) =>
    answer === "yes" ? key : `not ${key}`,
  );
  const parts = [...(asked.length === 0 ? ["always"] : asked), ...unless.map((key) => `unless ${key}`)];
  return parts.join(", ");
}
