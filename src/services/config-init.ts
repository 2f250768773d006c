import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { type KeySource, type NewTarget, newConfig } from '../config/init-template.js';
import type { Format } from '../config/read.js';
import { USUAL_URLS } from '../config/resolve.js';
import type { Provider } from '../config/schema.js';
import { findSource, userFolder } from '../config/sources.js';
import type { Environment } from '../config/variables.js';
import { usageError } from '../errors/llamactl-error.js';
import { parseBaseUrl } from '../wire/base-url.js';
import type { Discovered } from './config-discover.js';

/** Asks a question. @returns the answer, or what was proposed where nothing was typed */
export type Ask = (question: string, proposal: string) => Promise<string>;

export interface InitPlace {
  readonly cwd: string;
  readonly env: Environment;
  readonly output?: string | undefined;
  /** Into the user's folder rather than this one. */
  readonly user: boolean;
  readonly format?: Format | undefined;
  readonly force: boolean;
}

export interface InitFile {
  readonly path: string;
  /** As it is named to the user. */
  readonly label: string;
  readonly format: Format;
  /** A file that is there already and would be read instead. */
  readonly shadowedBy: string | null;
}

/** What flags say of the one target. */
export interface InitFlags {
  readonly name?: string | undefined;
  readonly provider?: Provider | undefined;
  readonly url?: string | undefined;
  readonly model?: readonly string[] | undefined;
  readonly 'key-env'?: string | undefined;
  readonly 'key-file'?: string | undefined;
  readonly 'key-command'?: string | undefined;
}

/** The JSON document of `config init`. */
export interface InitDocument {
  readonly file: string;
  readonly written: boolean;
  readonly backup: string | null;
  readonly targets: readonly string[];
  readonly content: string;
}

/**
 * The file to write.
 * @throws LlamactlError (usage) where it is there already
 */
export function initFile({ cwd, env, output, user, format, force }: InitPlace): InitFile {
  const chosen = format ?? (/\.jsonc?$/.test(output ?? '') ? 'json' : 'yaml');
  const extension = chosen === 'json' ? 'json' : 'yaml';
  const path =
    output === undefined
      ? user
        ? join(userFolder(process.platform, env), `config.${extension}`)
        : join(cwd, `llamactl.config.${extension}`)
      : resolve(cwd, output);
  const label = dirname(path) === cwd ? basename(path) : path;
  if (existsSync(path) && !force)
    throw usageError(`${label} is there already`, [
      { text: 'See what it says:', commands: [`llamactl config show --config ${label}`] },
      {
        text: 'Write another one in its place; it is kept as a backup:',
        commands: ['llamactl config init --force'],
      },
    ]);
  const read = findSource(cwd, { ...env, LLAMACTL_CONFIG: undefined }, undefined);
  const isOther = read !== null && read.path !== path && isBefore(read.path, path, cwd);
  return { path, label, format: chosen, shadowedBy: isOther ? read.label : null };
}

/** The address that is meant where only the kind is named: Ollama and OpenRouter are always in the same place. */
export function usualUrlOf(provider: Provider | undefined): string | undefined {
  return provider === 'ollama' || provider === 'openrouter' ? (USUAL_URLS[provider] ?? undefined) : undefined;
}

/** What flags and discovery come to, where nobody is asked. */
export function targetsFrom(flags: InitFlags, found: readonly Discovered[]): NewTarget[] {
  const { url } = flags;
  if (url === undefined && found.length > 0) {
    const targets = found.map((server) => ({ ...server, name: '', key: keyOf(flags, server.needsKey) }));
    return named(targets, flags);
  }
  const server = found[0] ?? {
    provider: flags.provider ?? 'llama-cpp',
    baseUrl: normalUrl(url ?? 'http://localhost:8080'),
    remark: null,
    models: [],
    contextWindow: null,
    needsKey: false,
  };
  return named([{ ...server, name: '', key: keyOf(flags, server.needsKey) }], flags);
}

/** The same, asked for: address, name, and where the key is kept. */
export async function interview(
  ask: Ask,
  flags: InitFlags,
  found: readonly Discovered[],
  lookAt: (url: string) => Promise<readonly Discovered[]>,
): Promise<NewTarget[]> {
  const proposal = flags.url ?? found[0]?.baseUrl ?? 'http://localhost:8080';
  const url = await insist(ask, 'Address of the server', proposal, (text) => {
    const parsed = parseBaseUrl(text);
    return parsed.ok ? null : parsed.reason;
  });
  const baseUrl = normalUrl(url);
  const known = found.find((server) => server.baseUrl === baseUrl);
  const servers = known === undefined ? await lookAt(baseUrl) : [known];
  const [target] = targetsFrom({ ...flags, url: baseUrl }, servers);
  if (target === undefined) return [];
  const name = await insist(ask, 'A name for it', target.name, (text) =>
    text === '' ? 'a name is needed' : null,
  );
  if (target.key.kind === 'file' || target.key.kind === 'command') return [{ ...target, name }];
  const proposed = target.key.kind === 'variable' ? `$${target.key.name}` : 'none';
  const where = await insist(ask, 'Its API key: $VARIABLE, a file, or none', proposed, (text) =>
    keyFrom(text) === null
      ? 'a variable begins with $, a file has a / in it; the key itself stays out of the file'
      : null,
  );
  return [{ ...target, name, key: keyFrom(where) ?? { kind: 'none' } }];
}

/** The text of the file. */
export function initText(targets: readonly NewTarget[], format: Format): Promise<string> {
  return newConfig(targets, format);
}

/** Asks until the answer will do. */
async function insist(
  ask: Ask,
  question: string,
  proposal: string,
  objection: (text: string) => string | null,
): Promise<string> {
  let remark = '';
  for (let tries = 0; tries < 5; tries++) {
    const answer = (await ask(`${remark}${question}`, proposal)).trim();
    const wrong = objection(answer);
    if (wrong === null) return answer;
    remark = `${wrong}. `;
  }
  throw usageError(`${question}: no answer that will do`);
}

function keyFrom(text: string): KeySource | null {
  if (text === '' || /^(?:none|no)$/i.test(text)) return { kind: 'none' };
  const [, name] = /^\$\{?([A-Za-z_]\w*)\}?$/.exec(text) ?? [];
  if (name !== undefined) return { kind: 'variable', name };
  return /[/\\]/.test(text) ? { kind: 'file', path: text } : null;
}

function keyOf(flags: InitFlags, needsKey: boolean): KeySource {
  const { 'key-env': variable, 'key-file': path, 'key-command': command } = flags;
  if (path !== undefined) return { kind: 'file', path };
  if (command !== undefined) return { kind: 'command', command };
  if (variable !== undefined) return { kind: 'variable', name: variable.replace(/^\$/, '') };
  return needsKey ? { kind: 'variable', name: 'LLAMA_API_KEY' } : { kind: 'none' };
}

/** The first llama.cpp server is `local`; others are named after their program. */
function named(targets: readonly NewTarget[], flags: InitFlags): NewTarget[] {
  const taken = new Set<string>();
  return targets.map((target, index) => {
    const provider = flags.provider ?? target.provider;
    const isLocal = /localhost|127\.0\.0\.1|\[::1\]|^unix:/.test(target.baseUrl);
    const wanted = index === 0 && flags.name !== undefined ? flags.name : standardName(provider, isLocal);
    let name = wanted;
    for (let number = 2; taken.has(name); number++) name = `${wanted}-${number}`;
    taken.add(name);
    return {
      ...target,
      provider,
      name,
      models: index === 0 ? (flags.model ?? target.models) : target.models,
    };
  });
}

function standardName(provider: Provider, isLocal: boolean): string {
  if (provider !== 'llama-cpp') return provider;
  return isLocal ? 'local' : 'remote';
}

function normalUrl(text: string): string {
  const parsed = parseBaseUrl(text);
  if (!parsed.ok) throw usageError(`${JSON.stringify(text)} cannot be a server's URL: ${parsed.reason}`);
  return parsed.baseUrl;
}

/** Whether a file is read before another: this folder's before the user's, and in the order of their names. */
function isBefore(one: string, other: string, cwd: string): boolean {
  const [a, b] = [one, other].map((path) => (dirname(path) === cwd ? 0 : 1));
  if (a !== b) return (a ?? 0) < (b ?? 0);
  return basename(one) < basename(other) && !/^agents\./.test(basename(one));
}
