import { configuredModel } from '../../../client/model-info.js';
import { kindOf } from '../../../client/providers/kinds.js';
import { callOptions, counted } from '../ask.js';
import type { Probe, Verdict } from '../feature.js';

const NOT_TOLD: Verdict = {
  result: 'no',
  evidence: 'the server tells no context size; 4,096 tokens are assumed',
};

export const contextDetection: Probe = {
  feature: 'context-detection',
  asks: 'server',
  chats: false,
  measure: async (bench) => {
    const { provider, client, model, props } = bench;
    const slot = props?.default_generation_settings?.n_ctx;
    if (slot) return { result: 'yes', evidence: `${counted(slot, 'token')} a slot (/props)` };
    // Asked anew: Ollama tells what a model was loaded with only once it is loaded.
    const kind = kindOf(provider);
    const models = await kind.discover(client, callOptions(bench));
    const info = models.find(
      ({ id, aliases }) => id === model || (model !== undefined && aliases.includes(model)),
    );
    if (info?.contextPerSlot != null)
      return {
        result: 'yes',
        evidence: `${counted(info.contextPerSlot, 'token')} (the server's model list)`,
      };
    if (provider === 'llama-cpp') {
      return info?.status === 'unloaded'
        ? { result: 'untested', evidence: 'told once the model is loaded' }
        : NOT_TOLD;
    }
    const tokens = await kind.contextSize(client, info ?? configuredModel(model ?? ''), callOptions(bench));
    if (tokens === null) return NOT_TOLD;
    const why =
      provider !== 'ollama'
        ? 'is what the model was made for; what it gets, nothing tells'
        : info?.status === 'unloaded'
          ? 'by its model file or the usual; told once the model is loaded'
          : 'by its model file or the usual; this version does not tell';
    return { result: 'partly', evidence: `${counted(tokens, 'token')} ${why}` };
  },
};
