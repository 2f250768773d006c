import * as z from 'zod';
import { identifyServer, PROGRAM_OF } from '../../catalogue/identify-server.js';
import { json } from '../../client/endpoints/endpoint.js';
import type { LlamaCppClient } from '../../client/llama-client.js';
import { kindOf } from '../../client/providers/kinds.js';
import type { ProviderType } from '../../client/providers/provider.js';
import type { ModelInfo } from '../../client/types.js';
import { askWindow, chosenModel } from '../../services/window.js';
import { isPublicHost } from '../../wire/hosts.js';
import { type Facts, knownValue, notAsked } from '../facts.js';
import { ask } from './ask.js';
import { askDeep } from './deep.js';
import { generate } from './generation.js';
import { identifyStranger, type OpenClient } from './identity.js';
import type { Questions } from './questions.js';

/** What a server of another kind than llama.cpp's is asked with. */
export interface OtherKindOptions {
  readonly client: LlamaCppClient;
  readonly open: OpenClient;
  readonly baseUrl: string;
  readonly provider: ProviderType;
  readonly configured: Facts['configured'];
  readonly questions: Questions;
}

/** What is asked of such a server before it is asked for work. */
export type OtherKindFacts = Pick<
  Facts,
  'program' | 'health' | 'props' | 'path' | 'models' | 'access' | 'keyless' | 'window'
>;

const versionSchema = z.looseObject({ version: z.string() });
const listSchema = z.looseObject({ data: z.array(z.unknown()) });
const keySchema = z.looseObject({ data: z.looseObject({ limit_remaining: z.number().nullish() }) });

/** Where each kind says that it is there, at no cost; another program's answer is a failure. */
function tellingCall(provider: ProviderType) {
  const isOllama = provider === 'ollama';
  return {
    method: 'GET',
    path: isOllama ? '/api/version' : '/v1/models',
    read: (body: string) => {
      if (isOllama) return { body, version: json(versionSchema)(body).version };
      json(listSchema)(body);
      return { body, version: null };
    },
    quick: true,
  } as const;
}

/** Asks an Ollama, OpenRouter or another server of OpenAI's API what it is, whether it takes the key, and what it has. */
export async function gatherOtherKind(options: OtherKindOptions): Promise<OtherKindFacts> {
  const { client, provider, questions } = options;
  const want: Questions['want'] = (name, question) => questions.want(name, question);
  const call = () => questions.quick();
  const [told, models, access] = await Promise.all([
    questions.awaiting('health', () => askIdentity(options)),
    want('models', () => kindOf(provider).discover(client, call())),
    provider === 'openrouter'
      ? want('access', async () => {
          const read = json(keySchema);
          const { data } = await client.call({ method: 'GET', path: '/v1/key', read, quick: true }, call());
          return { limitRemaining: data.limit_remaining ?? null };
        })
      : notAsked(provider === 'ollama' ? 'Ollama has no key of its own' : 'its list of models tells'),
  ]);
  const { health, program } = told;
  const reached = health.state === 'known' || models.state === 'known';
  const [path, keyless, window] = await Promise.all([
    reached ? here(options.baseUrl) : findElsewhere(options, health),
    options.configured.keyGiven && provider === 'openai-compatible'
      ? want('keyless', () => askWithoutKey(options))
      : notAsked(provider === 'openai-compatible' ? 'no key is given' : 'it would tell nothing'),
    want('window', () =>
      askWindow(client, provider, chosenModel(knownValue(models) ?? [], options.configured.model), call()),
    ),
  ]);
  return {
    program,
    health,
    path,
    models,
    access,
    keyless,
    window: knownValue(models) === null ? notAsked('the models are not known') : window,
    props: notAsked('only a llama-server has /props'),
  };
}

/**
 * What keeps such a server from being asked for an answer: it is not there, has no model, would have to load one, or is far away
 * and may charge for it.
 * @returns null where nothing does
 */
export function obstacleOfOther(
  facts: Pick<Facts, 'health' | 'models' | 'configured'> & { readonly baseUrl: string },
  model: ModelInfo | null,
  { wake, deep }: { readonly wake: boolean; readonly deep: boolean },
): string | null {
  const { health, models, configured, baseUrl } = facts;
  if (health.state !== 'known') return 'the server does not answer as it should';
  if (models.state === 'failed')
    return models.error.type === 'AUTHENTICATION_ERROR' ? 'needs a key' : 'the models are not known';
  if (model === null) return 'there is no such model';
  if (model.status !== 'ready' && model.status !== 'unknown' && !wake)
    return 'the model is not in memory: asking would load it (--wake does)';
  const isFar =
    configured.provider === 'openrouter' ||
    (!baseUrl.startsWith('unix:') && isPublicHost(new URL(baseUrl).hostname));
  return isFar && !deep ? 'it is a remote server, which may charge for an answer (--deep asks it)' : null;
}

/** Tokens that such a server is asked for: some of those behind OpenRouter take no fewer. */
const FEW_TOKENS = 16;

export interface OtherWorkOptions {
  readonly model: string;
  /** Why it is asked for nothing; null where it is. */
  readonly reason: string | null;
  readonly deep: boolean;
  readonly questions: Questions;
}

/** A short answer, and a tool call with `deep`; what only a llama-server tells is not asked. */
export async function askOtherForWork(
  client: LlamaCppClient,
  { model, reason, deep, questions }: OtherWorkOptions,
): Promise<
  Pick<Facts, 'generation' | 'deep' | 'slots' | 'otherSlots' | 'metrics' | 'template' | 'endpoints' | 'moved'>
> {
  const { signal } = questions;
  const only = notAsked('only a llama-server tells it');
  const generation =
    reason === null
      ? await questions.want('generation', () =>
          generate(client, { signal, timeout: questions.left(), model, tokens: FEW_TOKENS }),
        )
      : notAsked(reason);
  const work = { signal, timeLeft: () => questions.left(), contextSize: null, model };
  const toolCall = !deep
    ? notAsked('--deep asks it')
    : reason === null && questions.wants('deep')
      ? (await questions.awaiting('deep', () => askDeep(client, work))).toolCall
      : notAsked(reason ?? 'no check wants it');
  return {
    generation,
    deep: { toolCall, overflow: only },
    slots: only,
    otherSlots: only,
    metrics: only,
    template: only,
    endpoints: only,
    moved: only,
  };
}

async function askIdentity(options: OtherKindOptions): Promise<Pick<Facts, 'health' | 'program'>> {
  const { client, open, baseUrl, provider, questions } = options;
  const call = () => questions.quick();
  const meant = PROGRAM_OF[provider];
  const answer = await ask(() => client.call(tellingCall(provider), call()));
  if (answer.state !== 'known') {
    const { durationMs } = answer.state === 'failed' ? answer : { durationMs: 0 };
    const isRefused = answer.state === 'failed' && answer.error.type === 'AUTHENTICATION_ERROR';
    if (!isRefused) return { program: meant, health: answer };
    const value = { status: 'unauthorized', kind: meant, build: null, responseTimeMs: durationMs } as const;
    return { program: meant, health: { state: 'known', value, durationMs } };
  }
  const { durationMs } = answer;
  const { body, version } = answer.value;
  const told = provider === 'ollama' ? meant : identifyServer({ status: 200, headers: {}, body });
  // OpenAI's list alone does not tell who made it.
  const stranger =
    told === 'unknown' && meant === 'unknown' ? await identifyStranger(open, baseUrl, call()) : told;
  const kind = stranger === 'proxy' || stranger === 'unknown' ? meant : stranger;
  const value = { status: 'ready', kind, build: version, responseTimeMs: durationMs } as const;
  return { program: kind, health: { state: 'known', value, durationMs } };
}

function here(url: string): Facts['path'] {
  return { state: 'known', value: { url, stranger: null }, durationMs: 0 };
}

/** Who answers in its place, and whether it is there above the path that is given. */
async function findElsewhere(
  { open, baseUrl, provider, questions }: OtherKindOptions,
  health: Facts['health'],
): Promise<Facts['path']> {
  const isAnswer = health.state === 'failed' && /^connection\.wrong-|^request\./.test(health.error.code);
  if (!isAnswer || baseUrl.startsWith('unix:')) return notAsked('nothing answers as it should');
  const call = () => questions.quick();
  return questions.want('path', async () => {
    const { origin, pathname } = new URL(baseUrl);
    const candidate =
      provider === 'openrouter' ? `${origin}/api` : pathname === '/' || pathname === '' ? null : origin;
    const [stranger, isThere] = await Promise.all([
      identifyStranger(open, baseUrl, call()),
      candidate === null || candidate === baseUrl ? false : answers(open, candidate, provider, call()),
    ]);
    return { url: isThere ? candidate : null, stranger };
  });
}

async function answers(
  open: OpenClient,
  baseUrl: string,
  provider: ProviderType,
  options: ReturnType<Questions['quick']>,
): Promise<boolean> {
  const client = open({ baseUrl });
  try {
    return (await ask(() => client.call(tellingCall(provider), options))).state === 'known';
  } finally {
    await client.destroy();
  }
}

async function askWithoutKey({ open, questions }: OtherKindOptions): Promise<{ accepted: boolean }> {
  const client = open({ withoutKey: true });
  try {
    const { signal, timeout: timeoutMs } = questions.quick();
    const answer = await ask(() => client.request({ method: 'GET', path: '/v1/models', signal, timeoutMs }));
    return { accepted: answer.state === 'known' };
  } finally {
    await client.destroy();
  }
}
