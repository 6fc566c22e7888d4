// `losskit explain SPEC --plan` and `--wat`: how the kernels compute a loss, as text.

import type { defineCommand, ParsedArgs } from "citty";
import type { Activation, CallOptions, Loss, Target } from "losskit";
import { kernelText, type Plan, printPlan } from "losskit/plan";
import { LabError } from "../errors.js";
import { parseLossSpecification } from "../experiment/loss-specification.js";
import { readWholeNumber } from "./arguments.js";
import type { Style } from "./terminal.js";

export const planArgs = {
  plan: { type: "boolean", description: "Print how it is computed, pass by pass" },
  wat: { type: "boolean", description: "Print its kernels as WebAssembly text" },
  channels: { type: "string", valueHint: "n", description: "Channels of the plan (default 1, or 3)" },
  activation: { type: "string", valueHint: "name", description: "sigmoid, softmax or none" },
  target: { type: "string", valueHint: "form", description: "labels (default) or soft" },
  ignore: { type: "string", valueHint: "n", description: "Label of voxels that do not count" },
} as const satisfies Parameters<typeof defineCommand>[0]["args"];

export type PlanArgs = Partial<Pick<ParsedArgs<typeof planArgs>, keyof typeof planArgs>>;

const ACTIVATIONS = ["sigmoid", "softmax", "none"] as const;
const TARGETS = ["labels", "soft"] as const;
/** A label map of bytes tells so many apart. */
const MOST_CHANNELS = 256;
/** A plan does not depend on the voxels; there must be some. */
const VOXELS = 4;

/** Whether the arguments ask for a plan or its kernels; options that belong to these alone are refused without them. */
export function wantsPlan(args: PlanArgs & { readonly json?: boolean }): boolean {
  const wanted = args.plan === true || args.wat === true;
  if (args.plan && args.wat) throw new LabError("USAGE", "--plan and --wat are two texts; give one of the two");
  if (wanted && args.json)
    throw new LabError("USAGE", `--json does not go with --${args.plan ? "plan" : "wat"}, which is a text`);
  const option = (["channels", "activation", "target", "ignore"] as const).find((name) => args[name] !== undefined);
  if (option && !wanted) throw new LabError("USAGE", `--${option} is of the plan; give it with --plan or --wat`);
  return wanted;
}

/**
 * The plan or the kernels of a loss.
 *
 * @param specification as `losskit compare --loss` takes it
 * @throws LabError USAGE for an option; LosskitError for a loss that cannot take the head, or that kernels cannot compute
 */
export function explainPlan(specification: string, args: PlanArgs, style: Style): string {
  const { label, loss } = parseLossSpecification(specification);
  const plan = planOf(loss, args);
  if (args.wat) return kernelText(plan);
  const text = printPlan(plan).replace(/^(?:PASS|COMBINE|BEFORE|ROUTINES)\b.*$/gmu, (title) => style.bold(title));
  return `${style.cyan(label)}\n${text}`;
}

function planOf(loss: Loss, args: PlanArgs): Plan {
  const several = loss.terms.some(({ definition }) => definition.severalChannels);
  const softmaxOnly = args.activation === "softmax";
  const usual = several || softmaxOnly ? 3 : 1;
  const channels = args.channels === undefined ? usual : readWholeNumber("--channels", args.channels, 1, MOST_CHANNELS);
  const activation = args.activation === undefined ? undefined : oneOf("--activation", args.activation, ACTIVATIONS);
  const form = args.target === undefined ? "labels" : oneOf("--target", args.target, TARGETS);
  const target: Target = form === "labels" ? new Uint8Array(VOXELS) : new Float32Array(VOXELS * channels);
  const options: CallOptions = {
    shape: [1, channels, VOXELS],
    fields: fieldsOf(loss, channels),
    ...(activation && { activation: activation as Activation }),
    ...(args.ignore !== undefined && { ignore: readLabel(args.ignore) }),
  };
  return loss.plan(new Float32Array(VOXELS * channels), target, options);
}

function fieldsOf(loss: Loss, channels: number): Record<string, Float32Array> {
  const fields = loss.terms.flatMap(({ definition }) => Object.entries(definition.fields ?? {}));
  return Object.fromEntries(
    fields.map(([name, form]) => [name, new Float32Array(VOXELS * (form === "voxel" ? 1 : channels))]),
  );
}

function oneOf<T extends string>(option: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === text);
  if (found) return found;
  throw new LabError("USAGE", `${option} is "${text}"; it may be ${allowed.join(", ")}`);
}

function readLabel(text: string): number {
  if (/^-?\d{1,9}$/u.test(text)) return Number(text);
  throw new LabError("USAGE", `--ignore is "${text}"; it is a whole number, the label of voxels that do not count`);
}
