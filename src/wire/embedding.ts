import * as z from 'zod';

const vectorSchema = z.union([z.array(z.number()), z.array(z.array(z.number())), z.string()]);

/** `POST /embedding` and `/embeddings`: a list, one vector (or one a token, without pooling) for each input. */
export const embeddingListSchema = z.array(z.looseObject({ index: z.number(), embedding: vectorSchema }));

/** `POST /v1/embeddings`: OpenAI's shape; a string with `encoding_format: "base64"`. */
export const openAiEmbeddingSchema = z.looseObject({
  data: z.array(z.looseObject({ index: z.number(), embedding: vectorSchema })),
  model: z.string().nullish(),
});

/** Either shape. */
export const embeddingSchema = z.union([embeddingListSchema, openAiEmbeddingSchema]);
export type EmbeddingAnswer = z.infer<typeof embeddingSchema>;

/** The vectors of an answer, in the order of the inputs; without pooling an input's tokens follow one another. */
export function embeddingVectors(answer: EmbeddingAnswer): number[][] {
  const rows = Array.isArray(answer) ? answer : answer.data;
  return [...rows].sort((a, b) => a.index - b.index).flatMap(({ embedding }) => vectorsOf(embedding));
}

function vectorsOf(embedding: z.infer<typeof vectorSchema>): number[][] {
  if (typeof embedding === 'string') return [decodeBase64(embedding)];
  const [first] = embedding;
  if (first === undefined || typeof first === 'number')
    return [embedding.filter((x) => typeof x === 'number')];
  return embedding.filter((x) => Array.isArray(x));
}

/** Base64 of little-endian 32-bit floats. */
function decodeBase64(text: string): number[] {
  const bytes = Buffer.from(text, 'base64');
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, i) => bytes.readFloatLE(i * 4));
}
