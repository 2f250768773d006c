import type { Classification } from '../catalogue/classification.js';
import { type ErrorContext, errorOf, toError } from '../catalogue/to-error.js';
import { LlamactlError } from '../errors/llamactl-error.js';
import { chatChunkSchema } from '../wire/chat.js';
import { ChatAccumulator, type PartialAnswer } from './chat-accumulator.js';
import type { HttpTransport } from './http.js';
import type { Exchange, ResponseHead } from './http-types.js';
import { ProgressMeter } from './progress-meter.js';
import { SseDecoder } from './sse.js';
import { DeadlineError, TransportError } from './transport-error.js';
import type { ChatEvent, RecoveryStep } from './types.js';

export const CHAT_PATH = '/v1/chat/completions';
/** Events that do not parse and are passed over, each told, before the stream is given up. */
const MALFORMED_LIMIT = 5;
/** Milliseconds that the server has to close the connection after `[DONE]`. */
const CLOSING_TIME = 1000;
/** An error body is small; a web page of another server is cut here. */
const LARGEST_ERROR_BODY = 1024 * 1024;

export interface StreamRequest {
  readonly body: Readonly<Record<string, unknown>>;
  /** Milliseconds to the first token, prompt progress extending it. */
  readonly firstTokenMs: number;
  /** Milliseconds of silence after it. */
  readonly idleMs: number;
  readonly model: string;
  readonly signal?: AbortSignal | undefined;
  readonly context: ErrorContext;
}

/** A stream under way: what its reader can do to it. */
export interface StreamAttempt {
  /** @throws LlamactlError; `details.partial` holds what had arrived, `details.visible` whether a user saw some of it */
  readonly answer: Promise<ChatAccumulator>;
  abort(): void;
  pause(): void;
  resume(): void;
}

/**
 * Asks for a chat once, streamed: bytes → events → chunks → {@link ChatEvent}s. The answer is whole only with a
 * `finish_reason`, whatever the socket says (a server stopped in mid-answer closes it politely, facts: "Streaming").
 */
export function openChatStream(
  transport: HttpTransport,
  request: StreamRequest,
  emit: (event: ChatEvent) => void,
): StreamAttempt {
  const accumulator = new ChatAccumulator();
  const meter = new ProgressMeter();
  const facts = {
    url: transport.urlOf(CHAT_PATH),
    method: 'POST',
    path: CHAT_PATH,
    sentKey: transport.sendsKey,
    ...(request.model === '' ? {} : { model: request.model }),
  };
  let head: ResponseHead | undefined;
  let errorBody: Uint8Array[] | undefined;
  let errorLength = 0;
  let malformed = 0;
  let settled = false;
  let paused = false;
  let lastProgress = performance.now();
  let timer: NodeJS.Timeout | undefined;
  let exchange: Exchange | undefined;
  let resolve: (answer: ChatAccumulator) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const answer = new Promise<ChatAccumulator>((ok, fail) => {
    resolve = ok;
    reject = fail;
  });

  const settle = () => {
    if (settled) return false;
    settled = true;
    clearTimeout(timer);
    return true;
  };
  const succeed = () => {
    if (settle()) resolve(accumulator);
  };
  const fail = (error: Promise<LlamactlError> | LlamactlError, reason?: Error) => {
    if (!settle()) return;
    exchange?.abort(reason);
    Promise.resolve(error).then((made) => reject(withPartial(made, accumulator)), reject);
  };
  const failAs = (found: Classification) => fail(errorOf(found, request.context));
  const limit = () => (accumulator.hasVisible ? request.idleMs : request.firstTokenMs);

  const check = () => {
    const silent = performance.now() - lastProgress;
    // While the reader holds the stream up, silence is not the server's.
    if (!paused && silent >= limit()) {
      const phase = accumulator.hasVisible ? 'stream' : 'first-token';
      const error = new DeadlineError(`nothing but keep-alives for ${limit()} ms`);
      fail(
        toError({ kind: 'exception', ...facts, error, phase, timeoutMs: limit() }, request.context),
        error,
      );
      return;
    }
    timer = setTimeout(check, paused ? limit() : Math.max(1, limit() - silent));
  };
  /** The idle limit is often shorter than the first token's, for which the timer was set. */
  const onFirstToken = () => {
    clearTimeout(timer);
    timer = setTimeout(check, limit());
  };

  const onMalformed = (reason: string, text: string) => {
    malformed++;
    const step: RecoveryStep = {
      type: 'STREAMING_ERROR',
      code: 'stream.malformed',
      action: 'skip-malformed-event',
      message: `An event of the stream could not be read and was left out (${reason}).`,
      attempt: malformed,
    };
    emit({ type: 'recovery', step });
    if (malformed > MALFORMED_LIMIT || text === '') {
      failAs({
        type: 'STREAMING_ERROR',
        code: 'stream.malformed',
        message: `${malformed} events of the stream could not be read`,
        evidence: [`${reason}: ${JSON.stringify(text.slice(0, 200))}`],
        details: {},
      });
    }
  };

  const decoder = new SseDecoder({
    onMalformed,
    onEvent: ({ event, data }) => {
      if (settled) return;
      if (data === '[DONE]') {
        if (accumulator.finishReason === null)
          return fail(truncated('the stream ended without a finish reason'));
        if (accumulator.finishReason === 'error')
          return fail(truncated('the provider behind the server broke off'));
        setTimeout(() => exchange?.abort(), CLOSING_TIME).unref();
        succeed();
        return;
      }
      let parsed: unknown;
      try {
        parsed = JSON.parse(data);
      } catch (error) {
        return onMalformed(error instanceof Error ? error.message : String(error), data);
      }
      if (event === 'error' || (typeof parsed === 'object' && parsed !== null && 'error' in parsed)) {
        const body =
          typeof parsed === 'object' && parsed !== null && 'error' in parsed ? data : `{"error":${data}}`;
        return fail(toError({ kind: 'event', ...facts, body }, request.context));
      }
      const chunk = chatChunkSchema.safeParse(parsed);
      if (!chunk.success) return onMalformed(chunk.error.issues[0]?.message ?? 'not a chunk', data);
      const { hasVisible } = accumulator;
      accumulator.add(chunk.data, emit);
      if (!hasVisible && accumulator.hasVisible) onFirstToken();
    },
  });

  const truncated = (message: string) =>
    errorOf(
      {
        type: 'STREAMING_ERROR',
        code: 'stream.truncated',
        message: accumulator.hasVisible ? `the answer is cut: ${message}` : message,
        evidence: [
          `POST ${CHAT_PATH} → ${head?.status ?? 'no answer'}, then the end without "finish_reason"`,
        ],
        details: {},
      },
      request.context,
    );

  exchange = transport.stream(
    {
      method: 'POST',
      path: CHAT_PATH,
      body: request.body,
      signal: request.signal,
      timeoutMs: request.firstTokenMs,
    },
    {
      onHead: (received) => {
        head = received;
        lastProgress = performance.now();
        const type = received.headers['content-type'] ?? '';
        if (received.status !== 200 || !type.includes('text/event-stream')) errorBody = [];
      },
      onData: (chunk) => {
        if (settled) return;
        if (errorBody !== undefined) {
          errorLength += chunk.length;
          if (errorLength <= LARGEST_ERROR_BODY) errorBody.push(chunk);
          return;
        }
        if (meter.isProgress(chunk)) lastProgress = performance.now();
        decoder.push(chunk);
      },
      onEnd: () => {
        if (errorBody !== undefined && head !== undefined) {
          const body = Buffer.concat(errorBody).toString('utf8');
          return fail(toError({ kind: 'response', ...facts, ...head, body }, request.context));
        }
        decoder.end();
        if (accumulator.finishReason !== null) succeed();
        else fail(truncated('the server closed the stream'));
      },
      onError: (error) => {
        if (error instanceof TransportError) {
          if (accumulator.finishReason !== null) return succeed();
          const phase = error.phase === 'response' ? 'response' : error.phase;
          fail(
            toError(
              { kind: 'exception', ...facts, error: error.cause, phase, ...timeoutOf(error) },
              request.context,
            ),
          );
        } else {
          fail(error);
        }
      },
    },
  );
  timer = setTimeout(check, limit());

  return {
    answer,
    abort: () => {
      settle();
      exchange?.abort();
    },
    pause: () => {
      paused = true;
      exchange?.pause();
    },
    resume: () => {
      paused = false;
      lastProgress = performance.now();
      exchange?.resume();
    },
  };
}

function timeoutOf(error: TransportError): { timeoutMs?: number } {
  return error.timeoutMs === undefined ? {} : { timeoutMs: error.timeoutMs };
}

function withPartial(error: LlamactlError, accumulator: ChatAccumulator): LlamactlError {
  const partial: PartialAnswer = accumulator.partial();
  return new LlamactlError({
    type: error.type,
    code: error.code,
    message: error.message,
    evidence: error.evidence,
    remedies: error.remedies,
    exit: error.exit,
    cause: error.cause ?? error,
    details: { ...error.details, partial, visible: accumulator.hasVisible },
  });
}
