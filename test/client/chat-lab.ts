import assert from 'node:assert/strict';
import { LlamaCppClient } from '../../src/client/llama-client.js';
import type {
  ChatEvent,
  ChatOptions,
  ChatResult,
  ClientOptions,
  Message,
  RecoveryStep,
  Tool,
} from '../../src/client/types.js';
import { LlamactlError } from '../../src/errors/llamactl-error.js';
import {
  type Canned,
  type CannedServer,
  cannedServer,
  LLAMA_HEADERS,
  type Route,
} from '../support/canned-server.js';

export const CHAT = 'POST /v1/chat/completions';
export const hello: Message[] = [{ role: 'user', content: 'Hello' }];

/** A client and, where a test serves one, a server of its own; both end with the test. */
export class ChatLab {
  server: CannedServer | undefined;
  /** What recovery did, as it was told. */
  steps: RecoveryStep[] = [];
  #client: LlamaCppClient | undefined;

  get client(): LlamaCppClient {
    assert.ok(this.#client !== undefined, 'no client was made');
    return this.#client;
  }

  connect(baseUrl: string, options: ClientOptions = {}): LlamaCppClient {
    this.#client = new LlamaCppClient({ baseUrl, timeout: 10_000, ...options });
    this.#client.on('recovery', (step) => this.steps.push(step));
    return this.#client;
  }

  /** Starts a server in the place of the one before, and a client of it. */
  async serve(routes: Readonly<Record<string, Route>>, options: ClientOptions = {}): Promise<LlamaCppClient> {
    await this.end();
    this.server = await cannedServer(routes, LLAMA_HEADERS);
    return this.connect(this.server.url, options);
  }

  /** The bodies of the chats that were asked. */
  chats() {
    const asked = this.server?.requests ?? [];
    return asked.filter(({ line }) => line === CHAT).map(({ body }) => JSON.parse(body));
  }

  async fails(asked: Promise<unknown>, code: string): Promise<LlamactlError> {
    const error = await asked.then(
      () => assert.fail('it was answered'),
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof LlamactlError, String(error));
    assert.equal(error.code, code, error.message);
    return error;
  }

  async streamed(
    messages: readonly Message[] = hello,
    tools: readonly Tool[] = [],
    options: ChatOptions = {},
  ): Promise<{ readonly events: ChatEvent[]; readonly result: ChatResult }> {
    const events: ChatEvent[] = [];
    for await (const event of this.client.chatStream(messages, tools, options)) events.push(event);
    const last = events.at(-1);
    assert.ok(last?.type === 'finish', JSON.stringify(last));
    return { events, result: last.result };
  }

  async end(): Promise<void> {
    await this.#client?.destroy();
    await this.server?.stop();
    this.server = undefined;
  }
}

/** One for each test of the suite that calls this. */
export function chatLab(): ChatLab {
  const lab = new ChatLab();
  beforeEach(() => {
    lab.steps = [];
  });
  afterEach(() => lab.end());
  return lab;
}

export const failed = (
  status: number,
  message: string,
  type = 'invalid_request_error',
  more = {},
): Canned => ({
  status,
  body: { error: { code: status, message, type, ...more } },
});

export const answered = (content: string): Canned => ({
  body: { model: 'tiny', choices: [{ finish_reason: 'stop', message: { role: 'assistant', content } }] },
});

/** A route by the body that is asked. */
export const byBody =
  (pick: (body: { model?: string; stream?: boolean }) => Canned | Route): Route =>
  async (request, response, text) => {
    const route = pick(JSON.parse(text));
    if (typeof route === 'function') return route(request, response, text);
    response.writeHead(route.status ?? 200, { 'content-type': 'application/json', ...LLAMA_HEADERS });
    response.end(JSON.stringify(route.body));
  };
