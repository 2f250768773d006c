import type { ChatResult } from '../../../client/types.js';
import { chatOptions, counted, HELLO } from '../ask.js';
import type { Bench, Probe, Seen, Verdict } from '../feature.js';

/** Tokens of the answer: enough to see a rhythm. */
const TOKENS = 24;
/** Milliseconds between pieces that came apart. */
const APART = 5;
/** Milliseconds of generation under which pieces may truly come together. */
const QUICK = 80;
/** Milliseconds after which an answer that was ready long ago must have been held back. */
const HELD_BACK = 1000;

/** A streamed answer as it came. */
export interface Rhythm {
  readonly pieces: number;
  /** Milliseconds from the question to the first piece, and from that to the last. */
  readonly firstMs: number;
  readonly spreadMs: number;
  /** Moments at which pieces came. */
  readonly bursts: number;
  /** Milliseconds that the server says it took; null where it does not say. */
  readonly server: ServerTime | null;
}

interface ServerTime {
  /** For the tokens alone, and for the prompt before them. */
  readonly generatedMs: number;
  readonly promptMs: number;
}

export const streaming: Probe = {
  feature: 'streaming',
  asks: 'model',
  chats: true,
  measure: async (bench, seen) => {
    const first = judgeRhythm(await listen(bench, seen));
    // A machine that was busy for a moment makes pieces come together too.
    return first.result === 'yes' ? first : judgeRhythm(await listen(bench, seen));
  },
};

async function listen(bench: Bench, seen: Seen): Promise<Rhythm> {
  const started = performance.now();
  const times: number[] = [];
  let result: ChatResult | null = null;
  for await (const event of bench.client.chatStream(HELLO, [], chatOptions(bench, TOKENS))) {
    if (event.type === 'finish') result = event.result;
    else if (event.type === 'content' || event.type === 'reasoning') times.push(performance.now());
  }
  seen.reasoning += result?.reasoning ?? '';
  seen.content += result?.content ?? '';
  return rhythmOf(started, times, result?.timings ?? null);
}

/** @param started, times milliseconds of one clock */
export function rhythmOf(started: number, times: readonly number[], server: ServerTime | null): Rhythm {
  const first = times[0] ?? started;
  return {
    pieces: times.length,
    firstMs: Math.round(first - started),
    spreadMs: Math.round((times.at(-1) ?? first) - first),
    bursts: times.filter((time, index) => index === 0 || time - (times[index - 1] ?? 0) > APART).length,
    server,
  };
}

/**
 * Whether an answer came as it was made. One piece is none; many at one moment are one held back, unless the server was so
 * quick that they may have been made in that moment.
 */
export function judgeRhythm({ pieces, firstMs, spreadMs, bursts, server }: Rhythm): Verdict {
  if (pieces === 0)
    return { result: 'partly', evidence: 'a stream that ended well, without a visible token' };
  if (pieces === 1)
    return { result: 'partly', evidence: `the whole answer in one piece after ${firstMs} ms` };
  // Without the server's own clock, a model that needed longer for its first token than this was hardly done in no time.
  const made = server?.generatedMs ?? firstMs;
  const isLate = server !== null && firstMs + spreadMs - server.promptMs - server.generatedMs > HELD_BACK;
  if (bursts <= 2 && (isLate || (made > QUICK && spreadMs < made / 4))) {
    return {
      result: 'partly',
      evidence: `${counted(pieces, 'piece')} at once after ${firstMs} ms: something on the way holds them back`,
    };
  }
  return { result: 'yes', evidence: `${counted(pieces, 'piece')} over ${spreadMs} ms` };
}
