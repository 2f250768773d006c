import { parseBaseUrl } from '../../wire/base-url.js';
import { isNanocoder } from '../form.js';
import type { Complaint } from '../problem.js';
import { eachAddress, type LintContext, type ServerEntry, type TextAt } from './rule.js';
import { textAt } from './servers.js';

/** What people copy from an example of a request. */
const ENDPOINT =
  /\/(?:(?:v1\/)?(?:chat\/completions|completions?|embeddings?|models|responses|messages|rerank)|health|props|slots|metrics|api\/(?:chat|generate|tags))$/;

/** The address as a whole, and the path that its program needs: ours adds `/v1` itself, nanocoder does not. */
export const baseUrl = eachAddress(({ url, text }, server, context) => [
  ...invalid(url, text, context),
  ...path(server, url, text, context),
]);

function invalid(url: string, text: TextAt, { read }: LintContext): Complaint[] {
  const at = { path: text.path, span: text.node } as const;
  const parsed = parseBaseUrl(url);
  if (!parsed.ok) {
    // The schema has told it already where no variable is in it.
    const told = read.problems.some(
      ({ code, line }) => code === 'config.invalid-url' && line === read.lines.at(text.node.start).line,
    );
    return told ? [] : [{ ...at, severity: 'error', code: 'config.invalid-url', message: parsed.reason }];
  }
  if (/^https?:|^unix:/i.test(url) || !isNanocoder(read.form)) return [];
  return [
    {
      ...at,
      code: 'config.invalid-url',
      message: 'nanocoder needs the scheme',
      suggestion: `write http://${url}`,
    },
  ];
}

function path(
  { provider, node }: ServerEntry,
  url: string,
  text: TextAt,
  { read }: LintContext,
): Complaint[] {
  const parsed = parseBaseUrl(url);
  if (!parsed.ok || !/^https?:/i.test(url)) return [];
  const { origin, pathname, hostname } = new URL(url);
  const path = pathname.replace(/\/+$/, '');
  const at = { path: text.path, span: text.node } as const;
  // Only the form of today says that nanocoder takes the address as it stands; the older one added /v1.
  const takesAsIs = read.form === 'nanocoder' || read.form === 'provider-list';
  const end = takesAsIs ? '/v1' : '';
  const missing = (wanted: string, why: string): Complaint[] => [
    { ...at, code: 'config.path-missing', message: why, suggestion: `write ${origin}${wanted}` },
  ];
  if (/\/v1\/v1$/.test(path))
    return [
      {
        ...at,
        code: 'config.path-doubled',
        message: '/v1 stands twice',
        suggestion: `write ${origin}${path.replace(/(?:\/v1)+$/, end)}`,
      },
    ];
  const endpoint = ENDPOINT.exec(path)?.[0];
  if (endpoint !== undefined) {
    const wanted = `${path.slice(0, -endpoint.length).replace(/\/v1$/, '')}${end}`;
    const message = `${endpoint} is added by each request: give the address of the server alone`;
    return [{ ...at, code: 'config.path-doubled', message, suggestion: `write ${origin}${wanted}` }];
  }
  if (provider === 'openrouter' && hostname.endsWith('openrouter.ai') && path !== '/api/v1') {
    const isRight = path === '/api' && !takesAsIs;
    return isRight ? [] : missing(`/api${end}`, `OpenRouter answers under /api${end}`);
  }
  if (provider === 'ollama' && path === '/api')
    return missing(end, "this is Ollama's own API: the OpenAI-compatible one is under /v1");
  const isNative =
    textAt({ name: '', path: [], node, provider, url }, 'sdkProvider')?.value ?? 'openai-compatible';
  if (takesAsIs && path === '' && isNative === 'openai-compatible')
    return missing('/v1', 'nanocoder adds no /v1 to it, so every request would be answered 404');
  return [];
}
