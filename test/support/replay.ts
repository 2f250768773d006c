import type { Canned, Route } from './canned-server.js';
import { type Exchange, recordings } from './fixtures.js';

/** Characters of a chat's body beyond which a recorded server had no room for it. */
const LONG = 4_000;

/**
 * The routes of a server that is played back from what a real one was recorded to answer: by method and path, and for chats
 * by what is asked (a stream, tools, an image, more than fits …).
 * @param names recordings, the first that has an exchange wins: `default`
 * @param labels of the exchange to take where a recording has several for a path: `{'GET /metrics': 'metrics-busy'}`
 */
export function replay(
  build: string,
  names: readonly string[],
  labels: Readonly<Record<string, string>> = {},
): Record<string, Route> {
  const exchanges = names.flatMap(
    (name) =>
      recordings().find((recording) => recording.build === build && recording.name === name)?.exchanges ?? [],
  );
  if (exchanges.length === 0) throw new Error(`nothing is recorded of ${build}: ${names.join(', ')}`);
  const routes: Record<string, Route> = {};
  for (const exchange of exchanges) {
    const line = lineOf(exchange);
    const wanted = labels[line];
    if (wanted !== undefined && exchange.label !== wanted) continue;
    routes[line] ??= routeOf(exchange);
  }
  const labelled = (label: string) => exchanges.find((exchange) => exchange.label === label);
  const chat = 'POST /v1/chat/completions';
  if (labelled('chat-stream') !== undefined && labels[chat] === undefined) {
    routes[chat] = (_request, response, body) => {
      const found = labelsOf(body).flatMap((label) => labelled(label) ?? [])[0];
      const { status = 500, headers = {}, body: text } = cannedOf(found as Exchange);
      response.writeHead(status, headers).end(text);
    };
  }
  const unknown = labelled('unknown-route');
  if (unknown !== undefined) routes['*'] = cannedOf(unknown);
  return routes;
}

/** What a chat is recorded as, the most particular first. */
function labelsOf(body: string): string[] {
  const isStream = /"stream"\s*:\s*true/.test(body);
  const kind = (label: string) => (isStream ? `${label}-stream` : label);
  if (body.includes('llamactl-no-such-model')) return [kind('chat-unknown-model'), kind('chat')];
  if (body.includes('"image_url"')) return ['chat-image'];
  if (/"tools"\s*:\s*\[\s*\{/.test(body))
    return isStream ? ['chat-tools-stream'] : ['chat-tools-text', 'chat-tools-required'];
  if (body.length > LONG) return [kind('chat-overflow')];
  if (body.includes('"json_schema"')) return ['chat-json-schema', kind('chat')];
  if (body.includes('"logprobs"')) return ['chat-logprobs', kind('chat')];
  // Ollama's second model, which answers the same with tools as without.
  if (!isStream && body.includes('"model":"tiny-tools')) return ['chat-tools-text', 'chat'];
  return [kind('chat')];
}

function lineOf({ request }: Exchange): string {
  return `${request.method} ${request.path.split('?', 1)[0]}`;
}

/** Where a server did not answer in time, nothing comes. */
function routeOf(exchange: Exchange): Route {
  return exchange.response === undefined ? () => {} : cannedOf(exchange);
}

function cannedOf({ label, response }: Exchange): Canned {
  if (response === undefined) throw new Error(`nothing was answered to "${label}"`);
  const { 'content-length': _, 'transfer-encoding': __, ...headers } = response.headers;
  return {
    status: response.status,
    headers,
    body: typeof response.body === 'string' ? response.body : JSON.stringify(response.body),
  };
}
