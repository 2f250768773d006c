import { readFileSync } from 'node:fs';
import { LineCounter, parseDocument } from 'yaml';
import { LlamactlError } from '../errors/llamactl-error.js';
import { flagOf, type OptionsInput } from './options.js';

/** A values file: options, and where each stands. */
export interface Values {
  readonly options: OptionsInput;
  /** `values.yaml:3` */
  readonly placeOf: (option: string) => string;
}

/**
 * Reads a values file, YAML or JSON. What its keys hold is checked with the flags.
 * @throws LlamactlError (config.invalid) where it cannot be read
 */
export function readValues(file: string): Values {
  const lines = new LineCounter();
  const document = parseDocument(readText(file), { lineCounter: lines, prettyErrors: false });
  const [problem] = document.errors;
  if (problem !== undefined) {
    const { line, col } = lines.linePos(problem.pos[0]);
    throw invalid(`${file}:${line}:${col}: it cannot be read: ${problem.message}`);
  }
  const value: unknown = document.toJS({ maxAliasCount: 100 });
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(`${file} holds no options: it needs lines such as "model: hf:USER/REPO:Q4_K_M"`);
  return {
    options: Object.fromEntries(Object.entries(value)),
    placeOf: (option) => {
      const node: unknown = document.get(option, true);
      const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : null;
      const start = Array.isArray(range) && typeof range[0] === 'number' ? range[0] : 0;
      return `${file}:${lines.linePos(start).line}`;
    },
  };
}

/** Options, and where each is from: `--gpu-memory`, `values.yaml:3: gpuMemory`. */
export interface Merged {
  readonly input: OptionsInput;
  readonly placeOf: (option: string) => string;
}

/**
 * The options of flags over those of a values file, and where each is from.
 * @param flags by option name; undefined where the flag was not given
 */
export function mergeOptions(flags: OptionsInput, values: Values | null): Merged {
  const given = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
  return {
    input: { ...values?.options, ...given },
    placeOf: (option) =>
      values !== null && !(option in given) && option in values.options
        ? `${values.placeOf(option)}: ${option}`
        : flagOf(option),
  };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw invalid(
      `the values file ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function invalid(message: string): LlamactlError {
  return new LlamactlError({
    type: 'USAGE_ERROR',
    code: 'config.invalid',
    message,
    remedies: [
      {
        text: 'A values file has the flags as keys:',
        commands: ['model: hf:ggml-org/gemma-3-1b-it-GGUF:Q4_K_M', 'ctxSize: 16384', 'replicas: 2'],
      },
    ],
  });
}
