import assert from 'node:assert/strict';
import { endpointOf, hostOf, parseBaseUrl, sameServer } from '../../src/wire/base-url.js';
import { isPublicHost } from '../../src/wire/hosts.js';

describe('the address of a server', () => {
  for (const [given, expected] of [
    ['http://localhost:8080', 'http://localhost:8080'],
    ['https://gpu.example.com/llama/v1/', 'https://gpu.example.com/llama'],
    ['localhost:8080', 'http://localhost:8080'],
    ['http://[::1]:8080/v1', 'http://[::1]:8080'],
    ['unix:/run/llama.sock', 'unix:/run/llama.sock'],
    ['unix:///run/llama.sock', 'unix:/run/llama.sock'],
    ['UNIX:/run/llama.sock', 'unix:/run/llama.sock'],
  ] as const) {
    it(`${given} is ${expected}`, () => {
      assert.deepEqual(parseBaseUrl(given), { ok: true, baseUrl: expected });
    });
  }

  for (const [given, reason] of [
    ['', /empty/],
    ['ftp://localhost', /"ftp" is not a scheme/],
    ['file:///etc/passwd', /"file" is not a scheme/],
    ['javascript:alert(1)', /not a URL/],
    ['http://me:pw@localhost:8080', /user name or password/],
    ['http://::1:8080', /IPv6 address stands in brackets/],
    ['::1', /IPv6 address stands in brackets/],
    ['http://localhost:8080\r\nX-Admin: 1', /spaces or control characters/],
    ['http://local host', /spaces or control characters/],
    ['http://localhost:8080?key=1', /query/],
    ['http://localhost:99999', /not a URL/],
    ['unix:llama.sock', /whole path/],
    ['unix:', /whole path/],
    ['unix:/run/llama.sock:/v1', /no path behind/],
    ['my-server', /write http:\/\/HOST:PORT/],
  ] as const) {
    it(`${JSON.stringify(given)} is refused`, () => {
      const parsed = parseBaseUrl(given);
      assert.ok(!parsed.ok);
      assert.match(parsed.reason, reason);
    });
  }

  it('becomes what HTTP needs', () => {
    assert.deepEqual(endpointOf('unix:/run/a.sock'), {
      origin: 'http://localhost',
      prefix: '',
      socketPath: '/run/a.sock',
    });
    assert.deepEqual(endpointOf('https://x:1/y'), { origin: 'https://x:1', prefix: '/y', socketPath: null });
    assert.equal(hostOf('unix:/run/a.sock'), 'unix:/run/a.sock');
    assert.equal(hostOf('unix:/run/a.sock:/health'), 'unix:/run/a.sock');
    assert.equal(hostOf('http://x:1/health'), 'x:1');
  });

  it('is the same server’s whatever its path, and never another’s', () => {
    assert.ok(sameServer('http://x:1', 'http://x:1/v1'));
    assert.ok(!sameServer('http://x:1', 'http://x:2'));
    assert.ok(!sameServer('http://x:1', 'https://x:1'));
    assert.ok(sameServer('unix:/a.sock', 'unix:///a.sock'));
    assert.ok(!sameServer('unix:/a.sock', 'unix:/b.sock'));
    assert.ok(!sameServer('unix:/a.sock', 'http://localhost'));
    assert.ok(!sameServer('nonsense', 'nonsense'));
  });

  it('is public, or of a network of one’s own', () => {
    for (const host of ['example.com', '203.0.113.7', '8.8.8.8', '[2001:db8::1]', '172.32.0.1'])
      assert.ok(isPublicHost(host), host);
    for (const host of [
      'localhost',
      'gpu1',
      'gpu1.local',
      'llama.svc.cluster.local',
      '127.0.0.1',
      '10.0.0.1',
      '192.168.1.1',
      '172.16.0.1',
      '100.64.0.1',
      '169.254.1.1',
      '[::1]',
      '[fe80::1]',
      '[fd00::1]',
      'box.tail1234.ts.net',
    ])
      assert.ok(!isPublicHost(host), host);
  });
});
