// What several servers behind one client give and cost: chats a second and how evenly they are spread over three real servers,
// also with one of them killed and started again under load; and the CPU time that choosing costs a request.
// Run: node --import tsx test/bench/balance.ts [REQUESTS=600]   (after npm run build: the library is measured as it is shipped)
import { cannedServer, LLAMA_HEADERS } from '../support/canned-server.js';
import { startServer } from '../support/real-server.js';

const { LlamaCppClient } = (await import(
  new URL('../../dist/index.js', import.meta.url).href
)) as typeof import('../../src/index.js');

const REQUESTS = Number(process.argv[2] ?? 600);
const CONCURRENCY = 9;
const ARGS = ['-c', '8192', '-np', '4'];

const three = await Promise.all([1, 2, 3].map(() => startServer({ args: ARGS })));
const urls = three.map(({ url }) => url);
const [victim] = three;

print(`${REQUESTS} chats, every second one streamed, ${CONCURRENCY} at once`);
await load('one server', urls.slice(0, 1));
await load('three servers', urls);
await load('three, one killed and back', urls, async () => {
  if (victim === undefined) return;
  await victim.stop('SIGKILL');
  three.push(await startServer({ port: victim.port, args: ARGS }));
});
await Promise.all(three.map((server) => server.stop()));
await overhead();

async function load(name: string, baseUrls: readonly string[], disturb?: () => Promise<void>): Promise<void> {
  const client = new LlamaCppClient({ baseUrls, timeout: 30_000 });
  const counts = new Map(baseUrls.map((url) => [url, 0]));
  client.on('exchange', ({ url, status }) => {
    const { origin, pathname } = new URL(url);
    if (pathname === '/v1/chat/completions' && status === 200)
      counts.set(origin, (counts.get(origin) ?? 0) + 1);
  });
  let next = 0;
  let lost = 0;
  let cut = 0;
  let disturbed: Promise<void> | undefined;
  const work = async () => {
    for (let index = next++; index < REQUESTS; index = next++) {
      if (index === Math.floor(REQUESTS / 4)) disturbed = disturb?.();
      const messages = [{ role: 'user' as const, content: `Question ${index}` }];
      const options = { temperature: 0, maxTokens: 48 };
      try {
        if (index % 2 === 0) await client.chat(messages, [], options);
        else
          for await (const event of client.chatStream(messages, [], options))
            if (event.type === 'finish') break;
      } catch (error) {
        const { details } = error as { readonly details?: Readonly<Record<string, unknown>> };
        if (details?.['visible'] === true) cut++;
        else lost++;
      }
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  const seconds = (performance.now() - started) / 1000;
  await disturbed;
  await client.destroy();
  const all = [...counts.values()];
  const mean = all.reduce((sum, count) => sum + count, 0) / all.length;
  const uneven = Math.max(...all.map((count) => Math.abs(count - mean) / mean));
  print(
    [
      name.padEnd(28),
      `${(REQUESTS / seconds).toFixed(0)} a second`.padStart(14),
      `lost ${lost}, cut ${cut}`.padStart(16),
      `  ${all.join(' / ')} (${(uneven * 100).toFixed(1)} % from even)`,
    ].join(''),
  );
}

/** CPU time of a small request to one server and to three of its kind, which answer from memory. */
async function overhead(): Promise<void> {
  const routes = {
    'GET /props': { body: { total_slots: 4, build_info: 'b1', is_sleeping: false, endpoint_slots: true } },
    'GET /v1/models': { body: { data: [{ id: 'tiny' }] } },
    'GET /slots': { body: [] },
    'POST /tokenize': { body: { tokens: [] } },
  };
  const servers = await Promise.all([1, 2, 3].map(() => cannedServer(routes, LLAMA_HEADERS)));
  const [first] = servers;
  const clients = {
    'one server': new LlamaCppClient({ baseUrl: first?.url ?? '' }),
    'three servers': new LlamaCppClient({ baseUrls: servers.map(({ url }) => url) }),
  };
  const times = new Map<string, number[]>();
  for (let round = 0; round < 7; round++) {
    for (const [name, client] of Object.entries(clients)) {
      const before = process.cpuUsage();
      for (let index = 0; index < 1000; index++) await client.tokenize({ content: 'Hello' });
      const { user, system } = process.cpuUsage(before);
      times.set(name, [...(times.get(name) ?? []), (user + system) / 1000]);
    }
  }
  print('CPU time of a request, server included, median of 7 rounds of 1,000');
  for (const [name, values] of times) {
    const median = [...values].sort((a, b) => a - b)[3] ?? Number.NaN;
    print(`${name.padEnd(28)}${`${median.toFixed(0)} µs`.padStart(14)}`);
  }
  await Promise.all(Object.values(clients).map((client) => client.destroy()));
  await Promise.all(servers.map((server) => server.stop()));
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
