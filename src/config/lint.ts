import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { withDotenv } from './dotenv.js';
import { readableByOthers } from './file-modes.js';
import { type Form, isNanocoder } from './form.js';
import { keyFilePath } from './keys.js';
import { sortProblems } from './lines.js';
import type { FileFacts, LintContext } from './lint/rule.js';
import { RULES } from './lint/rules.js';
import { secretsIn, serversIn, textAt } from './lint/servers.js';
import { readSource } from './load.js';
import { type Problem, pathText } from './problem.js';
import { type Format, type ReadConfig, readConfig } from './read.js';
import { findSource } from './sources.js';
import { type Environment, substituted } from './variables.js';

/** A text to check. */
export interface LintSource {
  readonly text: string;
  /** How it is named to the user. */
  readonly label: string;
  /** Null for what is in no file. */
  readonly path: string | null;
}

export interface LintOptions {
  readonly cwd: string;
  readonly env: Environment;
}

/** What is wrong with a configuration file, as plain data. */
export interface ConfigReport {
  readonly file: string;
  readonly format: Format;
  readonly form: Form;
  /** Errors and warnings, in the order of the file. */
  readonly problems: readonly TargetProblem[];
}

/** A problem, and the target that it is of; null where it is the file's. */
export interface TargetProblem extends Problem {
  readonly target: string | null;
}

/** Milliseconds: git answers in a few, and nothing hangs on it. */
const GIT_TIMEOUT = 3000;

/**
 * Checks the configuration that would be used: `--config`, LLAMACTL_CONFIG, this folder's, the user's. Asks no server.
 * @returns null where there is none
 * @throws LlamactlError (configuration) where the file cannot be read
 */
export async function lintConfig(
  options: LintOptions & { readonly config?: string | undefined },
): Promise<ConfigReport | null> {
  const source = findSource(options.cwd, options.env, options.config);
  if (source === null) return null;
  const { label, path } = source;
  const { read, problems } = await lintText({ text: readSource(source), label, path }, options);
  const servers = read.tree === null ? [] : serversIn(read.tree.root, read.form, options.env);
  const targetOf = (at: string) =>
    servers.find((server) => isWithin(at, pathText(server.path)))?.name ?? null;
  const placed = problems.map((problem) => ({ ...problem, target: targetOf(problem.path) }));
  return { file: label, format: read.format, form: read.form, problems: placed };
}

/** Checks one text: its syntax, its schema, and then the rules of lint/. */
export async function lintText(
  source: LintSource,
  options: LintOptions,
): Promise<{ readonly read: ReadConfig; readonly problems: readonly Problem[] }> {
  const read = await readConfig(source.text, source.label);
  const { tree, lines, whole } = read;
  if (tree === null || !whole) return { read, problems: read.problems };
  const env = isNanocoder(read.form) ? withDotenv(options.cwd, options.env) : options.env;
  const servers = serversIn(tree.root, read.form, env);
  const secrets = secretsIn(tree.root);
  const folder = source.path === null ? options.cwd : dirname(source.path);
  const keyFiles = new Map(
    servers.flatMap((server) => {
      const file = textAt(server, 'apiKeyFile')?.value;
      const path = file === undefined ? null : substituted(file, env);
      return file === undefined || path === null
        ? []
        : [[file, factsOf(keyFilePath(path, folder, env))] as const];
    }),
  );
  const context: LintContext = {
    read: { ...read, tree },
    servers,
    secrets,
    env,
    keyFiles,
    disk:
      source.path === null
        ? null
        : {
            ...factsOf(source.path),
            trackedByGit: secrets.length > 0 && (await isTrackedByGit(source.path)),
          },
  };
  const found = RULES.flatMap((rule) => rule(context)).map((complaint) =>
    lines.problem({ severity: 'warning', ...complaint }),
  );
  return { read, problems: sortProblems([...read.problems, ...found]) };
}

function isWithin(path: string, group: string): boolean {
  return path.startsWith(group) && /^(?:$|[.[])/.test(path.slice(group.length));
}

function factsOf(path: string): FileFacts {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return { path, stats: null };
  const { mode } = stats;
  // A pipe has no size.
  const size = stats.isFile() ? stats.size : 1;
  return { path, stats: { mode, size, readableByOthers: readableByOthers(stats, path) } };
}

async function isTrackedByGit(path: string): Promise<boolean> {
  if (!isInRepository(dirname(path))) return false;
  return new Promise((resolve) => {
    const args = ['ls-files', '--error-unmatch', '--', basename(path)];
    execFile('git', args, { cwd: dirname(path), timeout: GIT_TIMEOUT }, (error) => resolve(error === null));
  });
}

function isInRepository(folder: string): boolean {
  if (existsSync(join(folder, '.git'))) return true;
  const above = dirname(folder);
  return above !== folder && isInRepository(above);
}
