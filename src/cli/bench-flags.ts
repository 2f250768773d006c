import { boolean, custom, integer, option, string } from '@oclif/core/flags';
import { usageError } from '../errors/llamactl-error.js';
import { ARRIVALS } from '../services/bench/arrivals.js';
import type { Settings } from '../services/bench/document.js';
import type { Load } from '../services/bench/load.js';
import { anySeed, LARGEST_SEED } from '../services/bench/random.js';
import type { MaxSearch } from '../services/bench/search-max.js';
import { durationFlag } from './connection-flags.js';

const LARGEST_CONCURRENCY = 10_000;
const LARGEST_RATE = 100_000;

/** One number above 0, or several with commas between them. */
const numbers = custom<readonly number[], { readonly whole: boolean; readonly most: number }>({
  parse: async (text, _, { whole, most }) => {
    const values = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
    const isGood = (value: number) => value > 0 && value <= most && (!whole || Number.isInteger(value));
    if (!values.every(isGood))
      throw usageError(
        `${JSON.stringify(text)} is no ${whole ? 'whole ' : ''}number above 0 and up to ${most}, nor several with commas between`,
      );
    return [...new Set(values)];
  },
});

/** `5%`, or `5`: a share of 1. */
const share = custom<number>({
  helpValue: 'PERCENT',
  parse: async (text) => {
    const [, digits = ''] = /^(\d+(?:\.\d+)?)\s*%?$/.exec(text.trim()) ?? [];
    if (digits === '' || Number(digits) > 1000)
      throw usageError(`${JSON.stringify(text)} is no percentage: write 5%`);
    return Number(digits) / 100;
  },
});

/** How requests are sent. */
export const loadFlags = {
  concurrency: numbers({
    char: 'c',
    description: 'requests at a time; several, as 1,2,4,8, one after the other (default: one for each slot)',
    helpValue: 'N[,N...]',
    whole: true,
    most: LARGEST_CONCURRENCY,
    exclusive: ['rate', 'find-max'],
  }),
  rate: numbers({
    char: 'r',
    description: 'requests a second in place of that, whatever becomes of those before; several too',
    helpValue: 'R[,R...]',
    whole: false,
    most: LARGEST_RATE,
    exclusive: ['find-max'],
  }),
  arrivals: option({
    options: ARRIVALS,
    description: 'how requests of a rate are spaced',
    default: 'poisson' as const,
  })(),
  requests: integer({ char: 'n', description: 'requests at most', helpValue: 'N', min: 1 }),
  duration: durationFlag({ char: 'd', description: 'time to send in at most (30s, where neither is given)' }),
  'warm-up': integer({
    description: 'requests before that do not count (default: as many as run at a time)',
    helpValue: 'N',
    min: 0,
  }),
  seed: integer({
    description: 'the same prompts and arrivals again (default: new ones, which no cache has seen)',
    helpValue: 'N',
    min: 0,
    max: LARGEST_SEED,
  }),
  'find-max': boolean({ description: 'find the highest rate that keeps each --slo', dependsOn: ['slo'] }),
  'max-runs': integer({
    description: 'rates that --find-max tries',
    helpValue: 'N',
    min: 2,
    max: 50,
    default: 8,
  }),
};

/** What each request asks. */
export const promptFlags = {
  'prompt-tokens': integer({
    description: 'tokens of a prompt, the chat template counted; the words are random (default 128)',
    helpValue: 'N',
    min: 1,
    max: 1_000_000,
    exclusive: ['prompts'],
    helpGroup: 'PROMPT',
  }),
  'shared-prefix': integer({
    description: 'tokens of these that all prompts begin with, as a system prompt would',
    helpValue: 'N',
    min: 1,
    exclusive: ['prompts'],
    helpGroup: 'PROMPT',
  }),
  'prefix-groups': integer({
    description: 'different beginnings, taken in turn',
    helpValue: 'N',
    min: 1,
    max: 10_000,
    default: 1,
    helpGroup: 'PROMPT',
  }),
  prompts: string({
    description: 'prompts of your own, one a line; JSON where the name ends with .jsonl',
    helpValue: 'FILE',
    helpGroup: 'PROMPT',
  }),
  'max-tokens': integer({
    description: 'tokens of an answer',
    helpValue: 'N',
    min: 1,
    default: 64,
    helpGroup: 'PROMPT',
  }),
  'ignore-eos': boolean({
    description: 'let each answer be as long as that (default, but for --prompts)',
    allowNo: true,
    helpGroup: 'PROMPT',
  }),
  'no-stream': boolean({
    description: 'ask for whole answers: only their end is measured',
    helpGroup: 'PROMPT',
  }),
};

/** What makes the run good or bad. */
export const verdictFlags = {
  slo: string({
    description: 'what must hold, e.g. ttft.p95<=500ms; several may be given',
    helpValue: 'EXPRESSION',
    multiple: true,
    multipleNonGreedy: true,
    helpGroup: 'VERDICT',
  }),
  compare: string({
    description: 'compare with an earlier run (its --output), and fail where this one is worse',
    helpValue: 'OLD.json',
    exclusive: ['find-max'],
    helpGroup: 'VERDICT',
  }),
  tolerance: share({
    description: 'how much worse is good enough (5% unless given)',
    helpGroup: 'VERDICT',
  }),
  yes: boolean({
    char: 'y',
    description: 'load a server that is not yours alone, or that charges for it',
    helpGroup: 'VERDICT',
  }),
};

/** Where the measurements go, beside the table. */
export const outputFlags = {
  csv: string({ description: 'one line a request; - is stdout', helpValue: 'FILE', helpGroup: 'OUTPUT' }),
  html: string({
    description: 'a page with charts, to be read without a network',
    helpValue: 'FILE',
    helpGroup: 'OUTPUT',
  }),
  output: string({ description: 'the document of --json', helpValue: 'FILE', helpGroup: 'OUTPUT' }),
};

interface LoadFlags {
  readonly concurrency?: readonly number[] | undefined;
  readonly rate?: readonly number[] | undefined;
  readonly arrivals: (typeof ARRIVALS)[number];
  readonly requests?: number | undefined;
  readonly duration?: number | undefined;
  readonly 'warm-up'?: number | undefined;
  readonly seed?: number | undefined;
  readonly 'find-max': boolean;
  readonly 'max-runs': number;
}

const DEFAULT_DURATION = 30_000;
const PRECISION = 0.05;
export const DEFAULT_TOLERANCE = 0.05;

/** The flags as a plan of the load. */
export function loadOf(flags: LoadFlags) {
  const { concurrency = [], rate = [], arrivals, requests = null, seed = anySeed() } = flags;
  const search: MaxSearch | null = flags['find-max']
    ? { arrivals, maxRuns: flags['max-runs'], precision: PRECISION }
    : null;
  const isUnbound = requests === null && flags.duration === undefined && search === null;
  const loads: readonly Load[] = [
    ...concurrency.map((each): Load => ({ kind: 'closed', concurrency: each })),
    ...rate.map((each): Load => ({ kind: 'open', rate: each, arrivals })),
  ];
  return {
    loads,
    search,
    bounds: { requests, durationMs: flags.duration ?? (isUnbound ? DEFAULT_DURATION : null) },
    warmUp: flags['warm-up'],
    seed,
  };
}

interface PromptFlags {
  readonly 'prompt-tokens'?: number | undefined;
  readonly 'shared-prefix'?: number | undefined;
  readonly 'prefix-groups': number;
  readonly prompts?: string | undefined;
  readonly 'max-tokens': number;
  readonly 'ignore-eos'?: boolean | undefined;
  readonly 'no-stream': boolean;
}

const DEFAULT_PROMPT_TOKENS = 128;

/** The flags as what each request asks. @throws LlamactlError (usage) where they exclude each other */
export function settingsOf(flags: PromptFlags): Settings {
  const { prompts: path, 'prompt-tokens': given, 'shared-prefix': sharedTokens = 0 } = flags;
  const tokens = given ?? DEFAULT_PROMPT_TOKENS + sharedTokens;
  if (sharedTokens >= tokens)
    throw usageError(`--shared-prefix ${sharedTokens} leaves nothing of --prompt-tokens ${tokens}`);
  if (flags['prefix-groups'] > 1 && sharedTokens === 0)
    throw usageError('--prefix-groups is of use only with --shared-prefix');
  return {
    prompts:
      path === undefined
        ? { kind: 'synthetic', tokens, sharedTokens, groups: flags['prefix-groups'] }
        : { kind: 'file', path },
    maxTokens: flags['max-tokens'],
    ignoreEos: flags['ignore-eos'] ?? path === undefined,
    stream: !flags['no-stream'],
  };
}
