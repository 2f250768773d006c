import { B10434 } from './b10434.js';
import { B11434 } from './b11434.js';

/** A flag as a build's own `--help` lists it. */
export interface KnownFlag {
  /** All its spellings, the one that people read best last. */
  readonly names: readonly string[];
  /** Words that follow it. */
  readonly values: number;
  /** What may follow; null where that is not listed. */
  readonly choices: readonly string[] | null;
  readonly variable: string | null;
  /** What the build says of it, where it is removed or deprecated. */
  readonly note: string | null;
}

export interface FlagTable {
  /** The number of the build, as in `b11434`. */
  readonly build: number;
  readonly flags: readonly KnownFlag[];
  readonly byName: ReadonlyMap<string, KnownFlag>;
  readonly byVariable: ReadonlyMap<string, KnownFlag>;
}

/** Oldest first. A build more is a line in test/support/write-server-flags.ts, and one here. */
export const TABLES: readonly FlagTable[] = [tableOf(10_434, B10434), tableOf(11_434, B11434)];

/** Of the newest build that is known. */
export const NEWEST: FlagTable = TABLES.at(-1) ?? tableOf(0, '');

/**
 * What there is instead of flags that are gone, where the build that lacks them does not say so itself. Measured: each of
 * them ends the newest build with "invalid argument".
 */
const REPLACEMENTS: Readonly<Record<string, string>> = {
  '--mlock': '--load-mode mlock',
  '--mmap': '--load-mode mmap',
  '--no-mmap': '--load-mode none',
  '-dio': '--load-mode dio',
  '--direct-io': '--load-mode dio',
  '-ndio': '--load-mode auto',
  '--no-direct-io': '--load-mode auto',
  '--slots-endpoint-disable': '--no-slots',
  '--memory-f32': '--cache-type-k f32 --cache-type-v f32',
  LLAMA_ARG_MLOCK: 'LLAMA_ARG_LOAD_MODE=mlock',
  LLAMA_ARG_MMAP: 'LLAMA_ARG_LOAD_MODE=mmap',
  LLAMA_ARG_NO_MMAP: 'LLAMA_ARG_LOAD_MODE=none',
  LLAMA_ARG_DIO: 'LLAMA_ARG_LOAD_MODE=dio',
};

/** What to write instead of a flag or variable that is gone or going; null where that is not known. */
export function replacementOf(name: string): string | null {
  return REPLACEMENTS[name] ?? null;
}

/** The newest table that is not newer than a build. @param build null where it is not known: the newest */
export function tableFor(build: number | null): FlagTable {
  if (build === null) return NEWEST;
  return [...TABLES].reverse().find((table) => table.build <= build) ?? TABLES[0] ?? NEWEST;
}

/** A flag by any of its spellings; llama-server reads `--ctx_size` as `--ctx-size`. */
export function flagNamed(table: FlagTable, word: string): KnownFlag | undefined {
  return table.byName.get(word.startsWith('--') ? word.replaceAll('_', '-') : word);
}

function tableOf(build: number, text: string): FlagTable {
  const flags = text.trim().split('\n').map(flagOf);
  return {
    build,
    flags,
    byName: new Map(flags.flatMap((flag) => flag.names.map((name) => [name, flag] as const))),
    byVariable: new Map(
      flags.flatMap((flag) => (flag.variable === null ? [] : [[flag.variable, flag] as const])),
    ),
  };
}

function flagOf(line: string): KnownFlag {
  const [names = '', value = '', variable = '', ...note] = line.split(' | ').map((part) => part.trim());
  return {
    names: names.split(' '),
    values: value === '' ? 0 : value === 'START END' ? 2 : 1,
    choices: choicesOf(value),
    variable: variable === '' ? null : variable,
    note: note.length === 0 ? null : note.join(' | '),
  };
}

function choicesOf(value: string): readonly string[] | null {
  const [, list] = /^(?:\[([\w|]+)\]|\{([\w,]+)\})$/.exec(value)?.filter((part) => part !== undefined) ?? [];
  return list === undefined ? null : list.split(/[|,]/);
}
