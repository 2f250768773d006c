import { type LoadedConfig, type LoadOptions, loadConfig, readSource } from '../config/load.js';
import { readConfig } from '../config/read.js';
import { type LlamactlError, usageError } from '../errors/llamactl-error.js';
import { nearest } from '../errors/nearest.js';
import { writeConfig } from './config-write.js';

/** The JSON document of `provider use`. */
export interface UseDocument {
  readonly default: string;
  readonly file: string;
  /** False where it was the default already. */
  readonly changed: boolean;
  readonly backup: string | null;
}

/**
 * Makes a target the one that is meant where none is named, in the file that is used; nothing else of it changes, and the old
 * one is kept beside it.
 * @param choose given the names of the targets, which one
 * @throws LlamactlError (usage) where there is no such target, or no file that can hold a default
 */
export async function useProvider(
  options: LoadOptions,
  choose: (names: readonly string[]) => Promise<string>,
): Promise<UseDocument> {
  const config = await loadConfig(options);
  const { source } = config;
  if (source === null || config.form !== 'llamactl') throw noPlace(config);
  const name = await choose(Object.keys(config.targets));
  if (!Object.hasOwn(config.targets, name)) {
    const meant = nearest(name, Object.keys(config.targets));
    throw usageError(
      `there is no target "${name}" in ${source.label}${meant === undefined || meant === null ? '' : `, did you mean "${meant}"?`}`,
      [{ text: `Targets: ${Object.keys(config.targets).join(', ')}`, commands: [] }],
    );
  }
  const before = readSource(source);
  const text = await withDefault(before, source.label, name);
  const document = { default: name, file: source.label };
  if (text === before) return { ...document, changed: false, backup: null };
  const backup = await writeConfig(source.path, source.label, text, 0o600);
  return { ...document, changed: true, backup };
}

/** The file's text with another default: the value replaced, or a line put before the first key. */
async function withDefault(text: string, label: string, name: string): Promise<string> {
  const { tree } = await readConfig(text, label);
  const root = tree?.root;
  if (root?.kind !== 'object') throw usageError(`${label} holds no configuration`);
  // Both JSON and YAML read a JSON scalar.
  const written = JSON.stringify(name);
  const old = root.entries.find(({ key }) => key === 'default')?.value;
  if (old?.kind === 'scalar')
    return old.value === name ? text : text.slice(0, old.start) + written + text.slice(old.end);
  const first = root.entries[0];
  if (first === undefined) throw usageError(`${label} has no targets`);
  const { start } = first.keySpan;
  // A key inside braces needs a comma, in JSON as in YAML's flow style; a key of block style a line of its own.
  const isBraced = text.slice(root.start, root.start + 1) === '{';
  const key = isBraced ? '"default"' : 'default';
  const indent = /(?:^|\n)([ \t]*)$/.exec(text.slice(0, start))?.[1];
  const apart = indent === undefined ? ' ' : `\n${indent}`;
  return `${text.slice(0, start)}${key}: ${written}${isBraced ? ',' : ''}${apart}${text.slice(start)}`;
}

function noPlace({ file, form }: LoadedConfig): LlamactlError {
  return file === null || form === null
    ? usageError('there is no configuration file to write a default into', [
        { text: 'Write one:', commands: ['llamactl config init'] },
      ])
    : usageError(`${file} is nanocoder's, which knows no default`, [
        {
          text: 'Name the target with a command, or for the whole shell:',
          commands: ['export LLAMACTL_TARGET=NAME'],
        },
        { text: "Or turn it into llamactl's form:", commands: ['llamactl config migrate'] },
      ]);
}
