// A loss from its terms: checks a call, compiles once per structure of calls, runs the backend, and hands out plain numbers.

import { checkValues } from "../backends/reference/check-values.js";
import { evaluate, type VoxelOutput } from "../backends/reference/evaluate.js";
import { createSchedule, type Schedule } from "../backends/reference/schedule.js";
import { createProgram, type Program, parameterPrefix, weightName } from "../compiler/program.js";
import { LosskitError } from "../errors.js";
import { CLASS, IMAGE, VOXEL } from "../formula/axes.js";
import type { Formula } from "../formula/check.js";
import type { Node } from "../formula/node.js";
import {
  type Activation,
  type Call,
  type CallOptions,
  checkField,
  type FloatArray,
  type ParameterValue,
  readCall,
  show,
  type Target,
  type TermSettings,
  termSettings,
} from "../formula/options.js";
import type { Loss, LossResult, LossTerm } from "./loss.js";

export interface BoundTerm {
  readonly term: LossTerm;
  readonly formula: Formula;
}

interface Compiled {
  readonly program: Program;
  readonly valueOnly: Schedule;
  readonly withGradient: Schedule;
}

export function bindLoss(bound: readonly BoundTerm[]): Loss {
  const terms = bound.map(({ term }) => term);
  const settings = terms.map(({ definition, options }) => termSettings(options, definition.options ?? {}));
  const compiled = new Map<string, Compiled>();

  function compile(call: Call): Compiled {
    const structure = {
      channels: call.classes,
      targetForm: call.targetForm,
      ignores: call.ignore !== undefined,
      weighted: call.weights !== undefined,
    };
    const key = JSON.stringify([structure, call.activation]);
    const known = compiled.get(key);
    if (known) return known;
    const program = createProgram(
      bound.map(({ term, formula }, i) => ({ title: term.definition.title, formula, settings: settings[i] })),
      structure,
    );
    const result: Compiled = {
      program,
      valueOnly: createSchedule(program.graph, [program.value], call.activation),
      withGradient: createSchedule(program.graph, [program.value, program.gradient], call.activation),
    };
    compiled.set(key, result);
    return result;
  }

  function refusal(head: { readonly channels: number; readonly activation: Activation }): string | undefined {
    for (const [i, { definition }] of terms.entries()) {
      const allowed = definition.activations;
      if (allowed && !allowed.includes(head.activation)) {
        return `${definition.title} cannot take activation "${head.activation}"; it takes ${allowed.map(show).join(" or ")}`;
      }
      if (definition.severalChannels && head.channels === 1) {
        return `${definition.title} compares channels with one another and cannot take one alone; use bce for one channel`;
      }
      const { classes } = settings[i];
      if (Array.isArray(classes) && head.channels > 1) {
        const beyond = classes.find((index) => index >= head.channels);
        if (beyond !== undefined) {
          return `${definition.title} is to count class ${beyond}, but the logits have ${head.channels} channels, 0 to ${head.channels - 1}`;
        }
      }
    }
    return undefined;
  }

  function prepare(logits: FloatArray, target: Target, options: CallOptions): Call {
    const call = readCall(logits, target, options);
    const refused = refusal({ channels: call.classes, activation: call.activation });
    if (refused) throw new LosskitError("UNSUPPORTED", refused);
    for (const { definition } of terms) {
      for (const [name, form] of Object.entries(definition.fields ?? {})) checkField(name, form, call);
    }
    checkValues(call);
    return call;
  }

  function run(
    call: Call,
    gradient: FloatArray | undefined,
  ): { value: number; values: Float64Array; valuesShape: number[] } {
    const { program, valueOnly, withGradient } = compile(call);
    const outputs = new Map<Node, VoxelOutput>();
    const { axes } = program.value;
    const valuesShape = [
      ...(axes & IMAGE ? [call.images] : []),
      ...(axes & CLASS ? [call.classes] : []),
      ...(axes & VOXEL ? call.space : []),
    ];
    const values = new Float64Array(valuesShape.reduce((product, extent) => product * extent, 1));
    if (axes & VOXEL) {
      // The map of a class loss is always channels first: it is a result, not an array of the caller's.
      outputs.set(program.value, { array: values, perChannel: (axes & CLASS) !== 0, layout: "channels-first" });
    }
    if (gradient) outputs.set(program.gradient, { array: gradient, perChannel: true, layout: call.layout });
    const schedule = gradient ? withGradient : valueOnly;
    const groups = evaluate(schedule, program.graph, call, parameterValues(terms, settings, call), outputs);
    const group = groups.get(program.value);
    if (group) values.set(group.data);
    return { value: values.reduce((sum, v) => sum + v, 0), values, valuesShape };
  }

  function checkResult(value: number): number {
    if (Number.isFinite(value)) return value;
    throw new LosskitError(
      "NOT_FINITE",
      `${terms.map(({ definition }) => definition.title).join(" + ")} is ${value} here; keep the formula's logarithms, roots and denominators above 0, for example with max(…, 1e-12)`,
    );
  }

  return {
    terms,
    refusal,
    value(logits, target, options) {
      return checkResult(run(prepare(logits, target, options), undefined).value);
    },
    valueAndGradient<A extends FloatArray>(logits: A, target: Target, options: CallOptions): LossResult<A> {
      const call = prepare(logits, target, options);
      const gradient = (
        logits instanceof Float32Array ? new Float32Array(logits.length) : new Float64Array(logits.length)
      ) as A;
      const result = run(call, gradient);
      checkResult(result.value);
      return { ...result, gradient, backend: "reference" };
    },
  };
}

/** Everything a graph calls a parameter: those of the formulas, and what the options of the terms add. */
function parameterValues(
  terms: readonly LossTerm[],
  settings: readonly TermSettings[],
  { classes }: Call,
): Map<string, ParameterValue> {
  const values = new Map<string, ParameterValue>();
  terms.forEach(({ definition, parameters, weight }, i) => {
    const prefix = parameterPrefix(i);
    const { title } = definition;
    values.set(weightName(i), weight);
    for (const [name, { symbol }] of Object.entries(definition.parameters)) {
      values.set(prefix + symbol, checkExtent(`${name} of ${title}`, parameters[name], classes));
    }
    const { classes: counted, classWeights } = settings[i];
    if (classWeights)
      values.set(`${prefix}:classWeights`, checkExtent(`classWeights of ${title}`, classWeights, classes));
    const isCounted = (c: number) =>
      counted === "foreground" ? c > 0 : !Array.isArray(counted) || counted.includes(c);
    values.set(
      `${prefix}:selected`,
      Array.from({ length: classes }, (_, c) => (isCounted(c) ? 1 : 0)),
    );
  });
  return values;
}

function checkExtent(what: string, value: ParameterValue, classes: number): ParameterValue {
  if (typeof value === "number") return value;
  const fits = value.length === classes && value.every((row) => typeof row === "number" || row.length === classes);
  if (fits) return value;
  throw new LosskitError(
    "PARAMETER",
    `${what} is ${show(value)}; with ${classes} channels it needs ${classes} numbers per axis`,
  );
}
