import * as z from 'zod';
import { json } from '../../../client/endpoints/endpoint.js';
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

/** @param withImage, without tokens of the same prompt; null where they are not known */
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
  const also = kinds.filter((kind) => kind !== 'image');
  return {
    result: 'yes',
    evidence: `an image is taken${also.length === 0 ? '' : `; told of as well: ${also.join(', ')}`}`,
  };
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
  // Ollama's list has OpenAI's fields alone.
  if (bench.provider === 'ollama' || bench.model === undefined) return null;
  const { data } = await bench.client.call(
    { method: 'GET', path: '/v1/models', read: json(listSchema), quick: true },
    callOptions(bench),
  );
  const kinds = data.find(({ id }) => id === bench.model)?.architecture?.input_modalities;
  return kinds ? { source: 'the model list', kinds: kinds.filter((kind) => kind !== 'text') } : null;
}
