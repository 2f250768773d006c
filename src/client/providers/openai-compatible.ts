import { firstForChat } from './choose.js';
import { contextBehindSwap, openAiModels } from './openai-models.js';
import type { ProviderKind } from './provider.js';

/** Any other server of OpenAI's API: vLLM, LM Studio, LocalAI, llama-swap, a gateway. */
export const openAiCompatible: ProviderKind = {
  type: 'openai-compatible',
  title: 'OpenAI-compatible',
  defaultUrl: null,
  headers: {},
  hint: 'Check its baseUrl (without /v1) and that the server runs.',
  discover: openAiModels,
  choose: firstForChat,
  contextSize: async (client, model, options) => {
    const told = model.contextPerSlot ?? model.contextTrained;
    // llama-swap tells none in its list, and what it has started can be asked through it.
    return told ?? (model.status === 'ready' ? contextBehindSwap(client, model, options) : null);
  },
};
