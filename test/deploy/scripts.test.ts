import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeployModel } from '../../src/deploy/model-source.js';
import { parseOptions } from '../../src/deploy/options.js';
import { type DeployPlan, planDeployment } from '../../src/deploy/plan.js';
import { awaitScript, downloadScript, drainScript, healthScript } from '../../src/deploy/scripts.js';
import { type CannedServer, cannedServer, type Route } from '../support/canned-server.js';
import { startServer, type TestServer } from '../support/real-server.js';
import { HUB_MODEL } from './models.js';

const CONTENT = Buffer.from('weights '.repeat(5000));
const SHA256 = createHash('sha256').update(CONTENT).digest('hex');

interface Ended {
  readonly code: number | null;
  readonly text: string;
  readonly seconds: number;
}

/** Runs a script as the container does, with its folders moved into one of ours. */
function runScript(script: string, folder: string): Promise<Ended> {
  const moved = script
    .replaceAll('/models', join(folder, 'models'))
    .replaceAll('/run/secrets', join(folder, 'secrets'))
    .replace(/sleep (\d+)/g, 'sleep 0.2');
  const started = performance.now();
  const child = spawn('/bin/sh', ['-euc', moved], { env: { PATH: process.env['PATH'] }, stdio: 'pipe' });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
    });
  }
  return new Promise((resolve) =>
    child.once('close', (code) => resolve({ code, text, seconds: (performance.now() - started) / 1000 })),
  );
}

/** Serves a file with ranges; the first so many answers break off in the middle. */
function breaking(content: Buffer, breaks: number): Route {
  let left = breaks;
  return (request, response) => {
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const piece = content.subarray(from);
    response.writeHead(from > 0 ? 206 : 200, {
      'content-length': String(piece.length),
      ...(from > 0 ? { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` } : {}),
    });
    if (left-- > 0) {
      response.write(piece.subarray(0, 10_000), () => setTimeout(() => response.destroy(), 50));
      return;
    }
    response.end(piece);
  };
}

async function metricsOf({ url }: TestServer, key: string): Promise<string> {
  const response = await fetch(`${url}/llm/metrics`, { headers: { authorization: `Bearer ${key}` } });
  return response.text();
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 10));
}

describe("the containers' scripts", () => {
  let folder: string;
  let server: CannedServer | undefined;
  const models = () => join(folder, 'models');
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'llamactl-script-'));
    mkdirSync(join(folder, 'models'));
    mkdirSync(join(folder, 'secrets', 'llama'), { recursive: true });
    mkdirSync(join(folder, 'secrets', 'hub'), { recursive: true });
  });
  afterEach(async () => {
    rmSync(folder, { recursive: true, force: true });
    await server?.stop();
    server = undefined;
  });

  const toFetch = (path: string, facts: Partial<DeployModel['files'][number]> = {}): DeployModel => ({
    ...HUB_MODEL,
    files: [
      {
        name: "it's a model.gguf",
        url: `${server?.url}${path}`,
        sizeBytes: CONTENT.length,
        sha256: SHA256,
        ...facts,
      },
    ],
  });
  const fetched = () => readFileSync(join(models(), "it's a model.gguf"));

  it('fetch a model whose download breaks off twice, going on where it stopped', async () => {
    server = await cannedServer({ 'GET /m.gguf': breaking(CONTENT, 2) });
    const { code, text } = await runScript(downloadScript([toFetch('/m.gguf')], false), folder);
    assert.equal(code, 0, text);
    assert.deepEqual(fetched(), CONTENT);
    const ranges = server.requests.map(({ headers }) => headers['range']);
    assert.deepEqual(ranges, [undefined, 'bytes=10000-', 'bytes=20000-']);
  });

  it('fetch nothing that is there already', async () => {
    server = await cannedServer({ 'GET /m.gguf': breaking(CONTENT, 0) });
    const script = downloadScript([toFetch('/m.gguf')], false);
    await runScript(script, folder);
    const { code } = await runScript(script, folder);
    assert.equal(code, 0);
    assert.equal(server.requests.length, 1);
  });

  it('go on with what an earlier container left behind', async () => {
    server = await cannedServer({ 'GET /m.gguf': breaking(CONTENT, 0) });
    writeFileSync(join(models(), "it's a model.gguf.part"), CONTENT.subarray(0, 12_345));
    await runScript(downloadScript([toFetch('/m.gguf')], false), folder);
    assert.deepEqual(fetched(), CONTENT);
    assert.equal(server.requests[0]?.headers['range'], 'bytes=12345-');
  });

  it('fetch once where several containers share a volume', async () => {
    server = await cannedServer({ 'GET /m.gguf': breaking(CONTENT, 1) });
    const script = downloadScript([toFetch('/m.gguf')], false);
    const ended = await Promise.all([1, 2, 3].map(() => runScript(script, folder)));
    assert.deepEqual(
      ended.map(({ code }) => code),
      [0, 0, 0],
    );
    assert.deepEqual(fetched(), CONTENT);
    assert.equal(server.requests.length, 2);
  });

  it('do not take another file for the model', async () => {
    server = await cannedServer({ 'GET /m.gguf': breaking(CONTENT, 0) });
    const { code, text } = await runScript(
      downloadScript([toFetch('/m.gguf', { sha256: 'b'.repeat(64) })], false),
      folder,
    );
    assert.equal(code, 1);
    assert.match(text, /its SHA-256 is wrong/);
    assert.equal(existsSync(join(models(), "it's a model.gguf")), false);
  });

  it('fetch what nobody knows the length of', async () => {
    server = await cannedServer({ 'GET /m.gguf': breaking(CONTENT, 0) });
    const unknown = toFetch('/m.gguf', { sizeBytes: null, sha256: null });
    const { code, text } = await runScript(downloadScript([unknown], false), folder);
    assert.equal(code, 0, text);
    assert.deepEqual(fetched(), CONTENT);
  });

  it('give up, with the address, where there is nothing', async () => {
    server = await cannedServer({});
    const { code, text } = await runScript(
      downloadScript([toFetch('/gone.gguf')], false).replaceAll('30', '3'),
      folder,
    );
    assert.equal(code, 1);
    assert.match(text, /cannot fetch http:.*\/gone\.gguf/);
  });

  it("bring the hub's token without showing it in the process list", async () => {
    server = await cannedServer({ 'GET /m.gguf': breaking(CONTENT, 0) });
    writeFileSync(join(folder, 'secrets', 'hub', 'token'), 'hf_secret\n');
    const script = downloadScript([toFetch('/m.gguf')], true);
    await runScript(script, folder);
    assert.equal(server.requests[0]?.headers['authorization'], 'Bearer hf_secret');
    assert.ok(!/curl[^|\n]*bearer/.test(script), 'not an argument of curl');
  });

  it('wait until a model was copied, then check it once', async () => {
    const script = awaitScript([toFetch('')], 'model');
    const path = join(models(), "it's a model.gguf");
    const ended = runScript(script, folder);
    writeFileSync(path, CONTENT.subarray(0, 100));
    await new Promise((resolve) => setTimeout(resolve, 300));
    writeFileSync(path, CONTENT);
    const { code, text } = await ended;
    assert.equal(code, 0, text);
    assert.match(text, /kubectl cp/);
    assert.ok(existsSync(`${path}.checked`));
  });

  it('do not take a spoiled copy', async () => {
    writeFileSync(join(models(), "it's a model.gguf"), Buffer.alloc(CONTENT.length));
    const { code } = await runScript(awaitScript([toFetch('')], 'model'), folder);
    assert.equal(code, 1);
  });

  const planOf = (port: number, more: Record<string, unknown> = {}) =>
    planDeployment(parseOptions({ model: HUB_MODEL.given, port, ...more }), [HUB_MODEL]);

  describe('that drain a real server', () => {
    const args = ['-c', '32768', '-np', '2', '-t', '1', '--metrics'];
    let real: TestServer;
    let plan: DeployPlan;
    beforeEach(async () => {
      writeFileSync(join(folder, 'secrets', 'llama', 'api-key'), '# the team\nsecret-key\n');
      real = await startServer({
        args: [...args, '--api-key', 'secret-key', '--api-prefix', '/llm'],
        prefix: '/llm',
      });
      plan = planOf(real.port, { apiKeySecret: 'llama-key', apiPrefix: '/llm' });
    });
    afterEach(() => real.stop());

    /** Asks for so many tokens. @returns how many came */
    const ask = async (tokens: number, signal?: AbortSignal): Promise<number> => {
      const response = await fetch(`${real.url}/llm/completion`, {
        method: 'POST',
        headers: { authorization: 'Bearer secret-key' },
        body: JSON.stringify({ prompt: 'Hello', n_predict: tokens, ignore_eos: true, temperature: 0 }),
        ...(signal === undefined ? {} : { signal }),
      });
      return JSON.parse(await response.text()).tokens_predicted;
    };
    const busy = async () => {
      while (!/requests_processing [12]/.test(await metricsOf(real, 'secret-key'))) await nextTurn();
    };

    it('let all answers end, those that wait for a slot too, before it is told to stop', async () => {
      const answers: number[] = [];
      const asked = Array.from({ length: 5 }, () => ask(600).then((tokens) => answers.push(tokens)));
      await busy();
      const { code, text } = await runScript(drainScript(plan), folder);
      assert.equal(code, 0, text);
      assert.equal(text, '', 'the metrics were to be had');
      assert.equal(/requests_(?:processing|deferred) [1-9]/.test(await metricsOf(real, 'secret-key')), false);
      await real.stop('SIGTERM');
      await Promise.all(asked);
      assert.deepEqual(answers, [600, 600, 600, 600, 600], 'no answer was cut off');
    });

    it('end inside their bound, whatever is still answered', async () => {
      const gone = new AbortController();
      const endless = ask(16_000, gone.signal).then(
        () => 'answered',
        () => 'gone',
      );
      await busy();
      const { code, seconds } = await runScript(drainScript({ ...plan, drainSeconds: 1 }), folder);
      assert.equal(code, 0);
      assert.match(await metricsOf(real, 'secret-key'), /requests_processing 1/, 'it was not waited for');
      assert.ok(seconds < 60, `${seconds} s`);
      gone.abort();
      assert.equal(await endless, 'gone');
    });

    it('bring the key, without which nothing is known of its health', async () => {
      assert.equal((await runScript(healthScript(plan), folder)).code, 0);
      writeFileSync(join(folder, 'secrets', 'llama', 'api-key'), 'wrong\n');
      assert.notEqual((await runScript(healthScript(plan), folder)).code, 0);
    });
  });

  it('do not hold up the stop of a server that is dead', async () => {
    const { code, seconds } = await runScript(drainScript(planOf(1024)), folder);
    assert.equal(code, 0);
    assert.ok(seconds < 60, `${seconds} s`);
  });
});
