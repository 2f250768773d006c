import type { Message } from './types.js';

/** Tokens left free for the answer where the caller set no limit: a quarter of the context, at most this many. */
const LARGEST_RESERVE = 1024;

/** Messages that stay or go together: a user's turn, or a tool call with its results. */
interface Unit {
  readonly indices: readonly number[];
  readonly removable: boolean;
}

export interface TruncateOptions {
  /** Tokens that one request may hold, answer included. */
  readonly contextSize: number;
  /** Tokens of the answer. */
  readonly maxTokens?: number | undefined;
  /** How many tokens messages are, as the server counts them (template and tokenizer). */
  readonly count: (messages: readonly Message[]) => Promise<number>;
}

export interface Truncated {
  readonly messages: readonly Message[];
  readonly removed: number;
  readonly tokens: number;
}

/**
 * Leaves out the oldest messages until the rest fits, never the system message, never the newest turn, and never a tool
 * call apart from its results. Counts with the server, a logarithmic number of times.
 * @returns null where even the shortest history is too long
 */
export async function truncateMessages(
  messages: readonly Message[],
  options: TruncateOptions,
): Promise<Truncated | null> {
  const { contextSize, count } = options;
  const reserve = Math.min(
    options.maxTokens ?? Math.floor(contextSize / 4),
    Math.floor(contextSize / 2),
    LARGEST_RESERVE,
  );
  const budget = contextSize - reserve;
  const units = unitsOf(messages);
  const removable = units.filter((unit) => unit.removable);
  const without = (n: number) => {
    const gone = new Set(removable.slice(0, n).flatMap((unit) => unit.indices));
    return messages.filter((_, index) => !gone.has(index));
  };
  const tried = new Map<number, number>();
  const tokensWithout = async (n: number) => {
    const known = tried.get(n);
    if (known !== undefined) return known;
    const tokens = await count(without(n));
    tried.set(n, tokens);
    return tokens;
  };
  let low = 1;
  let high = removable.length;
  if (high === 0 || (await tokensWithout(high)) > budget) return null;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((await tokensWithout(middle)) <= budget) high = middle;
    else low = middle + 1;
  }
  const kept = without(low);
  return { messages: kept, removed: messages.length - kept.length, tokens: await tokensWithout(low) };
}

function unitsOf(messages: readonly Message[]): Unit[] {
  const lastUser = messages.findLastIndex((message) => message.role === 'user');
  const units: { indices: number[]; removable: boolean }[] = [];
  messages.forEach((message, index) => {
    const previous = units.at(-1);
    const inTurn =
      message.role === 'tool' || // belongs to the call before it
      (message.role === 'assistant' && index < lastUser); // answers the user's message before it
    if (inTurn && previous?.removable) previous.indices.push(index);
    else units.push({ indices: [index], removable: message.role !== 'system' && index !== lastUser });
  });
  // The newest step of an agent's loop is what the model is to go on from.
  const last = units.at(-1);
  if (last !== undefined) last.removable = false;
  return units;
}
