// The generated load balancers before three real llama-servers: does the first token come as soon as without, are the
// requests spread, is the key passed on, does one server's death go unnoticed.
// Run: node --import tsx test/bench/balancers.ts   (needs haproxy and nginx: apt-get install haproxy nginx-light)
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseOptions } from '../../src/deploy/options.js';
import { planDeployment } from '../../src/deploy/plan.js';
import { TARGETS } from '../../src/deploy/targets.js';
import { HUB_MODEL } from '../deploy/models.js';
import { freePort, startServer, type TestServer } from '../support/real-server.js';

const KEY = 'a-key';
const SERVERS = 3;
const RUNS = 15;
const headers = { authorization: `Bearer ${KEY}` };
const folder = mkdtempSync(join(tmpdir(), 'llamactl-balancer-'));

/** Milliseconds to the first piece of a streamed answer, and how many pieces it comes in. */
async function stream(url: string): Promise<{ firstMs: number; pieces: number; status: number }> {
  const started = performance.now();
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ messages: [{ role: 'user', content: 'Hi' }], stream: true, max_tokens: 40 }),
  });
  let firstMs = 0;
  let pieces = 0;
  for await (const _ of response.body ?? []) {
    if (pieces++ === 0) firstMs = performance.now() - started;
  }
  return { firstMs, pieces, status: response.status };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

async function decodesOf(server: TestServer): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`, { headers })).text();
  return Number(/n_decode_total (\d+)/.exec(text)?.[1]);
}

for (const loadBalancer of ['haproxy', 'nginx']) {
  const args = ['-c', '2048', '-np', '2', '-t', '1', '--metrics', '--api-key', KEY];
  const servers = await Promise.all(Array.from({ length: SERVERS }, () => startServer({ args })));
  const port = await freePort();
  const options = parseOptions({
    model: HUB_MODEL.given,
    replicas: SERVERS,
    loadBalancer,
    port,
    apiKeySecret: 'key',
  });
  const [, config] = TARGETS['docker-compose'].files(planDeployment(options, [HUB_MODEL]), {
    explain: false,
  });
  const file = join(folder, config?.path ?? '');
  const text = servers.reduce(
    (sofar, server, index) => sofar.replaceAll(`llama-${index + 1}:${port}`, `127.0.0.1:${server.port}`),
    config?.content ?? '',
  );
  writeFileSync(file, text);
  const child = spawn(
    loadBalancer,
    loadBalancer === 'haproxy' ? ['-db', '-f', file] : ['-c', file, '-g', 'daemon off;'],
    { stdio: ['ignore', 'ignore', 'ignore'] },
  );
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const url = `http://127.0.0.1:${port}`;
  const direct: number[] = [];
  const through: number[] = [];
  let pieces = 0;
  for (let run = 0; run < RUNS; run++) {
    direct.push((await stream(servers[0]?.url ?? '')).firstMs);
    const answer = await stream(url);
    through.push(answer.firstMs);
    pieces = Math.max(pieces, answer.pieces);
  }
  const before = await Promise.all(servers.map(decodesOf));
  await Promise.all(Array.from({ length: SERVERS * 6 }, () => stream(url)));
  const spread = (await Promise.all(servers.map(decodesOf))).map(
    (count, index) => count - (before[index] ?? 0),
  );
  const { status } = await fetch(`${url}/props`);
  await servers[1]?.stop();
  const after = await Promise.all(Array.from({ length: 12 }, () => stream(url)));
  process.stdout.write(
    `${loadBalancer.padEnd(8)} first token ${median(direct).toFixed(1)} ms direct, ${median(through).toFixed(1)} ms through · ${pieces} pieces · spread ${spread.join('/')} · without a key ${status} · after a death ${after.filter((each) => each.status === 200).length} of ${after.length} answered\n`,
  );
  child.kill('SIGTERM');
  await Promise.all(servers.map((server) => server.stop()));
}
rmSync(folder, { recursive: true, force: true });
