import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import * as z from 'zod';
import { usageError } from '../../errors/llamactl-error.js';
import type { ServerRow, WatchEvent } from './track.js';
import type { Tick } from './watch.js';

const nullableNumber = z.number().nullable().default(null);

const slotRowSchema = z.object({
  id: z.number(),
  phase: z.enum(['idle', 'prompt', 'generating']),
  contextTokens: z.number(),
  contextSize: z.number(),
  generatedTokens: z.number(),
  tokensPerSecond: nullableNumber,
});

/** A line's server, as this version or an older one wrote it: what is not there is not known. */
const serverRowSchema = z.object({
  target: z.string(),
  url: z.string().default(''),
  model: z.string().nullable().default(null),
  router: z.boolean().default(false),
  state: z.enum([
    'ready',
    'busy',
    'loading',
    'asleep',
    'unreachable',
    'unauthorized',
    'wrong-server',
    'unresponsive',
    'unloaded',
    'failed',
    'downloading',
    'unknown',
  ]),
  stateMs: z.number().default(0),
  loading: nullableNumber,
  error: z.object({ code: z.string(), message: z.string() }).nullable().default(null),
  slots: z.object({ total: z.number().nullable(), busy: z.number().nullable() }),
  slotList: z.array(slotRowSchema).nullable().default(null),
  deferred: nullableNumber,
  deferredMs: z.number().default(0),
  promptTokensPerSecond: nullableNumber,
  generationTokensPerSecond: nullableNumber,
  intervalMs: z.number().default(0),
  totals: z.object({
    promptTokens: nullableNumber,
    generatedTokens: nullableNumber,
    cachedTokens: nullableNumber,
  }),
  cacheReuse: nullableNumber,
  draftAcceptance: nullableNumber,
  responseTimeMs: nullableNumber,
  uptimeMs: nullableNumber,
  uptimeIsMinimum: z.boolean().default(false),
  restarts: z.number().default(0),
  modelName: z.string().nullable().default(null),
  build: z.string().nullable().default(null),
  source: z.enum(['metrics', 'slots', 'health']).default('health'),
  missing: z.array(z.enum(['--metrics', '--slots'])).default([]),
  restingMs: nullableNumber,
}) satisfies z.ZodType<ServerRow>;

const eventSchema = z.object({
  time: z.string(),
  target: z.string(),
  level: z.enum(['good', 'info', 'warning', 'bad']),
  text: z.string(),
}) satisfies z.ZodType<WatchEvent>;

const tickSchema = z.object({
  time: z.iso.datetime(),
  servers: z.array(serverRowSchema),
  events: z.array(eventSchema).default([]),
}) satisfies z.ZodType<Tick>;

interface IndexedLine {
  readonly offset: number;
  readonly length: number;
}

/** Lines of `metrics watch` in a file; they are read when they are wanted, so that a day of sixty servers fits. */
export class WatchRecord {
  readonly #file: number;
  readonly #lines: readonly IndexedLine[];
  /** What happened, with the number of its line. */
  readonly events: readonly { readonly line: number; readonly event: WatchEvent }[];
  readonly #read = new Map<number, Tick>();

  private constructor(
    file: number,
    lines: readonly IndexedLine[],
    events: readonly { readonly line: number; readonly event: WatchEvent }[],
  ) {
    this.#file = file;
    this.#lines = lines;
    this.events = events;
  }

  /** @throws LlamactlError (usage) where the file cannot be read, or holds anything else */
  static async open(path: string): Promise<WatchRecord> {
    const lines: IndexedLine[] = [];
    const events: { line: number; event: WatchEvent }[] = [];
    let offset = 0;
    let number = 0;
    let cut: number | null = null;
    try {
      for await (const bytes of linesOf(path)) {
        number++;
        const { length } = bytes;
        const line = bytes.toString('utf8');
        if (line.trim() !== '') {
          if (cut !== null) throw wrongLine(path, cut);
          const tick = parseTick(line);
          // The last line of a recording that was cut off is no reason to lose the others.
          if (tick === null) cut = number;
          else {
            for (const event of tick.events) events.push({ line: lines.length, event });
            lines.push({ offset, length });
          }
        }
        offset += length + 1;
      }
    } catch (error) {
      if (error instanceof Error && 'code' in error && typeof error.code === 'string' && 'syscall' in error)
        throw usageError(`${path} cannot be read: ${error.message}`);
      throw error;
    }
    if (lines.length === 0) {
      throw cut === null ? usageError(`${path} is empty: nothing was recorded`) : wrongLine(path, cut);
    }
    return new WatchRecord(openSync(path, 'r'), lines, events);
  }

  /** How many lines there are: at least one. */
  get length(): number {
    return this.#lines.length;
  }

  /** One line. @param index from 0; what is beyond an end is the end's */
  at(index: number): Tick {
    const place = Math.max(0, Math.min(this.#lines.length - 1, index));
    const known = this.#read.get(place);
    if (known !== undefined) return known;
    const { offset, length } = this.#lines[place] ?? { offset: 0, length: 0 };
    const buffer = Buffer.alloc(length);
    readSync(this.#file, buffer, 0, length, offset);
    const tick = parseTick(buffer.toString('utf8'));
    if (tick === null) throw usageError('the recording was changed while it was read');
    const oldest = this.#read.keys().next();
    if (this.#read.size >= KEPT && !oldest.done) this.#read.delete(oldest.value);
    this.#read.set(place, tick);
    return tick;
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** The lines of a file as bytes, without their ends. */
async function* linesOf(path: string): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0);
  for await (const chunk of createReadStream(path)) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    let from = 0;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10, from)) {
      yield rest.subarray(from, end);
      from = end + 1;
    }
    rest = rest.subarray(from);
  }
  if (rest.length > 0) yield rest;
}

/** Lines that are kept once they are read: some more than a screen looks back. */
const KEPT = 1000;

function parseTick(line: string): Tick | null {
  try {
    const parsed = tickSchema.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

function wrongLine(path: string, line: number) {
  return usageError(`${path}:${line} is no line of a recording`, [
    {
      text: 'Recordings are written so:',
      commands: [
        'llamactl metrics watch --record incident.ndjson',
        'llamactl metrics watch --json > incident.ndjson',
      ],
    },
  ]);
}
