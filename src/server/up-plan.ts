import { join } from 'node:path';
import { shellQuote } from '../catalogue/fill.js';
import { usageError } from '../errors/llamactl-error.js';
import { threadCount } from './cpu-quota.js';
import { readModelArgument } from './model-argument.js';
import { findFreePort, urlHost } from './port.js';
import { ensureTinyModel } from './tiny-gguf.js';

export interface PlanOptions {
  /** A path, `hf:USER/REPO[:QUANT]`, `USER/REPO[:QUANT]` or a URL. */
  readonly model?: string | undefined;
  /** The built-in model in its place. */
  readonly tiny: boolean;
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** The key that clients must give. */
  readonly apiKey?: string | undefined;
  /** llama-server's own options, which win over ours. */
  readonly extra: readonly string[];
  readonly cacheDirectory: string;
  readonly env: NodeJS.ProcessEnv;
}

/** What is to be started. */
export interface UpPlan {
  readonly args: readonly string[];
  readonly host: string;
  readonly port: number;
  readonly url: string;
  /** For people: a path or a name. */
  readonly model: string;
  readonly tiny: boolean;
  readonly threads: number | null;
  readonly apiKey: string | undefined;
  /** The command to type to start the same on another port. */
  readonly onPort: (port: number) => string;
}

/** Options by which llama-server itself is told a model, or where models are. */
const MODEL_OPTIONS = [
  '-m',
  '--model',
  '-mu',
  '--model-url',
  '-hf',
  '-hfr',
  '--hf-repo',
  '-dr',
  '--docker-repo',
  '--models-dir',
  '--models-preset',
];

/**
 * Decides how llama-server is started.
 * @throws LlamactlError (usage) where no model is named, or two are; (model.file-missing) where its file is not there
 */
export async function planUp(options: PlanOptions): Promise<UpPlan> {
  const extra = withoutKey(options.extra);
  const ownModel = optionValue(extra.args, MODEL_OPTIONS);
  if (options.tiny && options.model !== undefined) {
    throw usageError(`--tiny is the built-in model, and ${options.model} is another: give one of them`, [
      { text: 'One of:', commands: ['llamactl up --tiny', `llamactl up ${shellQuote(options.model)}`] },
    ]);
  }
  if (!options.tiny && options.model === undefined && ownModel === undefined) {
    throw usageError('which model should llama-server load? None was given', [
      { text: 'A file that you have:', commands: ['llamactl up ./model.gguf'] },
      {
        text: 'One of Hugging Face, which llama-server downloads:',
        commands: ['llamactl up hf:USER/REPO:Q4_K_M'],
      },
      { text: 'Or the built-in model of 2 MB, to see it work:', commands: ['llamactl up --tiny'] },
    ]);
  }

  const model = await modelOf(options, ownModel);
  const host = optionValue(extra.args, ['--host']) ?? options.host;
  const port = await portOf(optionValue(extra.args, ['--port']), options, host);
  const prefix = (optionValue(extra.args, ['--api-prefix']) ?? '').replace(/\/+$/, '');
  const scheme = optionValue(extra.args, ['--ssl-cert-file']) === undefined ? 'http' : 'https';
  const threads =
    has(extra.args, ['-t', '--threads']) || options.env['LLAMA_ARG_THREADS'] ? null : threadCount();

  const ours = [
    ...model.args,
    ...(options.tiny && !has(extra.args, ['-a', '--alias']) ? ['--alias', 'tiny'] : []),
    ...(has(extra.args, ['--host']) ? [] : ['--host', host]),
    ...(has(extra.args, ['--port']) ? [] : ['--port', String(port)]),
    ...(threads === null ? [] : ['--threads', String(threads)]),
    ...(has(extra.args, ['--metrics', '--no-metrics']) ? [] : ['--metrics']),
  ];
  return {
    args: [...ours, ...extra.args],
    host,
    port,
    url: `${scheme}://${urlHost(host)}:${port}${prefix}`,
    model: model.name,
    tiny: options.tiny,
    threads,
    apiKey: extra.key ?? options.apiKey,
    onPort: (other) => commandOnPort(options, extra.args, other),
  };
}

async function modelOf(
  { tiny, model, cacheDirectory }: PlanOptions,
  ownModel: string | undefined,
): Promise<{ readonly args: readonly string[]; readonly name: string }> {
  if (tiny) return { args: ['-m', await ensureTinyModel(cacheDirectory)], name: 'tiny' };
  if (model === undefined) return { args: [], name: ownModel ?? '' };
  return readModelArgument(model, join(cacheDirectory, 'models'));
}

async function portOf(given: string | undefined, options: PlanOptions, host: string): Promise<number> {
  const port = given === undefined ? options.port : Number(given);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw usageError(`${given} is no port: it is a number from 1 to 65535`);
  }
  return port === 0 && given === undefined ? findFreePort(host) : port;
}

/** The command that was typed, without its secrets, with this port in its place. */
function commandOnPort({ tiny, model, host }: PlanOptions, extra: readonly string[], port: number): string {
  const portAt = extra.indexOf('--port');
  const rest = portAt < 0 ? extra : [...extra.slice(0, portAt), ...extra.slice(portAt + 2)];
  const words = [
    'llamactl',
    'up',
    ...(tiny ? ['--tiny'] : []),
    ...(model === undefined ? [] : [model]),
    ...(host === '127.0.0.1' ? [] : ['--host', host]),
    '--port',
    String(port),
    ...(rest.length === 0 ? [] : ['--', ...rest]),
  ];
  return words.map(shellQuote).join(' ');
}

/** A key among the options is taken out: it is handed over by the environment, which others cannot read. */
function withoutKey(args: readonly string[]): { readonly args: readonly string[]; readonly key?: string } {
  const at = args.indexOf('--api-key');
  const key = at < 0 ? undefined : args[at + 1];
  if (key === undefined) return { args };
  return { args: [...args.slice(0, at), ...args.slice(at + 2)], key };
}

function has(args: readonly string[], names: readonly string[]): boolean {
  return args.some((word) => names.includes(word));
}

/** What follows an option; of several the last, as llama-server takes it. */
function optionValue(args: readonly string[], names: readonly string[]): string | undefined {
  const at = args.findLastIndex((word) => names.includes(word));
  return at < 0 ? undefined : args[at + 1];
}
