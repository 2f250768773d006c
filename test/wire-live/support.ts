import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LlamaCppClient } from '../../src/client/llama-client.js';
import type {
  ChatEvent,
  ChatOptions,
  ClientOptions,
  ExchangeRecord,
  Message,
  RecoveryStep,
  Tool,
} from '../../src/client/types.js';
import { LlamactlError } from '../../src/errors/llamactl-error.js';
import { type Build, build } from '../support/real-server.js';

export const hello: Message[] = [{ role: 'user', content: 'Hello' }];

/** What the tiny model says at temperature 0. */
export const ANSWER = /^ ?The server is ready \. It loads one small model/;

/** Flags of a server whose answers end only when the client leaves: no end of turn, and room for minutes of tokens. */
export const ENDLESS = ['-c', '200000', '--override-kv', 'llama.context_length=int:1000000', '--ignore-eos'];

/**
 * Holds what differs between builds ("Builds differ" in the facts): each build its own value, strictly. Only a server that
 * the user brings (LLAMA_SERVER_BIN), whose build nobody knows, may answer as any of them.
 */
export function assertOnBuild<T>(actual: T, table: Readonly<Record<Build, T>>): void {
  if (process.env['LLAMA_SERVER_BIN'] && build === 'v0.6.0') {
    assert.ok(
      Object.values(table).some((expected) => JSON.stringify(expected) === JSON.stringify(actual)),
      `${JSON.stringify(actual)} is none of ${JSON.stringify(table)}`,
    );
  } else {
    assert.deepEqual(actual, table[build], `on ${build}`);
  }
}

export interface Connection {
  readonly client: LlamaCppClient;
  /** What recovery did, in order. */
  readonly steps: readonly RecoveryStep[];
  readonly exchanges: readonly ExchangeRecord[];
}

/** Makes clients that neither retry nor fall back unless told to; they end with the test. */
export function useClients(): (baseUrl: string, options?: ClientOptions) => Connection {
  const open: LlamaCppClient[] = [];
  afterEach(() => Promise.all(open.splice(0).map((client) => client.destroy())));
  return (baseUrl, options = {}) => {
    const client = new LlamaCppClient({
      baseUrl,
      timeout: 20_000,
      maxRetries: 0,
      fallback: false,
      ...options,
    });
    const steps: RecoveryStep[] = [];
    const exchanges: ExchangeRecord[] = [];
    client.on('recovery', (step) => steps.push(step));
    client.on('exchange', (exchange) => exchanges.push(exchange));
    open.push(client);
    return { client, steps, exchanges };
  };
}

/** The failure that a user would be told; a test fails where there is none. */
export async function failureOf(promise: Promise<unknown>): Promise<LlamactlError> {
  let result: unknown;
  try {
    result = await promise;
  } catch (error) {
    if (error instanceof LlamactlError) return error;
    throw error;
  }
  assert.fail(`it succeeded: ${JSON.stringify(result)?.slice(0, 300)}`);
}

export interface Heard {
  readonly events: readonly ChatEvent[];
  readonly content: string;
  readonly error: LlamactlError | null;
}

/** A streamed answer, read to its end or to what cut it. @param onEvent returns false to leave */
export async function hear(
  client: LlamaCppClient,
  messages: readonly Message[] = hello,
  options: ChatOptions & { readonly tools?: readonly Tool[] } = {},
  onEvent: (event: ChatEvent) => boolean | undefined = () => undefined,
): Promise<Heard> {
  const { tools = [], ...chat } = options;
  const events: ChatEvent[] = [];
  let error: LlamactlError | null = null;
  try {
    for await (const event of client.chatStream(messages, tools, { temperature: 0, ...chat })) {
      events.push(event);
      if (onEvent(event) === false) break;
    }
  } catch (thrown) {
    if (!(thrown instanceof LlamactlError)) throw thrown;
    error = thrown;
  }
  const content = events.map((event) => (event.type === 'content' ? event.text : '')).join('');
  return { events, content, error };
}

/** The content that an error says had arrived. */
export function partialOf(error: LlamactlError | null): string {
  return (error?.details['partial'] as { content: string } | undefined)?.content ?? '';
}

/** Looks every so often until something holds. @throws the message where it never does */
export async function until(
  what: string,
  holds: () => Promise<boolean> | boolean,
  { everyMs = 20 } = {},
): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await holds())) {
    if (Date.now() > deadline) assert.fail(`never came: ${what}`);
    await sleep(everyMs);
  }
}

/** The `data:` objects of a stream's text, `[DONE]` as that string. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into documents of every shape
export function framesOf(text: string): any[] {
  return text
    .split('\n\n')
    .filter((frame) => frame.startsWith('data: '))
    .map((frame) => frame.slice('data: '.length))
    .map((data) => (data === '[DONE]' ? data : JSON.parse(data)));
}

/** A folder for a suite, gone after it. */
export function useFolder(): { readonly path: string } {
  let path = '';
  before(() => {
    path = mkdtempSync(join(tmpdir(), 'llamactl-live-'));
  });
  after(() => rmSync(path, { recursive: true, force: true }));
  return {
    get path() {
      return path;
    },
  };
}

/**
 * A named pipe where the server expects a file: it waits there, in the middle of loading, for as long as nobody writes.
 * @returns the pipe's path
 */
export function createPipe(folder: string, name: string): string {
  const path = join(folder, name);
  execFileSync('mkfifo', [path]);
  return path;
}

/**
 * A request as clients send it that keep connections open, and what the server does with the connection.
 * @returns the answer's head in lower case; whether the server has closed by now
 */
export async function exchange(port: number, method: string, path: string, body?: object) {
  const text = body === undefined ? '' : JSON.stringify({ temperature: 0, max_tokens: 3, ...body });
  const socket = connectSocket(port, '127.0.0.1');
  let answer = '';
  let closed = false;
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    answer += chunk.toString('utf8');
  });
  socket.on('end', () => {
    closed = true;
  });
  const length = text === '' ? '' : `Content-Type: application/json\r\nContent-Length: ${text.length}\r\n`;
  socket.write(
    `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\n${length}\r\n${text}`,
  );
  await until('a whole answer', () => /\r\n0\r\n\r\n$|content-length[\s\S]*[}\]]$/i.test(answer));
  return {
    head: answer.slice(0, answer.indexOf('\r\n\r\n')).toLowerCase(),
    closed: () => closed,
    end: () => socket.destroy(),
  };
}
