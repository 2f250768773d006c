import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'connection.wrong-server',
  type: 'CONNECTION_ERROR',
  title: 'something other than llama-server answers',
  explanation:
    'A server answered, but in a way that llama-server never does: a web page, the errors of another program, or a cloud service. Ollama (11434), LM Studio (1234), vLLM (8000), llama-swap and reverse proxies are the usual ones, and many programs like port 8080. The reverse happens too: a client made for Ollama asks a llama-server for `/api/…`.',
  causes: [
    'another program uses the port that llama-server was expected on',
    'the base URL was never changed, so requests go to a cloud service',
    'a proxy or a web interface answers instead of passing the request on',
    'a client made for Ollama talks to llama-server',
  ],
  remedies: [
    { text: 'See who answers', commands: ['curl -si {url}/health', 'llamactl diagnose --url {url}'] },
    {
      text: 'Start llama-server on a port of its own, and point the client there (`baseUrl` in agents.config.json, `OPENAI_BASE_URL` for OpenAI clients)',
      commands: [
        'llama-server -m {model} --port {nextPort}',
        'export OPENAI_BASE_URL=http://{host}:{nextPort}/v1',
      ],
    },
    {
      text: 'Choose the provider "OpenAI compatible" in a client that asks for Ollama\'s /api paths',
      commands: ['curl {url}/v1/models'],
    },
  ],
  diagnostics: {
    any: ['curl -si {url}/props', 'curl -s {url}/v1/models'],
    linux: ["ss -ltnp 'sport = :{port}'"],
    darwin: ['lsof -nP -iTCP:{port} -sTCP:LISTEN'],
    win32: ['netstat -ano | findstr :{port}'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md#api-endpoints',
  rules: [
    {
      pattern:
        /platform\.openai\.com\/account|api\.openai\.com|openrouter\.ai\/(?:keys|settings)|console\.anthropic\.com/i,
      requires: [/ 401\b| 404\b|Incorrect API key|invalid_api_key|AuthenticationError|quota/i],
      rank: 74,
    },
    {
      pattern:
        /Unexpected token .{0,4}<|<!doctype html|<html[\s>]|text\/html|invalid character .{0,4}<.{0,4} looking for|Unexpected character.{0,20}<|is not valid JSON.{0,20}<|expected JSON.{0,40}HTML|JSON\.parse: unexpected character at line 1 column 1\b/i,
      excludes: [/privoxy|squid|nginx|cloudflare|gateway|data: |get_repo_|GET failed/i],
      excludesAnywhere: [
        /privoxy|squid|<center>nginx|cloudflare|bad gateway|gateway time-?out|service unavailable/i,
      ],
      rank: 64,
    },
    {
      pattern:
        /Ollama is running|Unexpected endpoint or method|Cannot (?:GET|POST) \/|no Route matched with those values|Whitelabel Error Page|<title>(?:LocalAI|Open WebUI|Jupyter|Apache|Welcome to nginx)/i,
      rank: 72,
    },
    { pattern: /\{\\?"detail\\?": ?\\?"(?:Not Found|Method Not Allowed)\\?"\}/i, rank: 62 },
    {
      pattern:
        /(?:GET|POST|HEAD) \/(?:v1\/)?api\/(?:version|tags|ps|show|generate|chat|pull|embed)\b.{0,60} 404\b| 404\b.{0,60}(?:GET|POST|HEAD) {1,5}\\?\x22?\/api\/(?:version|tags|ps|show|generate|chat|embed)\b/i,
      rank: 58,
    },
    {
      pattern:
        /Server: (?:nginx|apache|caddy|uvicorn|werkzeug|gunicorn|Microsoft-IIS|Kestrel|cloudflare|Jetty|tomcat|BaseHTTP)/i,
      excludesAnywhere: [/ 502 | 504 |Bad Gateway|privoxy/i],
      rank: 40,
    },
    {
      pattern:
        /does not (?:look|seem) (?:like|to be) (?:a |an )?(?:llama|openai)|not a llama(?:\.cpp|-server)|not an? openai.compatible|Received HTML|got HTML/i,
      rank: 66,
    },
    {
      pattern:
        /(?:returned|sent|got|received) an?\s{1,2}(?:invalid|unexpected|unrecogni[sz]ed|unknown) (?:response|answer|reply|content.type)|\b(?:invalid|unexpected) response from \S|not (?:the )?(?:expected )?(?:json|openai) (?:response|format)/i,
      excludes: [/stream|tool|schema|template/i],
      rank: 40,
    },
  ],
};
