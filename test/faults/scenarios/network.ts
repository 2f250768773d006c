import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { forwardProxy } from '../../support/forward-proxy.js';
import { freePort } from '../../support/real-server.js';
import { problem, type Scenario } from '../scenario.js';
import { diagnose } from './ways.js';

/** From the name to an answer. */
export const NETWORK: readonly Scenario[] = [
  {
    id: 'dns-no-such-name',
    title: 'the name does not resolve',
    layer: 'network',
    setUp: async () => diagnose('http://gpu1.invalid:8080'),
    expect: problem('connection.dns', { alone: true, mentions: [/gpu1\.invalid/] }),
  },
  {
    id: 'tcp-refused',
    title: 'nothing listens',
    layer: 'network',
    setUp: async () => diagnose(`http://127.0.0.1:${await freePort()}`),
    expect: problem('connection.refused', { alone: true }),
  },
  {
    id: 'tcp-refused-other-family',
    title: 'the server listens on 127.0.0.1, and [::1] is asked',
    layer: 'network',
    setUp: async (lab) => {
      const { port } = await lab.server(['-c', '512']);
      return { ...diagnose(`http://[::1]:${port}`), mentions: [/127\.0\.0\.1/] };
    },
    expect: problem('connection.refused', { alone: true }),
  },
  {
    id: 'tcp-refused-other-address',
    title: 'the server listens on another address of this machine',
    layer: 'network',
    setUp: async (lab) => {
      const proxy = await lab.tcpProxy((await lab.server(['-c', '512'])).url, { kind: 'pass' });
      return diagnose(proxy.url.replace('127.0.0.1', '127.0.0.77'));
    },
    expect: problem('connection.refused', { alone: true, mentions: [/127\.0\.0\.1/] }),
  },
  {
    id: 'tcp-refused-after-crash',
    title: 'the server was killed',
    layer: 'host',
    setUp: async (lab) => {
      const server = await lab.own(['-c', '512']);
      await server.stop('SIGKILL');
      return diagnose(server.url);
    },
    expect: problem('connection.refused', { alone: true, also: ['server.crashed'] }),
  },
  {
    id: 'tcp-backlog-full',
    title: 'the queue of connections is full: connecting itself takes forever',
    layer: 'network',
    waits: true,
    setUp: async (lab) => {
      const code =
        "require('net').createServer().listen({port:0,host:'127.0.0.1',backlog:1},function(){console.log(this.address().port)})";
      const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'ignore'] });
      lab.defer(() => child.kill('SIGKILL'));
      const [line] = await once(child.stdout, 'data');
      const port = Number(String(line));
      child.kill('SIGSTOP');
      for (let taken = 0; taken < 8; taken++) {
        const socket = connect(port, '127.0.0.1');
        socket.on('error', () => {});
        lab.defer(() => socket.destroy());
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
      return diagnose(`http://127.0.0.1:${port}`);
    },
    expect: problem('connection.timeout', { alone: true }),
  },
  {
    id: 'tcp-tarpit',
    title: 'the connection is accepted and nothing ever comes',
    layer: 'network',
    waits: true,
    setUp: async (lab) => {
      const { url } = await lab.server(['-c', '512']);
      return diagnose((await lab.tcpProxy(url, { kind: 'silence' })).url);
    },
    expect: problem('server.wedged', { alone: true }),
  },
  {
    id: 'tcp-tarpit-short-deadline',
    title: 'the same, with --timeout 2s',
    layer: 'network',
    waits: true,
    setUp: async (lab) => {
      const { url } = await lab.server(['-c', '512']);
      const proxy = await lab.tcpProxy(url, { kind: 'silence' });
      return { ...diagnose(proxy.url, '--timeout', '2s'), deadlineMs: 2000 };
    },
    expect: problem('server.wedged', { alone: true }),
  },
  {
    id: 'server-stopped',
    title: 'the process of the server is stopped (SIGSTOP)',
    layer: 'network',
    waits: true,
    setUp: async (lab) => {
      const server = await lab.own(['-c', '512']);
      server.pause();
      return diagnose(server.url);
    },
    expect: problem('server.wedged', { alone: true }),
  },
  {
    id: 'tcp-reset',
    title: 'every connection is reset',
    layer: 'network',
    setUp: async (lab) => {
      const { url } = await lab.server(['-c', '512']);
      return diagnose((await lab.tcpProxy(url, { kind: 'reset' })).url);
    },
    expect: problem('connection.reset', { alone: true }),
  },
  {
    id: 'tcp-cut-in-head',
    title: 'every answer is cut off in its head',
    layer: 'network',
    setUp: async (lab) => {
      const { url } = await lab.server(['-c', '512']);
      return diagnose((await lab.tcpProxy(url, { kind: 'cut', afterBytes: 30, how: 'fin' })).url);
    },
    expect: problem('connection.reset', { alone: true, also: ['network.proxy-interference'] }),
  },
  {
    id: 'line-very-slow',
    title: 'a line of 20 bytes a second',
    layer: 'network',
    waits: true,
    setUp: async (lab) => {
      const { url } = await lab.server(['-c', '512']);
      const proxy = await lab.httpProxy(url, { fault: () => ({ kind: 'trickle', bytesPerSecond: 20 }) });
      return diagnose(proxy.url);
    },
    // `/health` is there in a second, `/props` (2 KB) is not: alive, and too slow to be of use.
    expect: problem('connection.timeout', { also: ['server.wedged', 'network.proxy-interference'] }),
  },
  {
    id: 'http-proxy-dead',
    title: 'HTTP_PROXY names a proxy that is not there',
    layer: 'network',
    setUp: async () => ({
      ...diagnose('http://llama.internal.invalid'),
      env: { HTTP_PROXY: `http://127.0.0.1:${await freePort()}` },
    }),
    expect: problem('network.proxy-interference', { mentions: [/HTTP_PROXY/] }),
  },
  {
    id: 'http-proxy-wants-login',
    title: 'the proxy of HTTP_PROXY wants a login (407)',
    layer: 'network',
    setUp: async (lab) => {
      const proxy = lab.keep(await forwardProxy('http://127.0.0.1:9', 407));
      return { ...diagnose('http://llama.internal.invalid'), env: { HTTP_PROXY: proxy.url } };
    },
    expect: problem('network.proxy-interference', { mentions: [/407/] }),
  },
];
