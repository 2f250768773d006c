/** One sample of a Prometheus text exposition. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What llama-server's `/metrics` tells, in our names; null where the build has no such metric. */
export interface ServerMetrics {
  /** Counters since the start; they move only when a request ends (facts: "Metrics"). */
  readonly promptTokens: number | null;
  readonly promptTokensCached: number | null;
  readonly promptSeconds: number | null;
  readonly generatedTokens: number | null;
  readonly generatedSeconds: number | null;
  readonly decodeCalls: number | null;
  readonly largestSequence: number | null;
  readonly busySlotsPerDecode: number | null;
  readonly requestsProcessing: number | null;
  readonly requestsDeferred: number | null;
  /** Speculative decoding: tokens drafted, and those of them that the model took. */
  readonly draftedTokens: number | null;
  readonly acceptedTokens: number | null;
}

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})?[ \t]+(\S+)(?:[ \t]+-?\d+)?[ \t]*$/s;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g;
const PREFIX = 'llamacpp:';

/**
 * Reads a Prometheus text exposition (format 0.0.4).
 * @returns null where the text is none: a line is neither a comment nor a sample
 */
export function parseExposition(text: string): Sample[] | null {
  const samples: Sample[] = [];
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const match = LINE.exec(line);
    const value = match?.[3] === undefined ? null : parseNumber(match[3]);
    if (match?.[1] === undefined || value === null) return null;
    const labels: Record<string, string> = {};
    for (const [, name = '', escaped = ''] of (match[2] ?? '').matchAll(LABEL))
      labels[name] = unescapeLabel(escaped);
    samples.push({ name: match[1], labels, value });
  }
  return samples;
}

/**
 * The metrics of a llama-server.
 * @returns null where the text is no exposition, or holds nothing of llama-server's
 */
export function parseServerMetrics(text: string): ServerMetrics | null {
  const samples = parseExposition(text);
  if (samples === null || !samples.some((sample) => sample.name.startsWith(PREFIX))) return null;
  const read = (name: string) => samples.find((sample) => sample.name === `${PREFIX}${name}`)?.value ?? null;
  return {
    promptTokens: read('prompt_tokens_total'),
    promptTokensCached: read('prompt_tokens_cached_total'),
    promptSeconds: read('prompt_seconds_total'),
    generatedTokens: read('tokens_predicted_total'),
    generatedSeconds: read('tokens_predicted_seconds_total'),
    decodeCalls: read('n_decode_total'),
    largestSequence: read('n_tokens_max'),
    busySlotsPerDecode: read('n_busy_slots_per_decode'),
    requestsProcessing: read('requests_processing'),
    requestsDeferred: read('requests_deferred'),
    draftedTokens: read('spec_decode_num_draft_tokens_total'),
    acceptedTokens: read('spec_decode_num_accepted_tokens_total'),
  };
}

function parseNumber(text: string): number | null {
  if (/^[+-]?inf$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  if (/^nan$/i.test(text)) return Number.NaN;
  const value = Number(text);
  return Number.isNaN(value) ? null : value;
}

function unescapeLabel(text: string): string {
  return text.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character));
}
