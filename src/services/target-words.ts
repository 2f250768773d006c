import { shellQuote } from '../catalogue/fill.js';
import type { ProviderType } from '../client/providers/provider.js';

/** What a server is named by on the command line, in advice that is copied: a name of nanocoder's may hold blanks. */
export function targetWords(
  target: { readonly name: string | null; readonly provider: ProviderType; readonly baseUrl: string },
  isOneOfSeveral = false,
): string {
  const { name, provider, baseUrl } = target;
  const url = `--url ${shellQuote(baseUrl)}`;
  if (name === null) return provider === 'llama-cpp' ? url : `${url} --kind ${provider}`;
  return isOneOfSeveral ? `--target ${shellQuote(name)} ${url}` : `--target ${shellQuote(name)}`;
}
