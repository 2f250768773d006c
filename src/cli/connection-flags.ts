import * as Flags from '@oclif/core/flags';
import type { ProviderType } from '../client/providers/provider.js';
import { usageError } from '../errors/llamactl-error.js';

/** A flag's value as a duration in milliseconds: `30s`, `500ms`, `2m`. */
export const durationFlag = Flags.custom<number>({
  helpValue: 'DURATION',
  parse: async (text) => {
    const { parseDuration } = await import('../config/duration.js');
    return parseDuration(text);
  },
});

/** Other names of `--target`. */
export const TARGET_ALIASES = ['provider'];

/** Where the server is and how to speak to it: the same in every command that talks to one. */
export const connectionFlags = {
  url: Flags.string({
    description: 'address of the server, e.g. http://localhost:8080 (env LLAMACTL_URL)',
    helpValue: 'URL',
    helpGroup: 'CONNECTION',
  }),
  target: Flags.string({
    aliases: TARGET_ALIASES,
    description: 'target of the configuration (env LLAMACTL_TARGET)',
    helpValue: 'NAME',
    helpGroup: 'CONNECTION',
  }),
  kind: Flags.option({
    options: ['llama-cpp', 'ollama', 'openrouter', 'openai-compatible'] as const,
    description: 'what answers there: llama-cpp (default), ollama, openrouter or openai-compatible',
    helpValue: 'KIND',
    helpGroup: 'CONNECTION',
  })(),
  'api-key': Flags.string({
    description: 'API key; better given by env LLAMACTL_API_KEY',
    helpValue: 'KEY',
    helpGroup: 'CONNECTION',
  }),
  model: Flags.string({
    char: 'm',
    description: 'model to ask for, where the server has several (env LLAMACTL_MODEL)',
    helpValue: 'NAME',
    helpGroup: 'CONNECTION',
  }),
  timeout: durationFlag({
    description: 'deadline for an answer, and for the first token of a stream (env LLAMACTL_TIMEOUT)',
    helpGroup: 'CONNECTION',
  }),
  retries: Flags.integer({
    description: 'further tries after a failure; 0 also fails at once while a model loads',
    helpValue: 'N',
    min: 0,
    max: 10,
    helpGroup: 'CONNECTION',
  }),
  'no-fallback': Flags.boolean({
    description: 'never answer in another way than asked (other target or model, shorter history, no stream)',
    helpGroup: 'CONNECTION',
  }),
  config: Flags.string({
    description: 'configuration file (env LLAMACTL_CONFIG)',
    helpValue: 'FILE',
    helpGroup: 'CONNECTION',
  }),
  'no-cache': Flags.boolean({
    description: 'ask the server for what is already known of it',
    helpGroup: 'CONNECTION',
  }),
  'ca-cert': Flags.string({
    description: 'PEM file of a certificate authority to trust',
    helpValue: 'FILE',
    helpGroup: 'CONNECTION',
  }),
  insecure: Flags.boolean({ description: 'accept any certificate', helpGroup: 'CONNECTION' }),
  verbose: Flags.boolean({
    char: 'v',
    description: 'show each HTTP exchange on stderr, secrets masked',
    helpGroup: 'CONNECTION',
  }),
};

/** For commands that look at several servers at once. */
export const fleetFlags = {
  ...connectionFlags,
  url: Flags.string({
    description:
      'address of a server, or of many: @FILE, dns+srv://NAME, k8s://NAMESPACE/SERVICE; several may be given (env LLAMACTL_URL)',
    helpValue: 'URL',
    helpGroup: 'CONNECTION',
    multiple: true,
    multipleNonGreedy: true,
  }),
  target: Flags.string({
    aliases: TARGET_ALIASES,
    description:
      'target of the configuration; several may be given, `all` is each of them (env LLAMACTL_TARGET)',
    helpValue: 'NAME',
    helpGroup: 'CONNECTION',
    multiple: true,
    multipleNonGreedy: true,
  }),
};

/** What a command's parsed connection flags hold. */
export interface ConnectionFlags {
  readonly url?: string | readonly string[] | undefined;
  readonly target?: string | readonly string[] | undefined;
  readonly kind?: ProviderType | undefined;
  readonly 'api-key'?: string | undefined;
  readonly model?: string | undefined;
  readonly timeout?: number | undefined;
  readonly retries?: number | undefined;
  readonly 'no-fallback': boolean;
  readonly config?: string | undefined;
  readonly 'no-cache': boolean;
  readonly 'ca-cert'?: string | undefined;
  readonly insecure: boolean;
  readonly verbose: boolean;
}

/** A flag that may stand once or several times, as a list. */
export function listOf(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}

/** @throws LlamactlError (usage) where flags exclude each other */
export function checkConnectionFlags(flags: ConnectionFlags): void {
  if (flags.kind !== undefined && listOf(flags.target).length > 0)
    throw usageError(
      '--kind tells what answers at a --url: a target has its `provider` in the configuration',
    );
  if (flags['ca-cert'] !== undefined && flags.insecure) {
    throw usageError(
      '--ca-cert and --insecure exclude each other: one trusts a certificate authority, the other trusts anything',
    );
  }
}

/**
 * The words of a command line with each target said once: `--provider` is another name of `--target`, and both may stand there.
 * @throws LlamactlError (usage) where they name different ones
 */
export function withoutTwice(argv: readonly string[]): string[] {
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length;
  const places = (flag: string) =>
    argv.slice(0, end).flatMap((word, at) => {
      if (word === flag) return [{ at, words: 2, value: argv[at + 1] ?? '' }];
      return word.startsWith(`${flag}=`) ? [{ at, words: 1, value: word.slice(flag.length + 1) }] : [];
    });
  const [targets, providers] = [places('--target'), places('--provider')];
  if (targets.length === 0 || providers.length === 0) return [...argv];
  const names = (list: typeof targets) => list.map(({ value }) => value).join(', ');
  if (names(targets) !== names(providers))
    throw usageError(
      `--target ${names(targets)} and --provider ${names(providers)} name different servers: they are one flag, give it once`,
    );
  return argv.filter((_, index) => !providers.some(({ at, words }) => index >= at && index < at + words));
}
