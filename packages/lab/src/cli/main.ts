// Entry point of the command `losskit`.

/** Runs the command line and resolves to its exit status. */
export async function run(args: readonly string[]): Promise<number> {
  process.stderr.write(`losskit ${args.join(" ")}: no command can run yet; the library is being built\n`);
  return 0;
}
