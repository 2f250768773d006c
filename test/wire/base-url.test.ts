import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseBaseUrl } from '../../src/wire/base-url.js';

describe('parseBaseUrl', () => {
  for (const [given, expected] of [
    ['http://localhost:8080', 'http://localhost:8080'],
    ['localhost:8080', 'http://localhost:8080'],
    ['localhost', 'http://localhost'],
    ['8080', 'http://localhost:8080'],
    [' :8080 ', 'http://localhost:8080'],
    ['unix:///run/llama.sock', 'unix:/run/llama.sock'],
    ['127.0.0.1', 'http://127.0.0.1'],
    ['gpu1:8080', 'http://gpu1:8080'],
    ['gpu.example.com/llm', 'http://gpu.example.com/llm'],
    ['[::1]:8080', 'http://[::1]:8080'],
    ['https://gpu.example.com', 'https://gpu.example.com'],
    ['https://gpu.example.com:443/', 'https://gpu.example.com'],
    ['HTTP://LOCALHOST:8080', 'http://localhost:8080'],
    ['  http://localhost:8080\n', 'http://localhost:8080'],
    ['http://localhost:8080/', 'http://localhost:8080'],
    ['http://localhost:8080//', 'http://localhost:8080'],
    ['http://localhost:8080/v1', 'http://localhost:8080'],
    ['http://localhost:8080/v1/', 'http://localhost:8080'],
    ['http://localhost:8080/v1/v1/', 'http://localhost:8080/v1/v1'],
    ['http://localhost:8080//v1//', 'http://localhost:8080'],
    ['http://localhost:8080/llm/v1', 'http://localhost:8080/llm'],
    ['http://localhost:8080/llm/', 'http://localhost:8080/llm'],
    ['http://localhost:8080/v10', 'http://localhost:8080/v10'],
  ] as const) {
    it(`reads ${JSON.stringify(given)} as ${expected}`, () =>
      assert.deepEqual(parseBaseUrl(given), { ok: true, baseUrl: expected }));
  }

  for (const [given, reason] of [
    ['', /empty/],
    ['   ', /empty/],
    ['http://local host:8080', /spaces/],
    ['http://localhost:80\u000080', /control characters/],
    ['ftp://localhost', /"ftp" is not a scheme/],
    ['ws://localhost:8080', /"ws" is not a scheme/],
    ['http://localhost:99999', /not a URL/],
    ['gpu1', /write http:\/\/HOST:PORT/],
    ['https//gpu.example.com', /write http:\/\/HOST:PORT/],
    ['http:/localhost:8080', /not a URL/],
    ['http://user:secret@localhost:8080', /give a key with --api-key/],
    ['http://secret@localhost:8080', /give a key with --api-key/],
    ['http://localhost:8080/health?x=1', /query or a fragment/],
    ['http://localhost:8080/#/chat', /query or a fragment/],
  ] as const) {
    it(`refuses ${JSON.stringify(given)} and says why`, () => {
      const parsed = parseBaseUrl(given);
      assert.equal(parsed.ok, false);
      assert.match(parsed.ok ? '' : parsed.reason, reason);
      assert.ok(parsed.ok || !parsed.reason.includes('secret'));
    });
  }

  it('changes nothing of what it has read already, whatever was typed', () => {
    const part = fc.stringMatching(/^[a-z0-9]{1,8}$/);
    const typed = fc
      .tuple(
        fc.constantFrom('', 'http://', 'https://', 'HTTP://'),
        fc.oneof(fc.constant('localhost'), fc.ipV4(), fc.domain()),
        fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined }),
        fc.array(part, { maxLength: 3 }),
        fc.constantFrom('', '/', '/v1', '/v1/', '//'),
      )
      .map(
        ([scheme, host, port, path, end]) =>
          `${scheme}${host}${port === undefined ? '' : `:${port}`}${path.map((each) => `/${each}`).join('')}${end}`,
      );
    fc.assert(
      fc.property(typed, (text) => {
        const once = parseBaseUrl(text);
        assert.ok(once.ok, once.ok ? '' : `${text}: ${once.reason}`);
        assert.ok(!once.baseUrl.endsWith('/'));
        assert.deepEqual(parseBaseUrl(once.baseUrl), once);
      }),
    );
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseBaseUrl(text)));
  });
});
