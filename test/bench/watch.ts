// What watching costs: memory after 10,000 looks at a server of the same process, without pause, beside the first 1,000; and
// the time that a look, a line and a picture of 60 servers take. Run: node --expose-gc --import tsx test/bench/watch.ts [TICKS=10000]

import { LlamaCppClient } from '../../src/client/llama-client.js';
import { renderFrame } from '../../src/render/watch/frame.js';
import { emptyScreen } from '../../src/render/watch/screen.js';
import { addTick, NO_HISTORY } from '../../src/services/monitor/history.js';
import { watchServers } from '../../src/services/monitor/watch.js';
import { simulatedFleet } from '../captures/simulated-fleet.js';

const TICKS = Number(process.argv[2] ?? 10_000);
const [server, ...others] = await simulatedFleet(2);
if (server === undefined || global.gc === undefined) throw new Error('run it with --expose-gc');
const client = new LlamaCppClient({ baseUrl: server.url });
const leave = new AbortController();
let history = NO_HISTORY;
let ticks = 0;
let pictures = 0;
let first = 0;
const started = performance.now();
for await (const tick of watchServers([{ client, target: 'gpu1' }], { intervalMs: 1 }, leave.signal)) {
  history = addTick(history, tick);
  const before = performance.now();
  renderFrame({ ...emptyScreen(1000), tick, history }, { columns: 200, rows: 50 });
  pictures += performance.now() - before;
  ticks++;
  // What the stand-in for a server remembers of its requests is no cost of watching.
  (server.requests as unknown[]).length = 0;
  if (ticks === 1000) first = heap();
  if (ticks === TICKS) break;
}
leave.abort();
const grown = heap() - first;
const took = performance.now() - started;
print(
  `${TICKS} looks in ${(took / 1000).toFixed(1)} s, ${(took / TICKS).toFixed(2)} ms each, picture ${(pictures / TICKS).toFixed(2)} ms`,
);
print(
  `heap after 1,000: ${mib(first)} MiB; after ${TICKS}: ${mib(first + grown)} MiB (${grown >= 0 ? '+' : ''}${mib(grown)})`,
);
await client.destroy();
await Promise.all([server, ...others].map((each) => each.stop()));

function heap(): number {
  global.gc?.();
  global.gc?.();
  return process.memoryUsage().heapUsed;
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
