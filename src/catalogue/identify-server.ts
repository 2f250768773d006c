/** Which program answered, as far as its answer tells. */
export type ServerKind =
  | 'llama.cpp'
  | 'ollama'
  | 'lm-studio'
  | 'vllm'
  | 'llama-swap'
  | 'localai'
  | 'openrouter'
  | 'proxy'
  | 'unknown';

export interface Answer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What people call each kind. */
export const SERVER_NAMES: Readonly<Record<ServerKind, string>> = {
  'llama.cpp': 'llama.cpp',
  ollama: 'Ollama',
  'lm-studio': 'LM Studio',
  vllm: 'vLLM',
  'llama-swap': 'llama-swap',
  localai: 'LocalAI',
  openrouter: 'OpenRouter',
  proxy: 'a proxy or web server',
  unknown: 'another server',
};

/** Which program a kind of provider is, as the configuration names it; of an `openai-compatible` one it is not known. */
export const PROGRAM_OF = {
  'llama-cpp': 'llama.cpp',
  ollama: 'ollama',
  openrouter: 'openrouter',
  'openai-compatible': 'unknown',
} as const satisfies Readonly<Record<string, ServerKind>>;

const PROXIES =
  /nginx|caddy|traefik|envoy|haproxy|apache|cloudflare|squid|varnish|awselb|openresty|litespeed|iis/i;

/** The error types that llama-server alone sends (facts: "Errors"). */
const LLAMA_ERROR_TYPES =
  /"type"\s*:\s*"(?:unavailable_error|exceed_context_size_error|not_supported_error|feature_disabled)"/;

/**
 * Tells llama-server from what else may listen on its port, by headers and body. A proxy before a llama-server often
 * replaces `Server:`, so an answer of llama-server's own shape counts as well.
 */
export function identifyServer(answer: Answer): ServerKind {
  const { headers, body } = answer;
  const server = headers['server'] ?? '';
  if (/^llama\.cpp/i.test(server)) return 'llama.cpp';
  if (
    /ollama/i.test(server) ||
    /^Ollama is running|not found, try pulling it first|"owned_by"\s*:\s*"library"|registry\.ollama\.ai\/|"type":"api_error","param":null,"code":null/.test(
      body,
    )
  ) {
    return 'ollama';
  }
  if (
    /llama-?swap/i.test(`${server} ${headers['www-authenticate'] ?? ''} ${body.slice(0, 2000)}`) ||
    /^unable to start process: |could not find \S.{0,30} (?:handler|modelID) for /.test(body)
  ) {
    return 'llama-swap';
  }
  if (
    /localai/i.test(server) ||
    'x-localai-version' in headers ||
    /<title>LocalAI|"message":"Resource not found","type":""/i.test(body)
  ) {
    return 'localai';
  }
  if (
    /lm[ -]?studio/i.test(server) ||
    /Unexpected endpoint or method\. \([A-Z]+ |"owned_by"\s*:\s*"organization_owner"/.test(body)
  ) {
    return 'lm-studio';
  }
  if (
    LLAMA_ERROR_TYPES.test(body) ||
    /"owned_by"\s*:\s*"llamacpp"/.test(body) ||
    /"build_info"\s*:/.test(body) ||
    // Its own words for a route that it does not have, behind a proxy that replaces `Server:`.
    /"message"\s*:\s*"File Not Found".{0,40}"type"\s*:\s*"not_found_error"/.test(body)
  ) {
    return 'llama.cpp';
  }
  // Only its list tells, for each model, what the best of those who run it offers.
  if (/"top_provider"\s*:\s*\{/.test(body)) return 'openrouter';
  // uvicorn and FastAPI's `detail` alone are llama-cpp-python's and SGLang's as well.
  if (/"owned_by"\s*:\s*"vllm"/.test(body)) return 'vllm';
  if (PROXIES.test(server) || isHtml(answer)) return 'proxy';
  return 'unknown';
}

/** Whether an answer is a web page. */
export function isHtml({ headers, body }: Pick<Answer, 'headers' | 'body'>): boolean {
  return (
    /text\/html/i.test(headers['content-type'] ?? '') || /^\s*<(?:!doctype|html|head|body)\b/i.test(body)
  );
}
