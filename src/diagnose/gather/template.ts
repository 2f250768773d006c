import type { LlamaCppClient } from '../../client/llama-client.js';
import { LlamactlError } from '../../errors/llamactl-error.js';
import { failureFact, type TemplateFacts } from '../facts.js';

/**
 * Has the server turn messages into a prompt: a plain one, which must work, and one under a system message, which some
 * templates refuse.
 * @throws LlamactlError where the plain message fails
 */
export async function tryTemplate(
  client: LlamaCppClient,
  call: { readonly signal: AbortSignal; readonly timeout: number; readonly retries: number },
): Promise<TemplateFacts> {
  const user = { role: 'user', content: 'Hello' } as const;
  const prompt = await client.applyTemplate([user], [], call);
  try {
    await client.applyTemplate([{ role: 'system', content: 'Be brief.' }, user], [], call);
    return { promptLength: prompt.length, systemRole: null };
  } catch (error) {
    if (!(error instanceof LlamactlError) || error.type !== 'INVALID_REQUEST') throw error;
    return { promptLength: prompt.length, systemRole: failureFact(error) };
  }
}
