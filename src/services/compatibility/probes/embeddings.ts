import { json } from '../../../client/endpoints/endpoint.js';
import { embeddingSchema, embeddingVectors } from '../../../wire/embedding.js';
import { callOptions, counted, PROMPT } from '../ask.js';
import type { Probe } from '../feature.js';

export const embeddings: Probe = {
  feature: 'embeddings',
  asks: 'model',
  chats: false,
  measure: async (bench) => {
    const { client, model } = bench;
    const answer = await client.call(
      {
        method: 'POST',
        path: '/v1/embeddings',
        body: { input: PROMPT, ...(model === undefined ? {} : { model }) },
        read: json(embeddingSchema),
      },
      callOptions(bench),
    );
    const [vector = []] = embeddingVectors(answer);
    return vector.length === 0
      ? { result: 'no', evidence: 'an answer without numbers' }
      : { result: 'yes', evidence: `a vector of ${counted(vector.length, 'number')}` };
  },
};
