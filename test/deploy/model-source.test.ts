import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { findModel } from '../../src/deploy/model-source.js';
import { parseOptions } from '../../src/deploy/options.js';
import { planDeployment } from '../../src/deploy/plan.js';
import { TARGETS } from '../../src/deploy/targets.js';
import { LlamactlError } from '../../src/errors/llamactl-error.js';
import { type CannedServer, cannedServer, type Route } from '../support/canned-server.js';
import { tinyModel } from '../support/real-server.js';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const SHA256 = 'a'.repeat(64);

describe('a model to deploy', () => {
  let hub: CannedServer;
  let storage: CannedServer;
  let bytes: Buffer;
  let files: string[];

  before(async () => {
    bytes = await readFile(await tinyModel());
  });

  /** A hub whose files are on another host, as those of Hugging Face are. */
  beforeEach(async () => {
    files = ['README.md', 'm-Q8_0.gguf', 'm-Q4_K_M.gguf', 'm-Q2_K.gguf', 'mmproj-F16.gguf'];
    const blob: Route = (request, response) => {
      const [, from = '0', to = '0'] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '') ?? [];
      const piece = bytes.subarray(Number(from), Number(to) + 1);
      response.writeHead(206, { 'content-range': `bytes ${from}-${to}/${bytes.length}` }).end(piece);
    };
    storage = await cannedServer({ '*': blob });
    const list: Route = (_request, response) => {
      const siblings = files.map((rfilename) => ({ rfilename, lfs: { sha256: SHA256, size: bytes.length } }));
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ sha: COMMIT, siblings }));
    };
    hub = await cannedServer({
      'GET /api/models/org/m-GGUF/revision/main': list,
      'GET /api/models/org/gated/revision/main': { status: 401, body: { error: 'gated' } },
      'GET /api/models/org/html/revision/main': { body: '<html>' },
      '*': (request, response) => {
        const isFile = request.url?.startsWith(`/org/m-GGUF/resolve/${COMMIT}/`);
        response.writeHead(isFile ? 302 : 404, isFile ? { location: `${storage.url}/blob` } : {}).end();
      },
    });
  });
  afterEach(() => Promise.all([hub.stop(), storage.stop()]));

  const find = (text: string, env: Record<string, string> = {}, trusted = false) =>
    findModel(text, { env: { HF_ENDPOINT: hub.url, ...env }, trusted });

  const failsWith = (code: string, message: RegExp) => (error: unknown) => {
    assert.ok(error instanceof LlamactlError, String(error));
    assert.equal(error.code, code);
    assert.match([error.message, ...error.evidence, ...error.suggestions].join('\n'), message);
    return true;
  };

  it('of the hub is pinned to its commit, with length and SHA-256', async () => {
    const model = await find('hf:org/m-GGUF:Q4_K_M');
    assert.deepEqual(model.files, [
      {
        name: 'm-Q4_K_M.gguf',
        sizeBytes: bytes.length,
        url: `${hub.url}/org/m-GGUF/resolve/${COMMIT}/m-Q4_K_M.gguf`,
        sha256: SHA256,
      },
    ]);
    assert.equal(model.alias, 'm-q4_k_m');
    assert.equal(model.header?.architecture, 'llama');
    assert.deepEqual(
      model.alternatives.map(({ model }) => model),
      ['hf:org/m-GGUF:Q8_0', 'hf:org/m-GGUF:Q2_K'],
    );
    assert.match(model.warnings.join('\n'), /projector/);
  });

  it('without a quantisation is the one that llama-server itself would take', async () => {
    assert.equal((await find('hf:org/m-GGUF')).files[0]?.name, 'm-Q4_K_M.gguf');
    files = ['m-Q5_K_M.gguf', 'm-Q8_0.gguf'];
    assert.equal((await find('hf:org/m-GGUF')).files[0]?.name, 'm-Q5_K_M.gguf');
  });

  it('by the address of a file on the hub is found there too', async () => {
    const model = await find(`${hub.url}/org/m-GGUF/resolve/main/m-Q2_K.gguf`);
    assert.equal(model.files[0]?.sha256, SHA256);
    assert.match(model.files[0]?.url ?? '', new RegExp(COMMIT));
  });

  it('names what there is where the quantisation is not', async () => {
    await assert.rejects(
      find('hf:org/m-GGUF:Q3_K_S'),
      failsWith('model.download-failed', /it has Q8_0, Q4_K_M, Q2_K/),
    );
  });

  it('hands the token to the hub and to nobody else', async () => {
    await find('hf:org/m-GGUF:Q4_K_M', { HF_TOKEN: 'hf_secret' });
    assert.ok(hub.requests.every(({ headers }) => headers['authorization'] === 'Bearer hf_secret'));
    assert.ok(storage.requests.length > 0);
    assert.ok(storage.requests.every(({ headers }) => headers['authorization'] === undefined));
  });

  it('that is gated says so, and what to do', async () => {
    await assert.rejects(
      find('hf:org/gated'),
      failsWith('model.download-failed', /gated or private[\s\S]*HF_TOKEN/),
    );
  });

  it('of a hub that answers with a page is not believed', async () => {
    await assert.rejects(find('hf:org/html'), failsWith('model.download-failed', /no JSON/));
  });

  it('of a web server has a length and no SHA-256, and says so', async () => {
    const model = await find(`${storage.url}/models/a.gguf`);
    assert.deepEqual(model.files, [
      { name: 'a.gguf', sizeBytes: bytes.length, url: `${storage.url}/models/a.gguf`, sha256: null },
    ]);
    assert.match(model.warnings.join('\n'), /SHA-256/);
  });

  it('of this machine is mounted from where it is', async () => {
    const path = await tinyModel();
    const model = await find(path);
    assert.equal(model.folder, dirname(path));
    assert.deepEqual(model.files, [
      { name: basename(path), sizeBytes: bytes.length, url: null, sha256: null },
    ]);
  });

  it('of this machine that others may not read is known as such', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'llamactl-mode-'));
    try {
      const path = join(folder, 'private.gguf');
      copyFileSync(await tinyModel(), path);
      chmodSync(path, 0o644);
      assert.deepEqual((await findModel(path, { env: {}, trusted: false })).unreadable, []);
      chmodSync(path, 0o640);
      const model = await findModel(path, { env: {}, trusted: false });
      assert.deepEqual(model.unreadable, ['private.gguf']);
      const plan = planDeployment(parseOptions({ model: path }), [model]);
      assert.match(TARGETS['docker-compose'].warnings(plan).join(), /chmod o\+r .*private\.gguf/);
      assert.deepEqual(TARGETS.k8s.warnings(plan), [], "a copy in a volume is the group's");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('that is elsewhere is an error, unless its memory was given', async () => {
    await assert.rejects(
      find('/nowhere/m.gguf'),
      failsWith('model.file-missing', /--model \/nowhere\/m\.gguf --memory/),
    );
    const model = await find('/nowhere/m.gguf', {}, true);
    assert.equal(model.header, null);
    assert.match(model.warnings.join('\n'), /not on this machine/);
  });

  it('whose address holds a password is refused', async () => {
    await assert.rejects(find('https://me:pass@example.com/a.gguf'), (error) => {
      assert.ok(error instanceof LlamactlError && error.exit === 2);
      assert.ok(!error.message.includes('pass@'));
      return true;
    });
  });

  for (const text of ['hf:nonsense', 'https://example.com/', '/tmp']) {
    it(`${text} names none: wrong usage`, async () => {
      await assert.rejects(find(text), (error) => error instanceof LlamactlError && error.exit === 2);
    });
  }
});
