import { createInterface } from 'node:readline/promises';
import type { ChatResult, Message } from '../client/types.js';
import { LlamactlError } from '../errors/llamactl-error.js';
import type { Output } from './output.js';

export interface ConversationOptions {
  readonly system: readonly Message[];
  /** Asks and prints; the signal ends the answer. */
  readonly turn: (messages: readonly Message[], signal: AbortSignal) => Promise<ChatResult>;
  /** Prints a failure; the conversation goes on. */
  readonly fail: (error: unknown) => Promise<void>;
  readonly output: Output;
  readonly url: string;
}

const HELP = [
  '/clear  forget the conversation',
  '/exit   leave (Ctrl-D too)',
  '/help   this',
  'Ctrl-C  stop the answer; at the prompt, leave',
].join('\n');

/** Several turns on a terminal, with line editing and history, until /exit, Ctrl-D or Ctrl-C at the prompt. */
export async function converse(options: ConversationOptions): Promise<void> {
  const { output } = options;
  const terminal = createInterface({
    input: process.stdin,
    output: process.stderr,
    historySize: 200,
    removeHistoryDuplicates: true,
  });
  let answering: AbortController | undefined;
  const leave = new AbortController();
  // In raw mode Ctrl-C is a key, not a signal: it reaches readline.
  terminal.on('SIGINT', () => (answering === undefined ? leave.abort() : answering.abort()));
  terminal.on('close', () => leave.abort());
  output.note(`${options.url} · /help for commands, /exit to leave`);
  let messages: Message[] = [...options.system];
  try {
    while (!leave.signal.aborted) {
      const line = (await terminal.question('> ', { signal: leave.signal })).trim();
      if (line === '/exit' || line === '/quit') break;
      if (line === '/clear') {
        messages = [...options.system];
        output.note('The conversation is forgotten.');
      } else if (line.startsWith('/')) {
        output.note(HELP);
      } else if (line !== '') {
        answering = new AbortController();
        messages = await answer(options, [...messages, { role: 'user', content: line }], answering.signal);
        answering = undefined;
      }
    }
  } catch (error) {
    if (!leave.signal.aborted) throw error;
    output.note('');
  } finally {
    terminal.close();
  }
}

/** One turn. @returns the history to go on from: without the question where it got no answer, with what came of a cut one */
async function answer(
  options: ConversationOptions,
  messages: Message[],
  signal: AbortSignal,
): Promise<Message[]> {
  try {
    const result = await options.turn(messages, signal);
    return [...messages, { role: 'assistant', content: result.content }];
  } catch (error) {
    const isStop = error instanceof LlamactlError && error.type === 'INTERRUPTED';
    if (isStop) options.output.note('(stopped)');
    else await options.fail(error);
    return messages.slice(0, -1);
  }
}
