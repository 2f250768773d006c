import type { LlamaCppClient } from '../../client/llama-client.js';
import { LlamactlError } from '../../errors/llamactl-error.js';
import { type GenerationFacts, knownValue, type MetricsFacts } from '../facts.js';
import { busyOr, crashOr } from './aftermath.js';
import { ask } from './ask.js';
import { type AskGenerationOptions, embedOne, generate, wasHeldBack } from './generation.js';

/** Tokens of the answer that confirms a first suspicion of buffering. */
const CONFIRMING_TOKENS = 32;

export interface AnswerOptions {
  readonly baseUrl: string;
  /** The counters before the question; null where there are none. */
  readonly before: MetricsFacts | null;
  /** Asked before each question, since the time that is left shrinks with each. */
  readonly options: () => AskGenerationOptions;
  readonly metrics: () => Promise<MetricsFacts>;
  readonly connect: () => Promise<unknown>;
}

/** A short answer of a llama-server, or what its failure means. @throws LlamactlError */
export async function askForAnswer(
  client: LlamaCppClient,
  { baseUrl, before, options, metrics, connect }: AnswerOptions,
): Promise<GenerationFacts> {
  try {
    const answer = await generate(client, options());
    // A machine that was busy for a moment makes pieces come together too.
    // One that comes seconds late needs no second look.
    if (!wasHeldBack(answer) || (answer.lagMs ?? 0) > 1000) return answer;
    // What has been seen stands, should the longer one not come in time.
    const longer = await ask(() => generate(client, { ...options(), tokens: CONFIRMING_TOKENS }));
    return knownValue(longer) ?? answer;
  } catch (error) {
    if (!(error instanceof LlamactlError)) throw error;
    if (error.code === 'feature.disabled') return embedOne(client, options());
    if (error.type === 'TIMEOUT_ERROR' && before !== null)
      throw await busyOr(error, before, baseUrl, metrics);
    if (error.code === 'connection.reset' || error.code === 'stream.truncated')
      throw await crashOr(error, baseUrl, connect);
    throw error;
  }
}
