import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Form } from '../config/form.js';
import { secretsIn } from '../config/lint/servers.js';
import { readSource } from '../config/load.js';
import { type MigrationForm, migrate } from '../config/migrate/migrate.js';
import { type Format, type ReadConfig, readConfig } from '../config/read.js';
import { findSource, type Source, userFolder } from '../config/sources.js';
import type { Environment } from '../config/variables.js';
import { LlamactlError, usageError } from '../errors/llamactl-error.js';
import { writeConfig } from './config-write.js';
import { type DiffLine, diffLines } from './line-diff.js';

export const MIGRATION_FORMS = ['llamactl', 'nanocoder'] as const satisfies readonly MigrationForm[];

export interface MigrateOptions {
  readonly cwd: string;
  readonly env: Environment;
  /** Without it the file that would be used. */
  readonly file?: string | undefined;
  readonly to: MigrationForm;
  /** Of our own form; nanocoder's is JSON. */
  readonly format: Format;
  readonly output?: string | undefined;
}

/** What a migration would do. */
export interface MigrationPlan {
  readonly file: string;
  readonly from: Form;
  readonly to: MigrationForm;
  /** False where the file has that form already, or the output says the same. */
  readonly changed: boolean;
  /** The file to write, as it is named to the user. */
  readonly output: string;
  readonly outputPath: string;
  readonly text: string;
  readonly diff: readonly DiffLine[];
  readonly notes: readonly string[];
  /** Never to be shown. */
  readonly secrets: readonly string[];
  /** Of a new file: the old one's, or for its owner alone where there are secrets in it. */
  readonly mode: number;
}

/** The JSON document of `config migrate`. */
export interface MigrationDocument {
  readonly file: string;
  readonly from: Form;
  readonly to: MigrationForm;
  readonly changed: boolean;
  readonly output: string;
  readonly written: boolean;
  readonly backup: string | null;
  readonly content: string;
  readonly notes: readonly string[];
}

/**
 * Works out a migration; nothing is written.
 * @throws LlamactlError (usage, configuration) where there is no file, or errors in it
 */
export async function planMigration(options: MigrateOptions): Promise<MigrationPlan> {
  const { cwd, env, file, to } = options;
  const source: Source | null =
    file === undefined
      ? findSource(cwd, env, undefined)
      : { path: resolve(cwd, file), label: file, required: false };
  if (source === null)
    throw usageError('there is no configuration file to migrate', [
      { text: 'Name one:', commands: ['llamactl config migrate agents.config.json'] },
    ]);
  const text = readSource(source);
  const read = await readConfig(text, source.label);
  checkMigratable(read);
  const secrets = read.tree === null ? [] : secretsIn(read.tree.root).map(({ value }) => value);
  const mode = secrets.length > 0 ? 0o600 : statSync(source.path).mode & 0o777;
  const base = { file: source.label, from: read.form, to, secrets, mode };
  const format = to === 'nanocoder' ? 'json' : options.format;
  const made = await migrate(read, to, format);
  if (made === null)
    return {
      ...base,
      changed: false,
      output: source.label,
      outputPath: source.path,
      text,
      diff: [],
      notes: [],
    };
  const outputPath =
    options.output === undefined ? outputOf(source, to, format, env) : resolve(cwd, options.output);
  const output = options.output ?? (dirname(outputPath) === cwd ? basename(outputPath) : outputPath);
  const there = existsSync(outputPath) ? readFileSync(outputPath, 'utf8') : '';
  return {
    ...base,
    changed: there !== made.text,
    output,
    outputPath,
    text: made.text,
    diff: diffLines(there, made.text),
    notes: made.notes,
  };
}

/** Writes what was planned. @returns the backup of a file that was there */
export function applyMigration(plan: MigrationPlan): Promise<string | null> {
  return writeConfig(plan.outputPath, plan.output, plan.text, plan.mode);
}

export function migrationDocument(
  plan: MigrationPlan,
  written: boolean,
  backup: string | null,
): MigrationDocument {
  const { file, from, to, changed, output, text, notes } = plan;
  return { file, from, to, changed, output, written, backup, content: text, notes };
}

/** Unknown keys are kept, so they stop nothing; what is wrong otherwise would be wrong in the new form too. */
function checkMigratable({ problems, file }: ReadConfig): void {
  const errors = problems.filter(
    ({ severity, code }) => severity === 'error' && code !== 'config.unknown-key',
  );
  const [first] = errors;
  if (first === undefined) return;
  throw new LlamactlError({
    type: 'USAGE_ERROR',
    code: 'config.invalid',
    message: `${file} has errors: they go first`,
    evidence: errors
      .slice(0, 9)
      .map(({ line, column, path, message }) => `${line}:${column} ${path} ${message}`),
    remedies: [{ text: 'See all that is wrong with it:', commands: [`llamactl config validate ${file}`] }],
  });
}

/** Beside the old file, under the name that the form's program looks for; nanocoder's user file has its like in ours. */
function outputOf(source: Source, to: MigrationForm, format: Format, env: Environment): string {
  const folder = dirname(source.path);
  const users = {
    llamactl: userFolder(process.platform, env),
    nanocoder: userFolder(process.platform, env, 'nanocoder'),
  };
  if (to === 'nanocoder') {
    if (folder === users.llamactl) return join(users.nanocoder, 'agents.config.json');
    return basename(source.path) === 'agents.config.json' ? source.path : join(folder, 'agents.config.json');
  }
  const extension = format === 'json' ? 'json' : 'yaml';
  if (folder === users.nanocoder) return join(users.llamactl, `config.${extension}`);
  return join(folder, `llamactl.config.${extension}`);
}
