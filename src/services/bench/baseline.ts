import { z } from 'zod';
import { usageError } from '../../errors/llamactl-error.js';
import { readJsonFile } from '../json-file.js';
import { ARRIVALS } from './arrivals.js';
import { describeLoad, type Settings, sameLoad } from './document.js';
import type { Load } from './load.js';

const optionalNumbers = z.array(z.number().nullable());
const runSchema = z.object({
  load: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('closed'), concurrency: z.number() }),
    z.object({ kind: z.literal('open'), rate: z.number(), arrivals: z.enum(ARRIVALS) }),
  ]),
  samples: z.object({
    atMs: z.array(z.number()),
    ttftMs: optionalNumbers,
    tpotMs: optionalNumbers,
    e2eMs: z.array(z.number()),
    outputTokens: z.array(z.number()),
    failed: z.array(z.number()),
  }),
});
const headSchema = z.object({
  schemaVersion: z.literal(1),
  settings: z.object({
    prompts: z.discriminatedUnion('kind', [
      z.object({
        kind: z.literal('synthetic'),
        tokens: z.number(),
        sharedTokens: z.number(),
        groups: z.number(),
      }),
      z.object({ kind: z.literal('file'), path: z.string() }),
    ]),
    maxTokens: z.number(),
    ignoreEos: z.boolean(),
    stream: z.boolean(),
  }),
});
const runsSchema = z.object({ runs: z.array(runSchema).min(1) });

/** An earlier run, or several, to compare with. */
export interface Baseline {
  readonly path: string;
  readonly settings: Settings;
  readonly runs: readonly z.infer<typeof runSchema>[];
}

/** @throws LlamactlError (usage) where the file is no document of `bench` */
export function readBaseline(path: string): Baseline {
  const value = readJsonFile(path, '--compare');
  const head = headSchema.safeParse(value);
  const several = runsSchema.safeParse(value);
  const single = runSchema.safeParse(value);
  const runs = several.success ? several.data.runs : single.success ? [single.data] : [];
  if (!head.success || runs.length === 0)
    throw usageError(`--compare: ${path} is no document of llamactl bench`, [
      { text: 'Keep one by:', commands: ['llamactl bench --output old.json'] },
    ]);
  return { path, settings: head.data.settings, runs };
}

/**
 * Refuses to hold different things against each other.
 * @throws LlamactlError (usage) saying what is otherwise
 */
export function checkComparable(baseline: Baseline, settings: Settings, loads: readonly Load[]): void {
  const differences = [
    ...differencesOf(describe(baseline.settings), describe(settings)),
    ...loads
      .filter((load) => !baseline.runs.some((run) => sameLoad(run.load, load)))
      .map(
        (load) =>
          `load: ${baseline.runs.map((run) => describeLoad(run.load)).join(', ')} then, ${describeLoad(load)} now`,
      ),
  ];
  if (differences.length === 0) return;
  throw usageError(
    `--compare: ${baseline.path} is of another load, and numbers of two loads say nothing of each other`,
    [
      {
        text: 'Give the flags of the earlier run, or keep a new one to compare with (--output).',
        commands: [],
      },
    ],
    differences,
  );
}

function describe({ prompts, maxTokens, ignoreEos, stream }: Settings): Readonly<Record<string, string>> {
  return {
    ...(prompts.kind === 'file'
      ? { prompts: 'of a file' }
      : {
          'prompt tokens': String(prompts.tokens),
          'shared prefix': String(prompts.sharedTokens),
          'prefix groups': String(prompts.groups),
        }),
    'max tokens': String(maxTokens),
    'ignore EOS': String(ignoreEos),
    stream: String(stream),
  };
}

function differencesOf(
  before: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(now)])]
    .filter((key) => before[key] !== now[key])
    .map((key) => `${key}: ${before[key] ?? 'none'} then, ${now[key] ?? 'none'} now`);
}
