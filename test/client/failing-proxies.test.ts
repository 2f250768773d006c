import assert from 'node:assert/strict';
import type { ClientOptions } from '../../src/client/types.js';
import { keeper } from '../support/keeper.js';
import { rawServer } from '../support/raw-server.js';
import { freePort } from '../support/real-server.js';
import { failureOf, isFailure, saying } from './failure-of.js';

describe('a proxy on the way out', () => {
  const keep = keeper();

  for (const target of ['http://gpu1.invalid:8080', 'https://gpu1.invalid']) {
    describe(`to ${target}`, () => {
      const through = (proxy: string): ClientOptions => ({
        env: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy },
      });

      for (const [status, reason, type] of [
        [407, 'Proxy Authentication Required', 'AUTHENTICATION_ERROR'],
        [502, 'Bad Gateway', 'CONNECTION_ERROR'],
      ] as const) {
        it(`that answers ${status}`, async () => {
          const proxy = await keep(saying(`HTTP/1.1 ${status} ${reason}\r\ncontent-length: 0\r\n\r\n`));
          const error = await failureOf(target, through(proxy.url));
          isFailure(error, type, 'network.proxy-interference', new RegExp(`proxy .*${status}`));
        });
      }

      it('on whose port nothing listens: it is not the server that is missing', async () => {
        const port = await freePort();
        const error = await failureOf(target, through(`http://127.0.0.1:${port}`));
        isFailure(
          error,
          'CONNECTION_ERROR',
          'network.proxy-interference',
          new RegExp(
            `^the proxy 127\\.0\\.0\\.1:${port} of HTTPS?_PROXY cannot be reached: connect ECONNREFUSED`,
          ),
          /LLAMACTL_PROXY/,
        );
      });

      it('whose name does not resolve', async () => {
        const error = await failureOf(target, through('http://proxy.invalid:3128'));
        isFailure(
          error,
          'CONNECTION_ERROR',
          'network.proxy-interference',
          /^the proxy proxy\.invalid:3128 of HTTPS?_PROXY cannot be reached/,
        );
      });

      it('that closes the connection, and is not asked again and again', async () => {
        let connections = 0;
        const proxy = await keep(
          rawServer((socket) => {
            connections++;
            socket.once('data', () => socket.destroy());
          }),
        );
        const error = await failureOf(target, through(proxy.url));
        isFailure(
          error,
          'CONNECTION_ERROR',
          /^https/.test(target) ? 'network.proxy-interference' : 'connection.reset',
          /./,
        );
        assert.equal(connections, 1);
      });

      it('that says nothing', async () => {
        const proxy = await keep(rawServer((socket) => socket.resume()));
        const error = await failureOf(target, { ...through(proxy.url), timeout: 150 });
        isFailure(
          error,
          'TIMEOUT_ERROR',
          /^https/.test(target) ? 'connection.timeout' : 'server.wedged',
          /in 150 ms$/,
        );
      });

      it('of a kind that is not spoken', async () => {
        for (const proxy of ['socks5://127.0.0.1:1080', 'http://proxy:99999']) {
          const error = await failureOf(target, through(proxy));
          assert.equal(error.type, 'USAGE_ERROR');
          assert.match(
            error.message,
            /^the proxy of HTTPS?_PROXY is (?:no URL|of a kind that is not supported)/,
          );
        }
      });
    });
  }
});
