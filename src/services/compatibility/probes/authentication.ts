import type { LlamaCppClient } from '../../../client/llama-client.js';
import type { ProviderType } from '../../../client/providers/provider.js';
import { LlamactlError } from '../../../errors/llamactl-error.js';
import { askRaw, callOptions } from '../ask.js';
import type { Bench, Probe, Verdict } from '../feature.js';

const WRONG_KEY = 'llamactl-wrong-key';

/** What needs a key wherever one is needed, and costs nothing. The list of models is public in many programs. */
const PROOFS: Readonly<Partial<Record<ProviderType, string>>> = {
  'llama-cpp': '/props',
  openrouter: '/v1/key',
  ollama: '/api/tags',
};

export const authentication: Probe = {
  feature: 'authentication',
  asks: 'server',
  chats: false,
  measure: async (bench) => {
    const without = await isTaken(bench, bench.open({ withoutKey: true }));
    return judgeKeys(without, await isTaken(bench, bench.open({ key: WRONG_KEY })));
  },
};

/** @param without, wrong whether the server answered without a key, and with a wrong one */
export function judgeKeys(without: boolean, wrong: boolean): Verdict {
  if (without)
    return wrong
      ? { result: 'no', evidence: 'no key is needed, and a wrong one is taken' }
      : { result: 'partly', evidence: 'no key is needed, and a wrong one is refused' };
  return wrong
    ? { result: 'partly', evidence: 'some key is needed, and a wrong one is taken' }
    : { result: 'yes', evidence: 'refused without a key, and with a wrong one' };
}

async function isTaken(bench: Bench, client: LlamaCppClient): Promise<boolean> {
  const path = bench.props === null ? PROOFS[bench.provider] : PROOFS['llama-cpp'];
  try {
    if (path === undefined) await askRaw(bench, {}, client);
    else await client.call({ method: 'GET', path, read: () => null, quick: true }, callOptions(bench));
    return true;
  } catch (error) {
    if (error instanceof LlamactlError && error.type === 'AUTHENTICATION_ERROR') return false;
    throw error;
  } finally {
    await client.destroy();
  }
}
