import { LlamaCppClient } from '../../src/client/llama-client.js';
import type { Feature, Measurement, OpenClient } from '../../src/services/compatibility/feature.js';
import {
  type MatrixOptions,
  type MatrixResult,
  type MatrixTarget,
  measureMatrix,
} from '../../src/services/compatibility/matrix.js';

/** Opens clients as a command does that measures: they ask once, and answer in no other way than asked. */
export function openTo(baseUrl: string, apiKey?: string): OpenClient {
  return ({ withoutKey, key = apiKey }) =>
    new LlamaCppClient({
      baseUrl,
      maxRetries: 0,
      fallback: false,
      ...(key === undefined || withoutKey ? {} : { apiKey: key }),
    });
}

/** Measures a server, which is a llama-server where nothing else is said. */
export function measure(
  url: string,
  { apiKey, ...target }: Partial<MatrixTarget> & { readonly apiKey?: string } = {},
  options: Partial<MatrixOptions> = {},
): Promise<MatrixResult> {
  return measureMatrix(
    {
      name: null,
      provider: 'llama-cpp',
      model: undefined,
      configured: [],
      isRemote: false,
      open: openTo(url, apiKey),
      ...target,
    },
    { signal: new AbortController().signal, deadlineMs: 60_000, wake: false, ...options },
  );
}

/** `yes`, `partly` … by feature. */
export function resultsOf(matrix: readonly Measurement[]): Record<Feature, string> {
  return Object.fromEntries(matrix.map(({ feature, result }) => [feature, result])) as Record<
    Feature,
    string
  >;
}

/** What was seen, by feature. */
export function evidenceOf(matrix: readonly Measurement[]): Record<Feature, string> {
  return Object.fromEntries(matrix.map(({ feature, evidence }) => [feature, evidence])) as Record<
    Feature,
    string
  >;
}
