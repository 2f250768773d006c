import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'network.proxy-interference',
  type: 'CONNECTION_ERROR',
  title: 'a proxy on the way answers, buffers or cuts',
  explanation:
    'The answer came from a proxy or load balancer, not from llama-server. Either HTTP_PROXY sends even local addresses through it, or a reverse proxy before the server could not reach it, waited too short a time, or held a stream back to send it in one piece.',
  causes: [
    'HTTP_PROXY or HTTPS_PROXY is set and NO_PROXY does not name the server',
    'a reverse proxy points at the wrong port, or the server behind it is down (502, 503)',
    'its read timeout is shorter than the time to the first token (504, 524)',
    'it buffers event streams, limits the size of requests (413), or wants a login (407)',
  ],
  remedies: [
    {
      text: 'Keep local addresses off the proxy',
      commands: ['export NO_PROXY=localhost,127.0.0.1,{host}', 'curl --noproxy "*" {url}/health'],
    },
    {
      text: 'Ask the server without the reverse proxy, to see which of the two is at fault',
      commands: ['llamactl health --url http://127.0.0.1:{port}'],
    },
    {
      text: 'In nginx: no buffering, and a read timeout longer than the longest prompt',
      commands: [
        'proxy_buffering off; proxy_read_timeout 3600s; proxy_http_version 1.1; client_max_body_size 64m;',
      ],
    },
  ],
  diagnostics: {
    any: ['curl -v {url}/health', 'curl -v --noproxy "*" {url}/health'],
    linux: ['env | grep -i proxy'],
    darwin: ['env | grep -i proxy', 'scutil --proxy'],
    win32: ['set | findstr /i proxy', 'netsh winhttp show proxy'],
  },
  link: 'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffering',
  rules: [
    {
      pattern:
        /Proxy Authentication Required|\b407\b.{0,30}proxy|Tunnel connection failed|ProxyError|cannot connect to proxy|unable to connect to (?:the )?proxy|proxyconnect|from proxy after CONNECT|ERR_PROXY|ERR_TUNNEL|curl: \(5\)|resolve proxy/i,
      rank: 84,
    },
    { pattern: /privoxy|X-Squid-Error|squid\/\d|mod_proxy|zscaler|blue ?coat|ERR_ACCESS_DENIED/i, rank: 82 },
    {
      pattern:
        /502 Bad Gateway|504 Gateway Time-?out|Bad Gateway|Gateway Time-?out|Error 52[0-7]\b|52[0-7]:? (?:a timeout occurred|web server|origin|connection timed out)|cloudflare.{0,60}\b52[0-7]\b|(?:status(?:[ _]?code)?|Error code|http code)[ =:]{1,3}5(?:0[24]|2[0-7])\b|HTTP 502|HTTP 504|HTTP502|HTTP504|\b50[24], message=|\[502\]|\[504\]|\(502\)|\(504\)/i,
      excludes: [/huggingface|hf\.co/i],
      rank: 70,
    },
    {
      pattern:
        /upstream timed out|upstream prematurely closed|no live upstreams|no healthy upstream|upstream connect error|upstream request timeout|connect\(\) failed .{0,60}upstream|while (?:connecting to|reading .{0,40}from) upstream|upstream server.{0,40}(?:failed|unavailable)|host not found in upstream|No server is available to handle|upstream error|error from upstream|Argo Tunnel error/i,
      rank: 76,
    },
    {
      pattern: /Request Entity Too Large|client intended to send too large body|Payload Too Large/i,
      rank: 66,
    },
    {
      pattern:
        /X-Accel-Buffering|proxy_buffering|proxy_read_timeout|buffer(?:ed|ing|s) (?:the )?(?:SSE|event stream|stream)/i,
      rank: 50,
    },
    { pattern: /<center>nginx|<h1>50[234] |503 Service Temporarily Unavailable/i, rank: 62 },
    { pattern: /ERR_HTTP2_PROTOCOL_ERROR|HTTP\/2 stream .{0,20}was not closed cleanly/i, rank: 50 },
  ],
};
