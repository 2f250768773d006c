import assert from 'node:assert/strict';
import type { Classification, Failure } from '../../src/catalogue/classification.js';
import { classify } from '../../src/catalogue/classify.js';
import { ChatAccumulator, type PartialAnswer } from '../../src/client/chat-accumulator.js';
import { SseDecoder } from '../../src/client/sse.js';
import { DeadlineError } from '../../src/client/transport-error.js';
import type { CatalogueCode } from '../../src/errors/codes.js';
import type { LlamaCppErrorType } from '../../src/errors/error-type.js';
import { type ChatChunk, chatChunkSchema } from '../../src/wire/chat.js';
import { parseServerMetrics, type ServerMetrics } from '../../src/wire/metrics.js';
import { bodyText, type Exchange, isOllama } from '../support/fixtures.js';

/** What a recorded exchange must turn out to be: a row of {@link EXPECTED}. */
export interface Row extends Outcome {
  /** Builds that do otherwise. */
  readonly except?: Readonly<Record<string, Outcome>>;
}

/** By what was recorded: an answer of 2xx, another answer, or none. What is absent must not occur. */
export interface Outcome {
  readonly answers?: (body: string, build: string) => void;
  readonly fails?: Expected;
  readonly breaks?: Expected;
}

interface Expected {
  readonly type: LlamaCppErrorType;
  readonly code: CatalogueCode;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** The answer passes the schema, and says this. */
export function reads<T>(
  schema: { parse(value: unknown): T },
  meaning: (value: T, build: string) => void,
): Outcome {
  return { answers: (body, build) => meaning(schema.parse(JSON.parse(body)), build) };
}

/** A stream of chat chunks, each of which passes the schema; together they say this. */
export function streams(
  meaning: (answer: PartialAnswer, build: string, chunks: ChatChunk[]) => void,
): Outcome {
  return {
    answers: (body, build) => {
      const accumulator = new ChatAccumulator();
      const events = eventsOf(body);
      assert.equal(events.pop(), '[DONE]');
      const chunks = events.map((data) => chatChunkSchema.parse(JSON.parse(data)));
      for (const chunk of chunks) accumulator.add(chunk, () => {});
      meaning(accumulator.partial(), build, chunks);
    },
  };
}

/** The text of `/metrics`. */
export function measures(meaning: (metrics: ServerMetrics, build: string) => void): Outcome {
  return {
    answers: (body, build) => {
      const metrics = parseServerMetrics(body);
      assert.ok(metrics !== null, 'no metrics of a llama-server');
      meaning(metrics, build);
    },
  };
}

/** The server says no, and this is why. */
export function fails(
  type: LlamaCppErrorType,
  code: CatalogueCode,
  details?: Readonly<Record<string, unknown>>,
): Outcome {
  return { fails: { type, code, ...(details === undefined ? {} : { details }) } };
}

/** There is no answer at all, and this is why. */
export function breaks(type: LlamaCppErrorType, code: CatalogueCode): Outcome {
  return { breaks: { type, code } };
}

/** A JSON answer of an API that llamactl does not speak, so that no schema of ours stands for it. */
export const notSpoken: Outcome = { answers: (body) => assert.doesNotThrow(() => JSON.parse(body)) };

/** The `data:` of each event of a stream, none of them malformed. */
export function eventsOf(text: string): string[] {
  const events: string[] = [];
  const decoder = new SseDecoder({
    onEvent: ({ data }) => events.push(data),
    onMalformed: (reason, line) => assert.fail(`${reason}: ${line}`),
  });
  decoder.push(Buffer.from(text));
  decoder.end();
  return events;
}

/** Holds one recorded exchange against its row. */
export function hold(row: Row, exchange: Exchange, build: string): void {
  const { answers, fails: failure, breaks: breakage } = row.except?.[build] ?? row;
  const { response } = exchange;
  if (response === undefined) {
    assert.ok(breakage !== undefined, `no answer was recorded: ${JSON.stringify(exchange.error)}`);
    holdClassification(classify(failureOf(exchange)), breakage);
  } else if (response.status >= 200 && response.status < 300) {
    assert.ok(answers !== undefined, `an answer was recorded: ${bodyText(response.body).slice(0, 200)}`);
    answers(bodyText(response.body), build);
  } else {
    assert.ok(failure !== undefined, `a failure was recorded: ${bodyText(response.body).slice(0, 200)}`);
    const found = classify(failureOf(exchange));
    holdClassification(found, failure);
    assert.equal(found.details['status'], response.status);
    assert.equal(found.details['serverKind'] === 'llama.cpp', !isOllama(build), 'who answered');
    assert.match(
      found.evidence[0] ?? '',
      new RegExp(`^${exchange.request.method} \\S+ → ${response.status} "`),
    );
  }
}

function holdClassification(found: Classification, { type, code, details = {} }: Expected): void {
  assert.deepEqual({ type: found.type, code: found.code }, { type, code }, found.message);
  assert.notEqual(found.message, '');
  for (const [name, value] of Object.entries(details)) assert.deepEqual(found.details[name], value, name);
}

/** A recorded exchange as our HTTP layer would have seen it. */
function failureOf({ request, response, error }: Exchange): Failure {
  const facts = {
    url: `http://127.0.0.1:8080${request.path}`,
    method: request.method,
    path: request.path,
    sentKey: 'authorization' in request.headers || 'x-api-key' in request.headers,
    ...modelOf(request.body),
  };
  if (response !== undefined) {
    const { status, headers, body } = response;
    return { kind: 'response', ...facts, status, headers, body: bodyText(body) };
  }
  // The recorder had a deadline of its own, as our client has.
  if (error?.name === 'TimeoutError') {
    const passed = new DeadlineError(error.message);
    return { kind: 'exception', ...facts, error: passed, phase: 'response', timeoutMs: 3000 };
  }
  return { kind: 'exception', ...facts, error: exceptionOf(error), phase: 'response' };
}

/** A recorded exception of fetch's, with its cause inside. */
export function exceptionOf(
  recorded: { readonly message?: string; readonly code?: string; readonly cause?: string } | undefined,
): Error {
  const cause = Object.assign(new Error(recorded?.cause), { code: recorded?.code });
  return new TypeError(recorded?.message, { cause });
}

function modelOf(body: unknown): { model?: string } {
  return typeof body === 'object' && body !== null && 'model' in body && typeof body.model === 'string'
    ? { model: body.model }
    : {};
}
