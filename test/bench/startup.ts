// How long `llamactl health` takes against a live server, as a ratio to `node -e 0`: medians of alternating runs, and the
// fastest of them, which a busy machine disturbs least. In an empty environment, and, where NODE_EXTRA_CA_CERTS is set, with
// it too: Node reads that file at every start, which changes what the ratio means.
// Run: node --import tsx test/bench/startup.ts [RUNS=15]   (after npm run build)
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer } from '../support/real-server.js';

const RUNS = Number(process.argv[2] ?? 15);
const home = mkdtempSync(join(tmpdir(), 'llamactl-bench-'));
const server = await startServer({ args: ['-c', '512', '-np', '1'] });
const programs: Readonly<Record<string, readonly string[]>> = {
  'node -e 0': ['-e', '0'],
  'llamactl health': ['bin/run.js', 'health', '--url', server.url],
  'llamactl --version': ['bin/run.js', '--version'],
};

const empty = { PATH: process.env['PATH'] ?? '', HOME: home, NO_COLOR: '1' };
compare('an empty environment', empty);
const certificates = process.env['NODE_EXTRA_CA_CERTS'];
if (certificates) compare('NODE_EXTRA_CA_CERTS set', { ...empty, NODE_EXTRA_CA_CERTS: certificates });
await server.stop();
rmSync(home, { recursive: true, force: true });

function compare(name: string, env: Readonly<Record<string, string>>): void {
  const times = new Map(Object.keys(programs).map((program) => [program, [] as number[]]));
  for (const args of Object.values(programs)) spawnSync(process.execPath, args, { env });
  for (let run = 0; run < RUNS; run++) {
    for (const [program, args] of Object.entries(programs)) times.get(program)?.push(time(args, env));
  }
  const bare = times.get('node -e 0') ?? [];
  process.stdout.write(`${name}, ${RUNS} runs each, Node ${process.version}\n`);
  process.stdout.write(`${' '.repeat(20)}  median  ratio   fastest  ratio\n`);
  for (const [program, values] of times) {
    const [middle, best] = [median(values), Math.min(...values)];
    const cells = [
      `${middle.toFixed(0)} ms`.padStart(8),
      (middle / median(bare)).toFixed(2).padStart(7),
      `${best.toFixed(0)} ms`.padStart(10),
      (best / Math.min(...bare)).toFixed(2).padStart(7),
    ];
    process.stdout.write(`${program.padEnd(20)}${cells.join('')}\n`);
  }
}

function time(args: readonly string[], env: Readonly<Record<string, string>>): number {
  const started = performance.now();
  execFileSync(process.execPath, args, { env, stdio: 'ignore' });
  return performance.now() - started;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
