import { openAiModels } from './openai-models.js';
import type { ProviderKind } from './provider.js';

/** openrouter.ai: its model list is public, so `/v1/key` is what proves a key. */
export const openRouter: ProviderKind = {
  type: 'openrouter',
  title: 'OpenRouter',
  defaultUrl: 'https://openrouter.ai/api',
  // Naming the program is optional, and makes what people ask public in rankings: who wants it sets `headers`.
  headers: {},
  hint: 'Check the API key and the connection to the internet.',
  discover: async (client, options) => {
    await client.call({ method: 'GET', path: '/v1/key', read: JSON.parse, quick: true }, options);
    return openAiModels(client, options);
  },
  // Hundreds, of very different prices.
  choose: (models) => (models.length === 1 ? models[0]?.id : undefined),
  contextSize: async (_client, model) => model.contextPerSlot ?? model.contextTrained,
};
