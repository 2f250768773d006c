import type { ProviderType } from '../client/providers/provider.js';
import type { ChatOptions, ChatResult, Message, Tool } from '../client/types.js';
import { askProviders, ignoredModelNote, knownContextSize, samplingOptions } from '../services/chat.js';
import { ChatPrinter } from './chat-printer.js';
import { connectProviders, type Providers, type ProvidersFlags } from './connect-providers.js';
import type { ConnectContext } from './open-client.js';

/** The JSON document of `chat`: an answer, and whose it is. */
export interface ChatDocument extends ChatResult {
  /** The target's name; null for a bare URL. */
  readonly target: string | null;
  readonly provider: ProviderType;
  /** Null where the target has several servers. */
  readonly url: string | null;
}

export interface TurnOptions {
  readonly flags: ProvidersFlags & { readonly 'no-stream': boolean; readonly stats: boolean };
  readonly context: ConnectContext;
  /** Whether people look at stderr: progress and a model's reasoning are shown only then. */
  readonly interactive: boolean;
  readonly tools: readonly Tool[];
  /** What the command line says of the answer. It wins over the target's own sampling. */
  readonly chat: ChatOptions;
}

export interface Turns extends Providers {
  /** Asks once, and prints the answer as it comes. @throws LlamactlError */
  readonly turn: (messages: readonly Message[], signal: AbortSignal) => Promise<ChatDocument>;
}

/** The turns of a chat, each answered by the first provider that can. @throws LlamactlError (usage, configuration) */
export async function chatTurns(options: TurnOptions): Promise<Turns> {
  const { flags, context, interactive, tools, chat } = options;
  const { output } = context;
  const stream = !flags['no-stream'];
  const awaited = stream ? 'the first token' : 'the answer';
  const printer = new ChatPrinter(output, interactive);
  const providers = await connectProviders(flags, context, {
    reasoningShown: interactive,
    whileAsked: async (work) => {
      printer.endLine();
      const { lendTerminal } = await import('./line-reader.js');
      return lendTerminal(work).finally(() => printer.begin(awaited));
    },
    onSwitch: (sentence) => {
      printer.endLine();
      output.note(`… ${sentence}`);
    },
  });
  const turn = async (messages: readonly Message[], signal: AbortSignal): Promise<ChatDocument> => {
    printer.begin(awaited);
    const answer = await askProviders(providers.chain, messages, {
      optionsOf: ({ target }) => ({
        tools,
        chat: { ...samplingOptions(target.sampling), ...chat, signal },
        stream,
        onEvent: printer.onEvent,
      }),
      reasoningShown: interactive,
      signal,
    }).finally(() => printer.endLine());
    const { result, member } = answer;
    const { client, target } = member;
    await printer.finish(result);
    const ignored = await ignoredModelNote(client, target.model, result);
    if (ignored !== null) output.note(`! ${ignored}`);
    if (flags.stats) await printer.stats(answer, await knownContextSize(client, target.provider));
    const { name, provider, baseUrl, baseUrls } = target;
    return { ...result, target: name, provider, url: baseUrls === undefined ? baseUrl : null };
  };
  return { ...providers, turn };
}
