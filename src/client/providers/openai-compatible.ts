import { firstForChat } from './choose.js';
import { openAiModels } from './openai-models.js';
import type { ProviderKind } from './provider.js';

/** Any other server of OpenAI's API: vLLM, LM Studio, LocalAI, a gateway. */
export const openAiCompatible: ProviderKind = {
  type: 'openai-compatible',
  title: 'OpenAI-compatible',
  defaultUrl: null,
  headers: {},
  hint: 'Check its baseUrl (without /v1) and that the server runs.',
  discover: openAiModels,
  choose: firstForChat,
  contextSize: async (_client, model) => model.contextPerSlot ?? model.contextTrained,
};
