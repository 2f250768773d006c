import * as z from 'zod';
import { json } from '../../../client/endpoints/endpoint.js';
import { showSchema } from '../../../client/providers/ollama.js';
import type { Props } from '../../../wire/props.js';
import { askRaw, callOptions, PROMPT } from '../ask.js';
import type { Bench, Probe, Verdict } from '../feature.js';

/** 32 × 32 pixels of one red. */
const IMAGE =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAACAAAAAgAQMAAABJtOi3AAAABlBMVEXIHh4AAAA3yixZAAAADElEQVR42mNgGNwAAACgAAGO+7G0AAAAAElFTkSuQmCC';

const listSchema = z.looseObject({
  data: z.array(
    z.looseObject({
      id: z.string(),
      architecture: z.looseObject({ input_modalities: z.array(z.string()).nullish() }).nullish(),
    }),
  ),
});

export const multimodal: Probe = {
  feature: 'multimodal',
  asks: 'model',
  chats: true,
  measure: async (bench, seen) => {
    const told = toldByProps(bench.props) ?? (await toldByList(bench));
    if (told !== null && told.kinds.length === 0)
      return { result: 'no', evidence: `${told.source} tells of no input but text` };
    const answer = await askRaw(bench, {
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: PROMPT },
            { type: 'image_url', image_url: { url: IMAGE } },
          ],
        },
      ],
    });
    return judgeImage(answer.usage?.prompt_tokens ?? null, seen.promptTokens, told?.kinds ?? []);
  },
};

/**
 * Programs there are that take an image for a model that sees nothing (Ollama), so that taking it alone proves little.
 * @param withImage, without tokens of the same prompt; null where they are not known
 * @param kinds what the server says that the model takes beside text; empty where it says nothing
 */
export function judgeImage(
  withImage: number | null,
  without: number | null,
  kinds: readonly string[],
): Verdict {
  if (withImage !== null && without !== null && withImage <= without)
    return {
      result: 'no',
      evidence: `an image is left out without a word (${withImage} prompt tokens with it)`,
    };
  return kinds.length === 0
    ? { result: 'partly', evidence: 'an image is taken; whether the model sees it, nothing tells' }
    : { result: 'yes', evidence: `an image is taken; told of: ${kinds.join(', ')}` };
}

interface Told {
  readonly source: string;
  /** `image`, `audio` …, without text. */
  readonly kinds: readonly string[];
}

function toldByProps(props: Props | null): Told | null {
  const modalities = props?.modalities;
  if (!modalities) return null;
  const kinds = Object.keys(modalities).filter((name) => modalities[name] === true);
  return { source: '/props', kinds: kinds.map((name) => (name === 'vision' ? 'image' : name)) };
}

async function toldByList(bench: Bench): Promise<Told | null> {
  const { client, model, provider } = bench;
  if (model === undefined) return null;
  if (provider === 'ollama') return toldByOllama(bench, model);
  const { data } = await client.call(
    { method: 'GET', path: '/v1/models', read: json(listSchema), quick: true },
    callOptions(bench),
  );
  const kinds = data.find(({ id }) => id === model)?.architecture?.input_modalities;
  return kinds ? { source: 'the model list', kinds: kinds.filter((kind) => kind !== 'text') } : null;
}

/** Its list has OpenAI's fields alone, and a model that sees nothing takes an image without a word. */
async function toldByOllama(bench: Bench, model: string): Promise<Told | null> {
  const { capabilities } = await bench.client.call(
    { method: 'POST', path: '/api/show', body: { model }, read: json(showSchema), quick: true },
    callOptions(bench),
  );
  if (!capabilities) return null;
  return { source: '/api/show', kinds: capabilities.includes('vision') ? ['image'] : [] };
}
