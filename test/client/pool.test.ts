import assert from 'node:assert/strict';
import { proxyFor } from '../../src/client/pool.js';

const proxy = { HTTP_PROXY: 'http://proxy:3128', HTTPS_PROXY: 'http://secure:3128' };

describe('proxyFor', () => {
  it('takes the proxy of the scheme', () => {
    assert.equal(proxyFor(new URL('http://gpu1:8080'), proxy), 'http://proxy:3128');
    assert.equal(proxyFor(new URL('https://gpu1'), proxy), 'http://secure:3128');
  });

  for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '[::1]', 'app.localhost']) {
    it(`never proxies this machine's own ${host}`, () =>
      assert.equal(proxyFor(new URL(`http://${host}:8080`), proxy), null));
  }

  for (const [excluded, host, expected] of [
    ['*', 'gpu1', null],
    ['gpu1', 'gpu1', null],
    ['.example.com', 'gpu1.example.com', null],
    ['*.example.com', 'gpu1.example.com', null],
    ['example.com', 'notexample.com', 'http://proxy:3128'],
    ['gpu1:9090', 'gpu1', 'http://proxy:3128'],
    ['gpu1:8080', 'gpu1', null],
    ['other, gpu1', 'gpu1', null],
  ] as const) {
    it(`NO_PROXY=${excluded} ${expected === null ? 'exempts' : 'does not exempt'} ${host}:8080`, () => {
      assert.equal(proxyFor(new URL(`http://${host}:8080`), { ...proxy, NO_PROXY: excluded }), expected);
    });
  }

  it('takes a proxy without a scheme as http, and lower-case names first', () => {
    assert.equal(
      proxyFor(new URL('http://gpu1'), { http_proxy: 'proxy:3128', HTTP_PROXY: 'http://other' }),
      'http://proxy:3128',
    );
  });
});
