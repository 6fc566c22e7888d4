// What the processes of the pool run in its test: the label of the trial says what to do.

export default async function answer({ trial }) {
  if (trial.label === "hang") {
    process.send({ trialStep: process.pid });
    for (;;) Math.random();
  }
  if (trial.label === "die") process.exit(3);
  if (trial.label !== "finish") {
    const { message, stack } = new Error("as asked");
    const code = { lab: "UNREADABLE_FILE", losskit: "NOT_FINITE" }[trial.label];
    return { ok: false, error: { kind: trial.label, code, message, stack } };
  }
  for (const trialStep of [0, 1, 2]) process.send({ trialStep });
  // Long enough for a second process to take the next trial.
  await new Promise((resolve) => setTimeout(resolve, 200));
  const result = { loss: trial.label, seed: trial.seed, status: "finished", message: String(process.pid) };
  return { ok: true, result: { ...result, seconds: 0, curve: [], validation: [], cases: [] } };
}
