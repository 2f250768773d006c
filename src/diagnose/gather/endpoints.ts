import type { LlamaCppClient } from '../../client/llama-client.js';
import { LlamactlError } from '../../errors/llamactl-error.js';
import type { EndpointFacts } from '../facts.js';

/**
 * Which endpoints are on of those that `/props` does not tell of: asked without an input, so that the server refuses before its
 * model has anything to do.
 * @param call asked before each question, since the time that is left shrinks with each
 * @throws LlamactlError where it does not answer at all
 */
export async function askEndpoints(
  client: LlamaCppClient,
  call: () => { readonly signal: AbortSignal; readonly timeout: number },
): Promise<EndpointFacts> {
  const [embeddings, rerank] = await Promise.all([
    isOn(client, '/v1/embeddings', call()),
    isOn(client, '/v1/rerank', call()),
  ]);
  return { embeddings, rerank };
}

/** 501 is an endpoint that is off, 400 one that misses its input; builds without the route say 404. */
async function isOn(
  client: LlamaCppClient,
  path: string,
  { signal, timeout }: { readonly signal: AbortSignal; readonly timeout: number },
): Promise<boolean | null> {
  try {
    await client.request({ method: 'POST', path, body: {}, signal, timeoutMs: timeout });
    return true;
  } catch (error) {
    if (!(error instanceof LlamactlError)) throw error;
    const { status } = error.details;
    if (status === 501 || error.code === 'feature.disabled') return false;
    if (status === 400) return true;
    if (typeof status !== 'number') throw error;
    return null;
  }
}
