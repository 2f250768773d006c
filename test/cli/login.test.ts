import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CannedServer, cannedServer, LLAMA_HEADERS, type Route } from '../support/canned-server.js';
import { cli } from '../support/cli.js';
import { keeper } from '../support/keeper.js';

const PASSWORD = 's3cret-pass';
const LOGIN = `Basic ${Buffer.from(`bob:${PASSWORD}`).toString('base64')}`;
const SECRETS = [PASSWORD, LOGIN.slice(6), 'sk-behind-proxy', 'cf-secret-value'];

/** A reverse proxy that wants a login, with a llama-server behind it. */
describe('a server behind a login', () => {
  const keep = keeper();
  let cwd: string;
  beforeEach(() => {
    cwd = mkdtempSync(join(tmpdir(), 'llamactl-login-'));
  });
  afterEach(() => rmSync(cwd, { recursive: true, force: true }));

  const behind =
    (body: object): Route =>
    (request, response) => {
      const isIn = request.headers.authorization === LOGIN;
      response.writeHead(isIn ? 200 : 401, {
        'content-type': 'application/json',
        ...(isIn ? LLAMA_HEADERS : { server: 'Caddy', 'www-authenticate': 'Basic realm="restricted"' }),
      });
      response.end(isIn ? JSON.stringify(body) : '');
    };
  const proxy = () =>
    keep(
      cannedServer({
        'GET /health': behind({ status: 'ok' }),
        'GET /props': behind({ total_slots: 1, build_info: 'b1' }),
      }),
    );
  const write = (target: object) =>
    writeFileSync(join(cwd, 'llamactl.config.json'), JSON.stringify({ targets: { it: target } }), {
      mode: 0o600,
    });
  const sentTo = ({ requests }: CannedServer) => requests.at(-1)?.headers ?? {};

  it('is given it from the configuration, the key and further headers beside it, and none is shown', async () => {
    const server = await proxy();
    write({
      baseUrl: server.url,
      apiKey: '$KEY',
      basicAuth: { username: 'bob', password: '$PW' },
      headers: { 'x-team': 'blue', 'CF-Access-Client-Secret': '$CF', 'HTTP-Referer': 'https://example.com' },
    });
    const env = { KEY: SECRETS[2] ?? '', PW: PASSWORD, CF: SECRETS[3] ?? '' };
    const { code, text } = await cli(['health', '--verbose'], { cwd, env });
    assert.equal(code, 0, text);
    const sent = sentTo(server);
    assert.deepEqual(
      [sent['authorization'], sent['x-api-key'], sent['x-team'], sent['cf-access-client-secret']],
      [LOGIN, 'sk-behind-proxy', 'blue', 'cf-secret-value'],
    );
    assert.match(text, /authorization: Basic \*\*\*/);
    const shown = await cli(['config', 'show', '--json'], { cwd, env });
    assert.deepEqual(shown.json.targets.it.basicAuth, { username: 'bob', password: '***' });
    assert.deepEqual(shown.json.targets.it.headers, {
      'x-team': '***',
      'cf-access-client-secret': '***',
      'http-referer': 'https://example.com',
    });
    for (const secret of SECRETS) assert.ok(!`${text}${shown.text}`.includes(secret), secret);
  });

  it('goes to no other server than its own', async () => {
    const [own, other] = [await proxy(), await proxy()];
    write({
      baseUrl: own.url,
      basicAuth: { username: 'bob', password: PASSWORD },
      headers: { 'x-team': 'blue' },
    });
    const { code } = await cli(['health', '--target', 'it', '--url', other.url, '--json'], { cwd });
    assert.equal(code, 11);
    assert.deepEqual([sentTo(other)['authorization'], sentTo(other)['x-team']], [undefined, undefined]);
  });

  it('is given it from the environment, and refused in an address, where it would be shown', async () => {
    const { url } = await proxy();
    const env = { LLAMACTL_BASIC_AUTH: `bob:${PASSWORD}` };
    assert.equal((await cli(['health', '--url', url], { env })).code, 0);
    const inUrl = await cli(['health', '--url', url.replace('//', `//bob:${PASSWORD}@`)]);
    assert.equal(inUrl.code, 2);
    assert.match(inUrl.err, /basicAuth/);
    assert.ok(!inUrl.text.includes(PASSWORD));
    const odd = await cli(['health', '--url', url], { env: { LLAMACTL_BASIC_AUTH: PASSWORD } });
    assert.equal(odd.code, 2);
    assert.ok(!odd.text.includes(PASSWORD));
  });

  it('says what to give where it is missing', async () => {
    const { url } = await proxy();
    const { code, json } = await cli(['health', '--url', url, '--json']);
    assert.deepEqual([code, json.error.code], [11, 'network.proxy-interference']);
    assert.equal(json.error.suggestions[1], 'export LLAMACTL_BASIC_AUTH=USER:PASSWORD');
  });

  it('excludes a key where only one header is read', async () => {
    write({
      provider: 'openai-compatible',
      baseUrl: 'http://127.0.0.1:9',
      apiKey: 'k',
      basicAuth: { username: 'a', password: 'b' },
    });
    const { code, err } = await cli(['health'], { cwd });
    assert.equal(code, 2);
    assert.match(err, /both are\s+sent as Authorization/);
  });
});
