import { usageError } from '../errors/llamactl-error.js';
import { parseBaseUrl, withoutUserInformation } from '../wire/base-url.js';
import type { ClientOptions } from './types.js';

export const DEFAULT_BASE_URL = 'http://localhost:8080';

/** The servers that the options name, normalised, each once. @throws LlamactlError (usage) */
export function baseUrlsOf({ baseUrl, baseUrls }: ClientOptions): string[] {
  if (baseUrl !== undefined && baseUrls !== undefined)
    throw usageError('baseUrl and baseUrls exclude each other: one names a server, the other several');
  const given = baseUrls ?? [baseUrl ?? DEFAULT_BASE_URL];
  if (given.length === 0) throw usageError('baseUrls is empty: name a server');
  const normal = given.map((url) => {
    const parsed = parseBaseUrl(url);
    if (parsed.ok) return parsed.baseUrl;
    throw usageError(
      `${JSON.stringify(withoutUserInformation(url))} cannot be a server's URL: ${parsed.reason}`,
      [
        {
          text: 'Give the address that llama-server prints, for example:',
          commands: ['http://localhost:8080'],
        },
      ],
    );
  });
  return [...new Set(normal)];
}
