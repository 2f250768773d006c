// How long `llamactl health` takes over many servers, and how much memory, beside `curl --parallel` on the same list. Each
// server has an address of its own (127.0.x.y), so that no connection is shared. curl asks /health alone; llamactl also asks
// /props, which tells whether a key is right and whether the model sleeps: twice the requests.
// Run: node --import tsx test/bench/fleet.ts [SERVERS=1000] [RUNS=5]   (after npm run build)
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

const SERVERS = Number(process.argv[2] ?? 1000);
const RUNS = Number(process.argv[3] ?? 5);
const PORT = 18_080;
const ANSWERS: Readonly<Record<string, unknown>> = {
  '/health': { status: 'ok' },
  '/props': { build_info: 'b10434-bench', total_slots: 1, default_generation_settings: { n_ctx: 4096 } },
};

const addresses = Array.from({ length: SERVERS }, (_, index) => `127.1.${index >> 8}.${index & 255}`);
const folder = mkdtempSync(join(tmpdir(), 'llamactl-fleet-'));
const list = join(folder, 'servers.txt');
const curlList = join(folder, 'curl.txt');
writeFileSync(list, addresses.map((address) => `http://${address}:${PORT}\n`).join(''));
writeFileSync(
  curlList,
  addresses.map((address) => `url = "http://${address}:${PORT}/health"\noutput = /dev/null\n`).join(''),
);
const servers = await Promise.all(addresses.map(listen));
const programs: Readonly<Record<string, readonly string[]>> = {
  'curl --parallel': ['curl', '--parallel', '--parallel-max', '64', '--silent', '--config', curlList],
  'llamactl health': [process.execPath, 'bin/run.js', 'health', '--url', `@${list}`],
};
const times = new Map<string, number[]>();
const memory = new Map<string, number[]>();
for (let run = 0; run < RUNS; run++) {
  for (const [name, command] of Object.entries(programs)) {
    const { seconds, kilobytes } = await measure(command);
    times.set(name, [...(times.get(name) ?? []), seconds]);
    memory.set(name, [...(memory.get(name) ?? []), kilobytes / 1024]);
  }
}
const base = median(times.get('curl --parallel') ?? []);
process.stdout.write(`${SERVERS} servers, ${RUNS} runs each, medians\n`);
for (const name of Object.keys(programs)) {
  const middle = median(times.get(name) ?? []);
  process.stdout.write(
    `${name.padEnd(18)}${middle.toFixed(2).padStart(7)} s  ratio ${(middle / base).toFixed(2)}  ${median(memory.get(name) ?? []).toFixed(0)} MB\n`,
  );
}
for (const server of servers) server.close().closeAllConnections();
rmSync(folder, { recursive: true, force: true });

async function listen(address: string): Promise<Server> {
  const server = createServer(({ url }, response) => {
    response
      .writeHead(200, { 'content-type': 'application/json', server: 'llama.cpp' })
      .end(JSON.stringify(ANSWERS[url ?? ''] ?? {}));
  }).listen(PORT, address);
  await once(server, 'listening');
  return server;
}

/** GNU time's figures, from a thread of its own so that the servers go on answering here. */
async function measure(command: readonly string[]): Promise<{ seconds: number; kilobytes: number }> {
  const code = `
    const { spawnSync } = require('node:child_process');
    const { parentPort, workerData } = require('node:worker_threads');
    const { stderr } = spawnSync('/usr/bin/time', ['-f', '%e %M', ...workerData], { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] });
    parentPort.postMessage(stderr.trim().split('\\n').at(-1));`;
  const worker = new Worker(code, { eval: true, workerData: [...command] });
  const [text] = (await once(worker, 'message')) as [string];
  const [seconds = Number.NaN, kilobytes = Number.NaN] = text.split(' ').map(Number);
  return { seconds, kilobytes };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

if (spawnSync('curl', ['--version']).status !== 0) throw new Error('curl is not here');
