// A loss from its terms: checks a call, compiles once per structure of calls, runs the backend, and hands out plain numbers.

import { type CompiledLoss, compileLoss, type LossValue } from "../backends/run.js";
import { checkKind, type StreamKind } from "../backends/stream.js";
import { CHUNK } from "../compiler/kernel.js";
import { createProgram, type ProgramTerm, parameterPrefix, weightName } from "../compiler/program.js";
import { LosskitError } from "../errors.js";
import type { CallStructure } from "../formula/apply-options.js";
import { CLASS, IMAGE, VOXEL } from "../formula/axes.js";
import type { Formula } from "../formula/check.js";
import {
  type Activation,
  type Call,
  type CallOptions,
  checkField,
  type FloatArray,
  gradientArray,
  type ParameterValue,
  readCall,
  show,
  type Target,
  type TermSettings,
  termSettings,
} from "../formula/options.js";
import type { Loss, LossResult, LossTerm, VolumeChunk } from "./loss.js";

export interface BoundTerm {
  readonly term: LossTerm;
  readonly formula: Formula;
}

/** Terms as the compiler sees them. */
export function programTerms(bound: readonly BoundTerm[], settings: readonly TermSettings[]): ProgramTerm[] {
  return bound.map(({ term: { definition }, formula }, i) => ({
    title: definition.title,
    score: definition.range[0] === 0 && definition.range[1] === 1,
    formula,
    settings: settings[i],
  }));
}

/** Compiled losses by formula, and then by the other formulas, options and kind of call: parameters are inputs of what is compiled. */
const known = new WeakMap<Formula, Map<string, CompiledLoss>>();
const formulaNumbers = new WeakMap<Formula, number>();
let formulaCount = 0;

/** What losses of the same formulas and options have compiled before, by the kind of call. */
function compiledLosses(bound: readonly BoundTerm[], settings: readonly TermSettings[]) {
  const [{ formula: first }] = bound;
  const own = known.get(first) ?? new Map<string, CompiledLoss>();
  known.set(first, own);
  const numbers = bound.map(({ formula }) => {
    const number = formulaNumbers.get(formula) ?? formulaCount++;
    formulaNumbers.set(formula, number);
    return number;
  });
  const prefix = JSON.stringify([numbers, settings]);
  return {
    get: (kind: string) => own.get(prefix + kind),
    set: (kind: string, loss: CompiledLoss) => own.set(prefix + kind, loss),
  };
}

export function bindLoss(bound: readonly BoundTerm[]): Loss {
  const terms = bound.map(({ term }) => term);
  const settings = terms.map(({ definition, options }) => termSettings(options, definition.options ?? {}));
  const compiled = compiledLosses(bound, settings);

  const losses = terms
    .map(
      ({ definition, weight, parameters }, i) =>
        `${weight} ${definition.name} ${JSON.stringify([parameters, settings[i]])}`,
    )
    .join(" + ");

  const compile = (call: Call): CompiledLoss => compileKind(structureOf(call), call.activation);

  function compileKind(kind: CallStructure, activation: Activation): CompiledLoss {
    const { channels, targetForm, ignores, weighted } = kind;
    const structure = { channels, targetForm, ignores, weighted };
    const key = JSON.stringify([structure, activation]);
    const before = compiled.get(key);
    if (before) return before;
    const program = createProgram(programTerms(bound, settings), structure);
    const result = compileLoss(program, activation);
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

  function readAndCheck(logits: FloatArray, target: Target, options: CallOptions): Call {
    const call = readCall(logits, target, options);
    const refused = refusal({ channels: call.classes, activation: call.activation });
    if (refused) throw new LosskitError("UNSUPPORTED", refused);
    for (const { definition } of terms) {
      for (const [name, form] of Object.entries(definition.fields ?? {})) checkField(name, form, call);
    }
    return call;
  }

  /** What a call needs besides its arrays: somewhere to put the results. */
  function start(call: Call) {
    const compiledLoss = compile(call);
    const { axes } = compiledLoss.program.value;
    const valuesShape = [
      ...(axes & IMAGE ? [call.images] : []),
      ...(axes & CLASS ? [call.classes] : []),
      ...(axes & VOXEL ? call.space : []),
    ];
    const values = new Float64Array(valuesShape.reduce((product, extent) => product * extent, 1));
    return { compiledLoss, values, valuesShape, parameters: parameterValues(terms, settings, call) };
  }

  function finish({ value: group, backend }: LossValue, { values, valuesShape }: ReturnType<typeof start>) {
    if (group) values.set(group.data);
    const value = checkResult(values.reduce((sum, v) => sum + v, 0));
    return { value, values, valuesShape, backend };
  }

  function checkResult(value: number): number {
    if (Number.isFinite(value)) return value;
    throw new LosskitError(
      "NOT_FINITE",
      `${terms.map(({ definition }) => definition.title).join(" + ")} is ${value} here; keep the formula's logarithms, roots and denominators above 0, for example with max(…, 1e-12)`,
    );
  }

  /** A chunk of a volume as a call. */
  function readChunk(chunk: VolumeChunk): { call: Call; kind: StreamKind } {
    const { logits, target, channels = 1, offset } = chunk;
    if (!Number.isInteger(channels) || channels < 1 || logits.length === 0 || logits.length % channels !== 0) {
      throw new LosskitError(
        "SHAPE",
        `the chunk has ${logits.length} logits for ${channels} channels; it is [channels, voxels] with at least one voxel`,
      );
    }
    if (!Number.isInteger(offset) || offset < 0 || offset % CHUNK !== 0) {
      throw new LosskitError(
        "STREAM",
        `offset is ${show(offset)}; a chunk starts at a multiple of ${CHUNK} voxels of its volume`,
      );
    }
    const call = readAndCheck(logits, target, { ...chunk, shape: [1, channels, logits.length / channels] });
    return { call, kind: { ...structureOf(call), activation: call.activation, losses } };
  }

  return {
    terms,
    refusal,
    sums(chunk) {
      const { call, kind } = readChunk(chunk);
      return compile(call).stream.sums(call, parameterValues(terms, settings, call), chunk.offset, kind);
    },
    finish(sums) {
      checkKind(sums.kind, { ...sums.kind, losses });
      const classes = sums.kind.channels;
      const compiledLoss = compileKind(sums.kind, sums.kind.activation);
      const { value: group, coefficients } = compiledLoss.stream.finish(
        sums,
        parameterValues(terms, settings, { classes }),
      );
      const valuesShape = [...(group.axes & IMAGE ? [1] : []), ...(group.axes & CLASS ? [classes] : [])];
      const values = Float64Array.from(group.data);
      return { value: checkResult(values.reduce((sum, v) => sum + v, 0)), values, valuesShape, coefficients };
    },
    gradient(chunk, coefficients) {
      const { call, kind } = readChunk(chunk);
      checkKind(coefficients.kind, kind);
      const gradient = gradientArray(chunk.logits, chunk.target, { ...chunk, shape: [] });
      compile(call).stream.gradient(call, parameterValues(terms, settings, call), coefficients, gradient);
      return gradient;
    },
    value(logits, target, options) {
      const call = readAndCheck(logits, target, options);
      const started = start(call);
      const { compiledLoss, parameters, values } = started;
      return finish(compiledLoss.run(call, parameters, { values }), started).value;
    },
    valueAndGradient<A extends FloatArray>(logits: A, target: Target, options: CallOptions): LossResult<A> {
      const call = readAndCheck(logits, target, options);
      const gradient = gradientArray(logits, target, options);
      const started = start(call);
      const { compiledLoss, parameters, values } = started;
      return { ...finish(compiledLoss.run(call, parameters, { values, gradient }), started), gradient };
    },
    async valueAndGradientAsync<A extends FloatArray>(
      logits: A,
      target: Target,
      options: CallOptions,
    ): Promise<LossResult<A>> {
      const call = readAndCheck(logits, target, options);
      const gradient = gradientArray(logits, target, options);
      const started = start(call);
      const { compiledLoss, parameters, values } = started;
      const result = await compiledLoss.runAsync(call, parameters, { values, gradient });
      return { ...finish(result, started), gradient };
    },
    async prepare(logits, target, options) {
      const call = readAndCheck(logits, target, options);
      await compile(call).prepare(call, parameterValues(terms, settings, call));
    },
    plan(logits, target, options) {
      const call = readAndCheck(logits, target, options);
      return compile(call).plan(call, parameterValues(terms, settings, call), true);
    },
  };
}

const structureOf = (call: Call): CallStructure => ({
  channels: call.classes,
  targetForm: call.targetForm,
  ignores: call.ignore !== undefined,
  weighted: call.weights !== undefined,
});

/** Everything a graph calls a parameter: those of the formulas, and what the options of the terms add. */
export function parameterValues(
  terms: readonly LossTerm[],
  settings: readonly TermSettings[],
  { classes }: Pick<Call, "classes">,
): Map<string, ParameterValue> {
  const values = new Map<string, ParameterValue>();
  terms.forEach(({ definition, parameters, weight }, i) => {
    const prefix = parameterPrefix(i);
    const { title } = definition;
    values.set(weightName(i), weight);
    for (const [name, { symbol, kind }] of Object.entries(definition.parameters)) {
      const given = parameters[name];
      const value = kind === "matrix" && typeof given === "number" ? offDiagonal(classes, given) : given;
      values.set(prefix + symbol, checkExtent(`${name} of ${title}`, value, classes));
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

/** The same number for every pair of different classes. */
const offDiagonal = (classes: number, value: number): readonly (readonly number[])[] =>
  Array.from({ length: classes }, (_, i) => Array.from({ length: classes }, (__, j) => (i === j ? 0 : value)));

function checkExtent(what: string, value: ParameterValue, classes: number): ParameterValue {
  if (typeof value === "number") return value;
  const fits = value.length === classes && value.every((row) => typeof row === "number" || row.length === classes);
  if (fits) return value;
  throw new LosskitError(
    "PARAMETER",
    `${what} is ${show(value)}; with ${classes} channels it needs ${classes} numbers per axis`,
  );
}
