import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseOptions } from '../../src/deploy/options.js';
import { planDeployment } from '../../src/deploy/plan.js';
import { TARGETS } from '../../src/deploy/targets.js';
import { freePort, startServer, type TestServer } from '../support/real-server.js';
import { hasValidator, VALIDATORS } from '../support/validators.js';
import { HUB_MODEL } from './models.js';

const KEY = 'a-key';
const HEADERS = { authorization: `Bearer ${KEY}` };
const NAMES = ['first', 'second', 'third'];
const ARGS = ['-c', '32768', '-np', '2', '-t', '1', '--metrics', '--api-key', KEY];
/** So many answers may come in one piece because this process was too slow to see their pieces. */
const MOST_TRIES = 50;

/** The generated configuration, the containers' addresses and folders moved to ours. */
function configOf(loadBalancer: string, port: number, servers: readonly TestServer[], folder: string) {
  const options = parseOptions({
    model: HUB_MODEL.given,
    replicas: servers.length,
    loadBalancer,
    port,
    apiKeySecret: 'key',
  });
  const plan = planDeployment(options, [HUB_MODEL]);
  const [, config] = TARGETS['docker-compose'].files(plan, { explain: false });
  assert.ok(config);
  return servers.reduce(
    (text, server, index) => text.replaceAll(`llama-${index + 1}:${port}`, `127.0.0.1:${server.port}`),
    config.content.replaceAll(' /tmp/', ` ${folder}/`),
  );
}

/** What came, and which server says that it has answered. */
async function ask(url: string, tokens: number, signal?: AbortSignal) {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: HEADERS,
    body: JSON.stringify({
      messages: [{ role: 'user', content: 'Hi' }],
      stream: true,
      max_tokens: tokens,
      ignore_eos: true,
    }),
    ...(signal === undefined ? {} : { signal }),
  });
  assert.equal(response.status, 200);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  assert.ok(reader);
  const first = await reader.read();
  const rest = async () => {
    const pieces = [first.value ?? ''];
    for (let next = await reader.read(); !next.done; next = await reader.read()) pieces.push(next.value);
    return pieces;
  };
  return { server: /"model":"(\w+)"/.exec(first.value ?? '')?.[1], rest };
}

/** Whether any of some short answers comes in pieces: one that is kept until it is whole never does. */
async function isStreamed(url: string): Promise<boolean> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const pieces = await (await ask(url, 10)).rest();
    assert.match(pieces.join(''), /\[DONE\]/);
    if (pieces.length > 2) return true;
  }
  return false;
}

for (const program of ['haproxy', 'nginx'] as const) {
  describe(`the generated ${program} before three real servers`, function () {
    if (!hasValidator(program)) return;
    this.timeout(60_000);
    let folder: string;
    let servers: TestServer[];
    let balancer: { readonly child: ChildProcess; readonly url: string };

    /** Starts it, and waits until it passes requests on. */
    async function start() {
      const port = await freePort();
      const file = join(folder, `${program}.conf`);
      writeFileSync(file, configOf(program, port, servers, folder));
      const args = program === 'haproxy' ? ['-db', '-f', file] : ['-c', file, '-g', 'daemon off;'];
      const child = spawn(VALIDATORS[program], args, { stdio: ['ignore', 'pipe', 'pipe'] });
      let log = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => {
          log += chunk.toString();
        });
      const url = `http://127.0.0.1:${port}`;
      while ((await fetch(`${url}/health`).catch(() => null))?.status !== 200) {
        assert.equal(child.exitCode, null, log);
        await sleep(20);
      }
      return { child, url };
    }

    before(async () => {
      folder = mkdtempSync(join(tmpdir(), 'llamactl-balancer-'));
      // nginx started by root works as nobody.
      chmodSync(folder, 0o755);
      servers = await Promise.all(NAMES.map((name) => startServer({ args: [...ARGS, '--alias', name] })));
      balancer = await start();
    });
    after(async () => {
      if (balancer !== undefined && balancer.child.exitCode === null) {
        balancer.child.kill('SIGTERM');
        await once(balancer.child, 'exit');
      }
      await Promise.all((servers ?? []).map((server) => server.stop()));
      rmSync(folder, { recursive: true, force: true });
    });

    it('passes tokens on as they come', async () => {
      assert.ok(await isStreamed(balancer.url));
    });

    it('loses no request, though llama-server closes each connection after its stream', async () => {
      for (let index = 0; index < 60; index++) await (await ask(balancer.url, 2)).rest();
    });

    it('passes the key on, and lets nobody in without it', async () => {
      const props = async (headers: Record<string, string>) =>
        (await fetch(`${balancer.url}/props`, { headers })).status;
      assert.equal(await props(HEADERS), 200);
      assert.equal(await props({}), 401);
      assert.equal(await props({ authorization: 'Bearer another' }), 401);
    });

    it('sends requests to the server that answers fewest', async () => {
      const gone = new AbortController();
      const busy = [
        await ask(balancer.url, 16_000, gone.signal),
        await ask(balancer.url, 16_000, gone.signal),
      ];
      const free = NAMES.filter((name) => !busy.some(({ server }) => server === name));
      assert.equal(free.length, 1, 'the two long answers are of two servers');
      const counts = new Map<string | undefined, number>();
      for (let index = 0; index < 9; index++) {
        const { server, rest } = await ask(balancer.url, 5);
        await rest();
        counts.set(server, (counts.get(server) ?? 0) + 1);
      }
      gone.abort();
      // By turns it would be three.
      assert.ok((counts.get(free[0]) ?? 0) >= 6, JSON.stringify([...counts]));
    });

    it('answers every request after the death of one', async () => {
      await servers[1]?.stop('SIGKILL');
      const answered = await Promise.all(
        Array.from({ length: 12 }, async () => {
          const { server, rest } = await ask(balancer.url, 20);
          assert.match((await rest()).join(''), /\[DONE\]/);
          return server;
        }),
      );
      assert.deepEqual([...new Set(answered)].sort(), ['first', 'third']);
    });
  });
}
