import { readFileSync } from 'node:fs';
import { type CannedServer, cannedServer, type Route } from './canned-server.js';

const FOLDER = new URL('../fixtures/providers/', import.meta.url);

export type ProviderFixture = 'ollama' | 'openrouter' | 'vllm' | 'lm-studio' | 'llama-swap';

interface Fixture {
  readonly source: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly routes: Readonly<Record<string, { readonly status?: number; readonly body?: unknown }>>;
}

/** A server that answers as another program's documentation says; each fixture names its sources. */
export function providerFixture(
  name: ProviderFixture,
  changes: Readonly<Record<string, Route>> = {},
): Promise<CannedServer> {
  const { routes, headers = {} } = readFixture(name);
  const chat = `POST ${name === 'openrouter' ? '/api' : ''}/v1/chat/completions`;
  return cannedServer({ ...routes, [chat]: streamHello, ...changes }, headers);
}

export function readFixture(name: ProviderFixture): Fixture {
  return JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8')) as Fixture;
}

/** OpenAI's chunks, without llama-server's `timings`. */
const streamHello: Route = (_request, response, body) => {
  const { model } = JSON.parse(body) as { readonly model: string };
  const chunk = (delta: object, finish: string | null = null) =>
    `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model, choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const text of ['Hel', 'lo', '!']) response.write(chunk({ content: text }));
  response.end(`${chunk({}, 'stop')}data: [DONE]\n\n`);
};
