import { nearest } from '../../errors/nearest.js';
import { type FlagTable, flagNamed, type KnownFlag, NEWEST, replacementOf, TABLES } from './tables.js';

/** A flag as it was given. */
export interface GivenFlag {
  /** The word at which it stands. */
  readonly index: number;
  readonly word: string;
  readonly known: KnownFlag | null;
  readonly values: readonly string[];
  /** `--port=8080`: meant as a flag with its value, and refused. */
  readonly joined: boolean;
}

/** Something that llama-server does not start with, or will not before long. */
export interface FlagProblem {
  readonly index: number;
  readonly word: string;
  readonly severity: 'error' | 'warning';
  /** After the word: "is gone since …". */
  readonly message: string;
  /** What to write instead, as words; null where it is not known. */
  readonly instead: string | null;
}

/** Switches take these beside what `--help` lists. */
const SWITCHES = ['0', '1', 'true', 'false', 'enabled', 'disabled'];

/** Reads words as llama-server does: a flag takes as many words after it as its table says. */
export function readFlags(words: readonly string[], table: FlagTable): GivenFlag[] {
  const flags: GivenFlag[] = [];
  for (let index = 0; index < words.length; ) {
    const word = words[index] ?? '';
    const [name = '', ...rest] = word.split('=');
    const meant = rest.length === 0 ? undefined : flagNamed(table, name);
    if (meant !== undefined) {
      flags.push({ index, word, known: meant, values: [rest.join('=')], joined: true });
      index++;
      continue;
    }
    // A flag that is gone still has its values, which are no flags.
    const known = flagNamed(table, word) ?? null;
    const shape = known ?? TABLES.map((other) => flagNamed(other, word)).find((each) => each !== undefined);
    const values: string[] = [];
    const wanted = shape?.values ?? (isFlag(word) ? 1 : 0);
    while (values.length < wanted) {
      const next = words[index + 1 + values.length];
      if (next === undefined || flagNamed(table, next) !== undefined || isFlag(next)) break;
      values.push(next);
    }
    flags.push({ index, word, known, values, joined: false });
    index += 1 + values.length;
  }
  return flags;
}

/** What is wrong with the arguments of llama-server, for one build. Words with a variable (`$PORT`) are believed. */
export function checkFlags(words: readonly string[], table: FlagTable): FlagProblem[] {
  return readFlags(words, table).flatMap((flag) => {
    const { index, word, known, values } = flag;
    if (flag.joined) return [{ index, word, ...joined(word) }];
    const problem = word.includes('$') ? null : problemOf(word, known, values, table);
    return problem === null ? [] : [{ index, word, ...problem }];
  });
}

/** What is wrong with a variable of the environment; null where llama-server reads it, or it is none of its own. */
export function checkVariable(name: string, table: FlagTable): Omit<FlagProblem, 'index' | 'word'> | null {
  if (!name.startsWith('LLAMA_ARG_')) return null;
  const plain = name.replace('LLAMA_ARG_NO_', 'LLAMA_ARG_');
  const known = table.byVariable.get(name) ?? (plain === name ? undefined : table.byVariable.get(plain));
  if (known !== undefined) return known.note === null ? null : noted(known, name);
  const instead =
    replacementOf(name) ?? variableOfFlag(name, table) ?? nearest(name, [...table.byVariable.keys()]);
  return { severity: 'warning', message: `is not read by ${nameOf(table)}`, instead };
}

/** `LLAMA_ARG_NGL` → that of the flag `-ngl`. */
function variableOfFlag(name: string, table: FlagTable): string | null {
  const flag = name.slice('LLAMA_ARG_'.length).toLowerCase().replaceAll('_', '-');
  return (flagNamed(table, `-${flag}`) ?? flagNamed(table, `--${flag}`))?.variable ?? null;
}

function problemOf(
  word: string,
  known: KnownFlag | null,
  values: readonly string[],
  table: FlagTable,
): Omit<FlagProblem, 'index' | 'word'> | null {
  if (known === null) return unknown(word, table);
  if (known.note !== null) return noted(known, word);
  if (values.length < known.values) {
    const choices = known.choices === null ? '' : `: ${known.choices.join(', ')}`;
    const instead = known.choices?.includes('on') ? `${word} on` : null;
    return { severity: 'error', message: `wants a value${choices}`, instead };
  }
  const [value] = values;
  if (value === undefined || known.choices === null || value.includes('$')) return null;
  if (known.choices.includes(value) || (known.choices.includes('on') && SWITCHES.includes(value)))
    return null;
  return {
    severity: 'error',
    message: `does not take ${value}: ${known.choices.join(', ')}`,
    instead: `${word} ${nearest(value, known.choices) ?? known.choices[0] ?? ''}`,
  };
}

function joined(word: string): Omit<FlagProblem, 'index' | 'word'> {
  return {
    severity: 'error',
    message: 'is one word: llama-server takes the value as a word of its own',
    instead: word.replace('=', ' '),
  };
}

function unknown(word: string, table: FlagTable): Omit<FlagProblem, 'index' | 'word'> {
  if (!isFlag(word)) {
    return { severity: 'error', message: 'is no flag, and belongs to none', instead: null };
  }
  const later = TABLES.find(({ build, byName }) => build > table.build && byName.has(word));
  // Somewhere between two builds it has come: an image between them may have it.
  if (later !== undefined)
    return { severity: 'warning', message: `is not in ${nameOf(table)}: it has come later`, instead: null };
  const before = TABLES.some(({ build, byName }) => build < table.build && byName.has(word));
  const instead = replacementOf(word) ?? (before ? null : nearest(word, [...table.byName.keys()]));
  const gone = before || replacementOf(word) !== null;
  return {
    severity: 'error',
    message: gone ? `is gone from llama-server (${nameOf(table)})` : `is no flag of ${nameOf(table)}`,
    instead,
  };
}

/** What the build itself says of a flag. */
function noted({ note }: KnownFlag, name: string): Omit<FlagProblem, 'index' | 'word'> {
  const text = note ?? '';
  if (text.includes('has been removed')) {
    const [, use] = /use (?:the respective )?(.+)$/.exec(text) ?? [];
    return {
      severity: 'error',
      message: 'is removed, and llama-server ends at it',
      instead: use ?? null,
    };
  }
  return { severity: 'warning', message: 'is deprecated', instead: replacementOf(name) };
}

function isFlag(word: string): boolean {
  return /^--?[a-zA-Z]/.test(word);
}

function nameOf({ build }: FlagTable): string {
  return build === NEWEST.build ? `b${build}, the newest build that is known` : `b${build}`;
}
