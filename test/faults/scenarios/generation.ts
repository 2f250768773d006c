import type { IncomingMessage } from 'node:http';
import type { HttpFault } from '../../support/http-proxy.js';
import { smolModel } from '../../support/real-server.js';
import { replay } from '../../support/replay.js';
import type { Lab } from '../lab.js';
import { problem, type Scenario, warning } from '../scenario.js';
import { diagnose } from './ways.js';

/** A real server behind a proxy that is in order but for generation. */
const broken = (fault: HttpFault) => async (lab: Lab) => {
  const { url } = await lab.server(['-c', '512']);
  return diagnose((await lab.httpProxy(url, { fault: onGeneration(fault) })).url);
};

function onGeneration(fault: HttpFault): (request: IncomingMessage) => HttpFault {
  return ({ method, url = '' }) =>
    method === 'POST' && /completions?(?:\?|$)/.test(url) ? fault : { kind: 'pass' };
}

const GATEWAY_TIMEOUT =
  '<html>\r\n<head><title>504 Gateway Time-out</title></head>\r\n<body>\r\n<center><h1>504 Gateway Time-out</h1></center>\r\n<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n';

/** `/health`, `/props` and `/slots` are as they should be; only generating shows what is wrong. */
export const GENERATION: readonly Scenario[] = [
  {
    id: 'generation-never-starts',
    title: 'a request for one token is never answered, and everything else is at once',
    layer: 'generation',
    waits: true,
    setUp: broken({ kind: 'hang' }),
    expect: problem('server.wedged', { alone: true }),
  },
  {
    id: 'generation-only-headers',
    title: 'the headers of the answer come, and no token',
    layer: 'generation',
    waits: true,
    setUp: broken({ kind: 'head-only' }),
    expect: problem('server.wedged', { alone: true, also: ['stream.idle-timeout'] }),
  },
  {
    id: 'stream-stops',
    title: 'the stream begins and then stops, the connection open',
    layer: 'generation',
    waits: true,
    setUp: broken({ kind: 'stop-stream', afterEvents: 2 }),
    expect: problem('stream.idle-timeout', { alone: true, also: ['server.wedged'] }),
  },
  {
    id: 'stream-cut',
    title: 'the stream is cut',
    layer: 'generation',
    setUp: broken({ kind: 'cut-stream', afterEvents: 2 }),
    expect: problem('stream.truncated', { alone: true, also: ['network.proxy-interference'] }),
  },
  {
    id: 'stream-garbled',
    title: 'a proxy rewrites the quotes of every event',
    layer: 'generation',
    setUp: broken({ kind: 'garble-stream' }),
    expect: problem('stream.malformed', { alone: true, also: ['network.proxy-interference'] }),
  },
  {
    id: 'stream-buffered',
    title: 'a proxy buffers the stream: all tokens come at once, at the end',
    layer: 'generation',
    setUp: async (lab) => {
      // The tiny model is done in some milliseconds, in which nobody would notice.
      const { url } = await lab.server(['-c', '1024', '-np', '1'], { model: smolModel() });
      return diagnose((await lab.httpProxy(url, { fault: onGeneration({ kind: 'buffer-stream' }) })).url);
    },
    expect: warning('network.proxy-interference', { alone: true, mentions: [/buffer/] }),
  },
  {
    id: 'generation-429',
    title: 'a proxy limits requests: 429 with Retry-After',
    layer: 'generation',
    setUp: broken({
      kind: 'answer',
      status: 429,
      headers: { 'retry-after': '30', 'content-type': 'application/json' },
      body: '{"error":{"message":"Rate limit reached","type":"rate_limit_error"}}',
    }),
    expect: warning('server.busy', { alone: true, also: ['network.proxy-interference'], mentions: [/30/] }),
  },
  {
    id: 'generation-504',
    title: 'a proxy gives up on generation: 504',
    layer: 'generation',
    setUp: broken({
      kind: 'answer',
      status: 504,
      headers: { server: 'nginx/1.22.1', 'content-type': 'text/html' },
      body: GATEWAY_TIMEOUT,
    }),
    expect: problem('network.proxy-interference', { alone: true, mentions: [/504/] }),
  },
  {
    id: 'generation-dies',
    title: 'the server dies of the first request for a token',
    layer: 'generation',
    setUp: async (lab) => {
      const server = await lab.canned({
        ...replay('v0.6.0', ['default']),
        'POST /v1/chat/completions': (request) => {
          void server.stop();
          request.socket.destroy();
        },
      });
      return diagnose(server.url);
    },
    expect: problem('server.crashed', { alone: true }),
  },
];
