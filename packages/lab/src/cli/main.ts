// Entry point of the command `losskit`: finds the command, checks its arguments, runs it, and turns errors into exit statuses.

import { stripVTControlCharacters } from "node:util";
import { type CommandDef, renderUsage, runCommand } from "citty";
import { nearest, version } from "losskit";
import { LabError } from "../errors.js";
import { checkArguments } from "./arguments.js";
import { describeError, EXIT, exitStatus } from "./exit-status.js";
import { styleFor } from "./terminal.js";

/** A command of the command line, loaded only when it runs: training loads ONNX Runtime. */
interface Command {
  readonly description: string;
  load(): Promise<CommandDef>;
  /** Options that may be given more than once. */
  readonly repeatable?: readonly string[];
  /** Whether its last argument may be given many times. */
  readonly variadic?: boolean;
  readonly examples: readonly string[];
}

const COMMANDS: Readonly<Record<string, Command>> = {
  compare: {
    description: "Train a small U-Net with each loss and report which is best",
    load: async () => (await import("./compare-command.js")).compareCommand as CommandDef,
    repeatable: ["loss"],
    examples: [
      "losskit compare                            # embedded phantoms, eight losses",
      "losskit compare my-images --losses dice,bce-dice,focal",
      'losskit compare my-images --loss dice+ce --loss "tversky:alpha=0.3;beta=0.7"',
      'losskit compare my-images --loss "mine = 1 - 2*sum(p*y)/(sum(p)+sum(y)+1)"',
      "losskit compare --resume --out losskit-report",
      "losskit compare my-images --queue redis://192.168.1.5:6379",
    ],
  },
  evaluate: {
    description: "Score predictions against references: Dice, HD95 and more",
    load: async () => (await import("./evaluate.js")).evaluateCommand as CommandDef,
    variadic: true,
    examples: [
      "losskit evaluate labelsTs predictions",
      "losskit evaluate Dataset004_Hippocampus predictions --out evaluation",
      "losskit evaluate truth.nii.gz predicted.nii.gz --labels 1=liver,2=tumour --regions whole=1+2",
      "losskit evaluate pairs.csv --metrics dice,hd95 --json > scores.json",
      "losskit evaluate masks predictions --fail-under dice=0.85",
      "losskit evaluate masks --compare predictions-a predictions-b",
      "losskit evaluate labelsTs predictions --queue redis://192.168.1.5:6379",
    ],
  },
  worker: {
    description: "Do the cases and trials that are sent with --queue, on any machine",
    load: async () => (await import("./worker.js")).workerCommand as CommandDef,
    examples: [
      "losskit worker --queue redis://192.168.1.5:6379",
      "losskit worker --queue redis://192.168.1.5:6379 --jobs 4",
    ],
  },
  list: {
    description: "List the losses by family",
    load: async () => (await import("./list.js")).listCommand as CommandDef,
    examples: ["losskit list", "losskit list --family boundary", "losskit list --json"],
  },
  explain: {
    description: "Explain one loss: formula, parameters, when to use it, papers",
    load: async () => (await import("./explain.js")).explainCommand as CommandDef,
    examples: [
      "losskit explain tversky",
      "losskit explain --ask                      # six questions, then a few losses",
      "losskit explain --answers small=yes,thin=no --json",
      "losskit explain bce-dice --plan",
      "losskit explain dice+ce --plan --channels 4",
    ],
  },
  export: {
    description: "Print a loss for PyTorch, Keras, ONNX or nnU-Net, or as LaTeX",
    load: async () => (await import("./export.js")).exportCommand as CommandDef,
    examples: [
      "losskit export dice+ce --to pytorch > dice_ce.py",
      "losskit export unified-focal --to keras --head multiclass --ignore 255",
      "losskit export bce-dice --to onnx --out bce-dice.onnx",
      "losskit export cldice --to nnunet --out nnUNetTrainerClDice.py",
      'losskit export "mine = 1 - 2*sum(p*y)/(sum(p)+sum(y)+1)" --to latex',
    ],
  },
  cite: {
    description: "Print the papers of losses as BibTeX",
    load: async () => (await import("./cite.js")).citeCommand as CommandDef,
    variadic: true,
    examples: ["losskit cite dice tversky > losses.bib", "losskit cite --all"],
  },
  bench: {
    description: "Measure how fast the losses are on this machine",
    load: async () => (await import("./bench.js")).benchCommand as CommandDef,
    variadic: true,
    examples: [
      "losskit bench                              # the losses that compare compares",
      "losskit bench dice bce-dice --voxels 2^24",
      "losskit bench dice+ce --channels 4 --json > bench.json",
    ],
  },
  phantoms: {
    description: "Write synthetic images with masks",
    load: async () => (await import("./phantoms.js")).phantomsCommand as CommandDef,
    examples: ["losskit phantoms --preset nuclei --out phantoms"],
  },
};

/** Runs the command line and resolves to its exit status; data goes to stdout, everything else to stderr. */
export async function run(args: readonly string[]): Promise<number> {
  try {
    return await dispatch(args);
  } catch (error) {
    process.stderr.write(describeError(error, styleFor(process.stderr)));
    return exitStatus(error);
  }
}

async function dispatch(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined) {
    process.stderr.write(overview(process.stderr));
    return EXIT.usage;
  }
  if (name === "--help" || name === "-h" || (name === "help" && rest.length === 0)) {
    process.stdout.write(overview(process.stdout));
    return EXIT.ok;
  }
  if (name === "--version" || name === "-v" || name === "-V") {
    process.stdout.write(`${version}\n`);
    return EXIT.ok;
  }
  if (name === "help") return dispatch([...rest, "--help"]);
  if (name.startsWith("-")) {
    throw new LabError("USAGE", `there is no option ${name} before a command; see: losskit --help`);
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    const near = nearest(name, Object.keys(COMMANDS));
    const commands = Object.keys(COMMANDS).join(", ");
    throw new LabError(
      "USAGE",
      `there is no command "${name}"; ${near ? `did you mean ${near}?` : `there are ${commands}`}`,
    );
  }
  const definition = await command.load();
  const end = rest.indexOf("--");
  if ((end < 0 ? rest : rest.slice(0, end)).some((argument) => argument === "--help" || argument === "-h")) {
    const plainUsage = await renderUsage(definition, { meta: { name: "losskit" } });
    const usage = command.variadic ? plainUsage.replace(/\[(?!OPTIONS)([A-Z]+)\]/u, "[$1…]") : plainUsage;
    const examples = command.examples.map((line) => `  ${line}`).join("\n");
    const text = `${usage}\n${styleFor(process.stdout).bold("EXAMPLES")}\n\n${examples}\n`;
    process.stdout.write(process.stdout.isTTY && !process.env.NO_COLOR ? text : stripVTControlCharacters(text));
    return EXIT.ok;
  }
  const argsDefinition = typeof definition.args === "function" ? await definition.args() : await definition.args;
  checkArguments(name, rest, argsDefinition ?? {}, command.repeatable, command.variadic);
  const { result } = await runCommand(definition, { rawArgs: rest });
  return typeof result === "number" ? result : EXIT.ok;
}

function overview(output: NodeJS.WriteStream): string {
  const style = styleFor(output);
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length));
  const lines = Object.entries(COMMANDS).map(
    ([name, { description }]) => `  ${style.cyan(name.padEnd(width))}  ${description}`,
  );
  return `${style.bold("losskit")} ${version}: segmentation losses, and which of them is best on your images

${style.bold("Usage")}  losskit <command> [options]

${lines.join("\n")}

losskit <command> --help shows its options. Try: losskit compare
`;
}
