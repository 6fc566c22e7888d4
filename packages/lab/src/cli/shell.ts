// The command as a person can paste it into a shell.

import { hidePassword } from "../queue/redis-url.js";

/** Quotes a word for a POSIX shell where it holds anything a shell might read. */
export const quote = (word: string): string =>
  /^[\w@%+=:,./-]+$/u.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/** `losskit compare …`, or another command, with these arguments, a password of Redis hidden; through npx where npm runs it, which then knows the command and a shell may not. */
export function commandLine(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
  command: "compare" | "evaluate" = "compare",
): string {
  const program = environment.npm_execpath ? "npx losskit" : "losskit";
  return [program, command, ...args.map((argument) => quote(hidePassword(argument)))].join(" ");
}

/** The same command with --resume; the arguments that started it stay, so that it can be checked against what was kept. */
export const resumeArguments = (rawArgs: readonly string[]): string[] => [
  ...rawArgs.filter((argument) => argument !== "--force" && argument !== "--resume"),
  "--resume",
];
