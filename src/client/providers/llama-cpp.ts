import { firstForChat } from './choose.js';
import type { ProviderKind } from './provider.js';

/** llama-server: `/health` also tells a model that still loads, `/props` what one slot holds. */
export const llamaCpp: ProviderKind = {
  type: 'llama-cpp',
  title: 'llama.cpp',
  defaultUrl: 'http://localhost:8080',
  headers: {},
  hint: 'Ensure that llama-server runs there (llamactl up starts one).',
  discover: async (client, options) => {
    await client.health(options);
    return (await client.listModels(options)).models;
  },
  choose: firstForChat,
  contextSize: async (client) => {
    await client.refreshContextSize();
    // The client keeps it by itself, with where it is from.
    return null;
  },
};
