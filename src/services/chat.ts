import type { LlamaCppClient } from '../client/llama-client.js';
import { whyNot } from '../client/providers/fall-back.js';
import type { ProviderType } from '../client/providers/provider.js';
import type { ProviderChain } from '../client/providers/provider-chain.js';
import { recoveryStep } from '../client/recoverer.js';
import type { ChatEvent, ChatOptions, ChatResult, Message, RecoveryStep, Tool } from '../client/types.js';
import type { Sampling } from '../config/schema.js';
import { LlamactlError, usageError } from '../errors/llamactl-error.js';
import { isObject, readJsonFile } from './json-file.js';

export interface AskOptions {
  readonly tools: readonly Tool[];
  readonly chat: ChatOptions;
  readonly stream: boolean;
  readonly onEvent: (event: ChatEvent) => void;
}

/** An answer, and how long its first token took (null where it was not streamed). */
export interface Answer {
  readonly result: ChatResult;
  readonly firstTokenMs: number | null;
}

/**
 * Asks once, streamed or not; the events are the same.
 * @throws LlamactlError with `details.partial` where an answer was cut
 */
export async function ask(
  client: LlamaCppClient,
  messages: readonly Message[],
  options: AskOptions,
): Promise<Answer> {
  const { tools, chat, stream, onEvent } = options;
  if (!stream) {
    const result = await client.chat(messages, tools, chat);
    if (result.reasoning !== '') onEvent({ type: 'reasoning', text: result.reasoning });
    if (result.content !== '') onEvent({ type: 'content', text: result.content });
    onEvent({ type: 'finish', result });
    return { result, firstTokenMs: null };
  }
  const started = performance.now();
  let firstTokenMs: number | null = null;
  for await (const event of client.chatStream(messages, tools, chat)) {
    if (event.type === 'content' || event.type === 'reasoning' || event.type === 'tool-call-delta')
      firstTokenMs ??= performance.now() - started;
    onEvent(event);
    if (event.type === 'finish') return { result: event.result, firstTokenMs };
  }
  throw new LlamactlError({
    type: 'INTERNAL_ERROR',
    code: 'internal',
    message: 'the stream ended without a result',
  });
}

/** An answer, and who gave it. */
export interface ProviderAnswer<Member> extends Answer {
  readonly member: Member;
}

export interface ProvidersOptions<Member> {
  /** How one of them is asked. */
  readonly optionsOf: (member: Member) => AskOptions;
  /** Whether what a model thinks is seen as it comes. */
  readonly reasoningShown: boolean;
  readonly signal: AbortSignal;
}

/**
 * Asks the first provider that can answer. What was done on the way, by the providers before too, is in `recovery`.
 * @throws LlamactlError as {@link ask} and {@link ProviderChain.use} do
 */
export async function askProviders<
  Member extends { readonly client: LlamaCppClient; readonly label: string },
>(
  chain: ProviderChain<Member>,
  messages: readonly Message[],
  { optionsOf, reasoningShown, signal }: ProvidersOptions<Member>,
): Promise<ProviderAnswer<Member>> {
  const steps = new Map<string, RecoveryStep[]>();
  const answering = await chain.use(async (member, begins) => {
    const own: RecoveryStep[] = [];
    steps.set(member.label, own);
    const options = optionsOf(member);
    const onEvent = (event: ChatEvent) => {
      if (isSeen(event, reasoningShown)) begins();
      options.onEvent(event);
    };
    const stop = member.client.on('recovery', (step) => own.push(step));
    return ask(member.client, messages, { ...options, onEvent }).finally(stop);
  }, signal);
  const { failures, name, member } = answering;
  const before = failures.flatMap(({ name: failed, error }, index) => {
    const next = failures[index + 1]?.name ?? name;
    const message = `${whyNot(failed, error)}. Asking ${next}.`;
    return [...(steps.get(failed) ?? []), recoveryStep(error, 'use-other-provider', message)];
  });
  const { result, firstTokenMs } = answering.result;
  return { member, firstTokenMs, result: { ...result, recovery: [...before, ...result.recovery] } };
}

function isSeen({ type }: ChatEvent, reasoningShown: boolean): boolean {
  return type === 'content' || type === 'tool-call-delta' || (type === 'reasoning' && reasoningShown);
}

/**
 * What an answer left unsaid: that a single-model server ignored the name it was asked for (facts: "Errors").
 * @returns the sentence; null where the model is the one that was asked for
 */
export async function ignoredModelNote(
  client: LlamaCppClient,
  asked: string | undefined,
  { model: answered, recovery }: ChatResult,
): Promise<string | null> {
  if (asked === undefined || answered === '' || answered === asked) return null;
  // Then it was asked for another, and the user has been told.
  if (recovery.some(({ action }) => action === 'use-first-available-model')) return null;
  try {
    const models = await client.models({ retries: 0 });
    const known = models.some(({ id, aliases }) => id === asked || aliases.includes(asked));
    if (known) return null;
  } catch (error) {
    if (!(error instanceof LlamactlError)) throw error;
  }
  return `The server has no model "${asked}" and ignored the name: "${answered}" answered.`;
}

/** Tokens that a request may hold, for the statistics; null where the server does not tell. */
export async function knownContextSize(
  client: LlamaCppClient,
  provider: ProviderType,
): Promise<number | null> {
  try {
    if (provider === 'llama-cpp') {
      const { tokens, source } = await client.refreshContextSize();
      return source === 'fallback' ? null : tokens;
    }
    const { kindOf } = await import('../client/providers/kinds.js');
    const kind = kindOf(provider);
    const asked = client.getCurrentModel();
    const model = (await kind.discover(client, { retries: 0 })).find(({ id }) => id === asked);
    return model === undefined ? null : await kind.contextSize(client, model, { retries: 0 });
  } catch (error) {
    if (error instanceof LlamactlError) return null;
    throw error;
  }
}

/** A target's sampling settings as request options. */
export function samplingOptions(sampling: Sampling): ChatOptions {
  return Object.fromEntries(Object.entries(sampling).filter(([, value]) => value !== undefined));
}

/**
 * Tools from a file: an array in OpenAI's form, or an object with `tools`.
 * @throws LlamactlError (usage) naming the file and the entry
 */
export function loadTools(path: string): Tool[] {
  const parsed = readJsonFile(path, '--tools');
  const list = isObject(parsed) && Array.isArray(parsed['tools']) ? parsed['tools'] : parsed;
  if (!Array.isArray(list) || list.length === 0)
    throw usageError(`--tools: ${path} holds no array of tools`, [TOOL_EXAMPLE]);
  return list.map((entry: unknown, index) => {
    const declared = isObject(entry) && isObject(entry['function']) ? entry['function'] : null;
    const name = declared?.['name'];
    if (declared === null || typeof name !== 'string' || !/^[\w-]{1,64}$/.test(name)) {
      throw usageError(
        `--tools: ${path}: entry ${index} is no function with a name of letters, digits, _ and -`,
        [TOOL_EXAMPLE],
      );
    }
    const { description, parameters } = declared;
    return {
      type: 'function',
      function: {
        name,
        ...(typeof description === 'string' ? { description } : {}),
        ...(isObject(parameters) ? { parameters } : {}),
      },
    };
  });
}

const TOOL_EXAMPLE = {
  text: 'A tool looks like this:',
  commands: ['[{"type":"function","function":{"name":"get_weather","parameters":{"type":"object"}}}]'],
};

/** @throws LlamactlError (usage) where the file holds no JSON Schema */
export function loadJsonSchema(path: string): Readonly<Record<string, unknown>> {
  const schema = readJsonFile(path, '--json-schema');
  if (!isObject(schema)) throw usageError(`--json-schema: ${path} holds no JSON Schema (an object)`);
  return schema;
}
