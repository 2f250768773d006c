import * as Flags from '@oclif/core/flags';
import type { ChatOptions } from '../client/types.js';
import { usageError } from '../errors/llamactl-error.js';

/** A number within bounds. The bounds are the specification's (7.2), or the server's own where it names none. */
const numberFlag = Flags.custom<number, { min: number; max: number }>({
  helpValue: 'N',
  parse: async (text, _, { min, max }) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value) || value < min || value > max) {
      throw usageError(`${JSON.stringify(text)} is not a number from ${min} to ${max}`);
    }
    return value;
  },
});

/** How the next token is chosen; what is not given is the server's own setting. */
export const samplingFlags = {
  temperature: numberFlag({
    min: 0,
    max: 2,
    description: 'randomness, 0 to 2; 0 always takes the likeliest token',
    helpGroup: 'SAMPLING',
  }),
  'top-p': numberFlag({ min: 0, max: 1, description: 'nucleus sampling, 0 to 1', helpGroup: 'SAMPLING' }),
  'top-k': Flags.integer({
    min: 0,
    max: 1_000_000,
    helpValue: 'N',
    description: 'candidates at most; 0 switches it off',
    helpGroup: 'SAMPLING',
  }),
  'min-p': numberFlag({
    min: 0,
    max: 1,
    description: 'least probability, relative to the best token',
    helpGroup: 'SAMPLING',
  }),
  'repeat-penalty': numberFlag({
    min: 0,
    max: 2,
    description: 'penalty on repetition, 0 to 2; 1 switches it off',
    helpGroup: 'SAMPLING',
  }),
  mirostat: Flags.option({
    options: ['0', '1', '2'] as const,
    description: 'Mirostat version; 0 switches it off',
    helpGroup: 'SAMPLING',
  })(),
  'mirostat-tau': numberFlag({
    min: 0,
    max: 10,
    description: 'Mirostat target entropy, 0 to 10',
    helpGroup: 'SAMPLING',
  }),
  'mirostat-eta': numberFlag({
    min: 0,
    max: 1,
    description: 'Mirostat learning rate, 0 to 1',
    helpGroup: 'SAMPLING',
  }),
  seed: Flags.integer({ helpValue: 'N', description: 'makes sampling repeatable', helpGroup: 'SAMPLING' }),
  stop: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'TEXT',
    description: 'end the answer here; several may be given',
    helpGroup: 'SAMPLING',
  }),
};

interface SamplingFlags {
  readonly temperature?: number | undefined;
  readonly 'top-p'?: number | undefined;
  readonly 'top-k'?: number | undefined;
  readonly 'min-p'?: number | undefined;
  readonly 'repeat-penalty'?: number | undefined;
  readonly mirostat?: '0' | '1' | '2' | undefined;
  readonly 'mirostat-tau'?: number | undefined;
  readonly 'mirostat-eta'?: number | undefined;
  readonly seed?: number | undefined;
  readonly stop?: readonly string[] | undefined;
}

const MIROSTAT = { '0': 0, '1': 1, '2': 2 } as const;

/** The flags as request options; absent ones stay absent. */
export function samplingOf(flags: SamplingFlags): ChatOptions {
  const options = {
    temperature: flags.temperature,
    topP: flags['top-p'],
    topK: flags['top-k'],
    minP: flags['min-p'],
    repeatPenalty: flags['repeat-penalty'],
    mirostat: flags.mirostat === undefined ? undefined : MIROSTAT[flags.mirostat],
    mirostatTau: flags['mirostat-tau'],
    mirostatEta: flags['mirostat-eta'],
    seed: flags.seed,
    stop: flags.stop,
  };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
