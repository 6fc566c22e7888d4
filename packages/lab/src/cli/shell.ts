// The command as a person can paste it into a shell.

/** Quotes a word for a POSIX shell where it holds anything a shell might read. */
export const quote = (word: string): string =>
  /^[\w@%+=:,./-]+$/u.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/** `losskit compare …` with these arguments; through npx where npm runs it, which then knows the command and a shell may not. */
export function commandLine(compareArguments: readonly string[], environment: NodeJS.ProcessEnv = process.env): string {
  const program = environment.npm_execpath ? "npx losskit" : "losskit";
  return [program, "compare", ...compareArguments.map(quote)].join(" ");
}
