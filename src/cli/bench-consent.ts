import { usageError } from '../errors/llamactl-error.js';
import { agreeingCommand, whyAsk } from '../services/bench/consent.js';
import type { Bounds } from '../services/bench/load.js';
import { confirm } from './confirm.js';
import type { Connection } from './connect.js';

export interface ConsentOptions {
  readonly flags: {
    readonly url?: string | undefined;
    readonly target?: string | undefined;
    readonly yes: boolean;
  };
  readonly bounds: Bounds;
  /** As it was typed. */
  readonly argv: readonly string[];
  readonly signal: AbortSignal;
}

/**
 * A load is no harmless question: where it may hurt others or cost money, somebody agrees first.
 * @throws LlamactlError (usage) where nobody does
 */
export async function agreeToLoad({ target, label }: Connection, options: ConsentOptions): Promise<void> {
  const { flags, bounds, argv, signal } = options;
  const { LLAMACTL_URL, LLAMACTL_TARGET } = process.env;
  const isNamed = [flags.url, flags.target, LLAMACTL_URL, LLAMACTL_TARGET].some((given) => Boolean(given));
  const { baseUrl, provider } = target;
  const why = whyAsk({ label, baseUrl, provider, isNamed, bounds });
  if (why === null) return;
  const agreed = await confirm(why, 'send it', { yes: flags.yes, agreeing: agreeingCommand(argv), signal });
  if (!agreed) throw usageError('nothing was sent');
}
