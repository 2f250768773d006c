import type { LlamaCppClient } from '../../client/llama-client.js';
import type { Tool } from '../../client/types.js';
import { LlamactlError } from '../../errors/llamactl-error.js';
import { type FailureFact, failureFact, type TemplateFacts } from '../facts.js';

const TOOL: Tool = {
  type: 'function',
  function: { name: 'get_time', description: 'The time.', parameters: { type: 'object', properties: {} } },
};

/**
 * Has the server turn messages into a prompt: a plain one, which must work, one under a system message, which some templates
 * refuse, and one with a tool where the user's application sends some.
 * @param call asked before each question, since the time that is left shrinks with each
 * @param tools how to ask: builds that do not tell their template's abilities refuse tools in a chat alone
 * @throws LlamactlError where the plain message fails
 */
export async function tryTemplate(
  client: LlamaCppClient,
  call: () => { readonly signal: AbortSignal; readonly timeout: number; readonly retries: number },
  tools: 'none' | 'template' | 'chat',
): Promise<TemplateFacts> {
  const user = { role: 'user', content: 'Hello' } as const;
  const prompt = await client.applyTemplate([user], [], call());
  const asks = {
    none: () => Promise.resolve(),
    template: () => client.applyTemplate([user], [TOOL], call()),
    chat: () => {
      const { timeout, signal } = call();
      return client.chat([user], [TOOL], { maxTokens: 1, timeout, signal });
    },
  };
  const [systemRole, refused] = await Promise.all([
    refusalOf(() => client.applyTemplate([{ role: 'system', content: 'Be brief.' }, user], [], call())),
    refusalOf(asks[tools]),
  ]);
  return { promptLength: prompt.length, systemRole, tools: refused };
}

/** Why the server refuses; null where it does not. @throws LlamactlError where it does not answer at all */
async function refusalOf(question: () => Promise<unknown>): Promise<FailureFact | null> {
  try {
    await question();
    return null;
  } catch (error) {
    const refused =
      error instanceof LlamactlError &&
      (error.type === 'INVALID_REQUEST' ||
        error.type === 'UNSUPPORTED_FEATURE' ||
        error.code === 'server.crashed');
    if (!refused) throw error;
    return failureFact(error);
  }
}
