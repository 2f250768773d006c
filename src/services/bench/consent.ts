import { shellQuote } from '../../catalogue/fill.js';
import type { ProviderType } from '../../client/providers/provider.js';
import { isPublicHost } from '../../wire/hosts.js';
import type { Bounds } from './load.js';

export interface ConsentFacts {
  /** How the server is called. */
  readonly label: string;
  readonly baseUrl: string;
  readonly provider: ProviderType;
  /** Whether the user named it, by a flag or the environment, and not only the configuration did. */
  readonly isNamed: boolean;
  readonly bounds: Bounds;
}

/**
 * Why a user is asked before a load; null where it needs no asking. A load keeps others from working, and at some servers it
 * costs money.
 */
export function whyAsk({ label, baseUrl, provider, isNamed, bounds }: ConsentFacts): string | null {
  const size = sizeOf(bounds);
  if (provider === 'openrouter') return `OpenRouter charges for each token, and this sends ${size}`;
  if (baseUrl.startsWith('unix:')) return null;
  const { hostname } = new URL(baseUrl);
  if (isPublicHost(hostname))
    return `${label} is on the internet, where others may use it or somebody pay for it, and this sends ${size}`;
  const isHere = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname) || hostname.endsWith('.localhost');
  if (isHere || isNamed) return null;
  return `${label} is only the configuration's default and not on this machine, so others may use it, and this sends ${size}`;
}

function sizeOf({ requests, durationMs }: Bounds): string {
  if (requests !== null) return `up to ${requests.toLocaleString('en-US')} requests`;
  return durationMs === null
    ? 'many requests'
    : `as many requests as it takes in ${Math.round(durationMs / 1000)} s`;
}

/** The command that agrees beforehand. @param argv as it was typed */
export function agreeingCommand(argv: readonly string[]): string {
  return ['llamactl bench', ...argv.map(shellQuote), '--yes'].join(' ');
}
