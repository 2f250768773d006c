// CPU time to consume a streamed chat, as a ratio to undici + eventsource-parser + JSON.parse alone, with the `openai` package
// for comparison. The server is a process of its own; each measurement too, warmed up. Medians of alternating runs.
// Run: node --import tsx test/bench/stream.ts [RUNS=7]   (after npm run build: the library is measured as it is shipped)
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

const CHUNKS = 200_000;
const WARM_UP = 20_000;
/** Bytes a write: some 80 chunks, and not at their edges. */
const WRITE = 16_384;
const MESSAGES = [{ role: 'user' as const, content: 'Say something long' }];
const SELF = fileURLToPath(import.meta.url);

type Consume = (url: string, chunks: number) => Promise<number>;

/** Each consumer answers with how many characters of content it saw. */
const CONSUMERS: Readonly<Record<string, () => Promise<Consume>>> = {
  'undici + eventsource-parser + JSON.parse': async () => {
    const [{ request }, { createParser }] = await Promise.all([
      import('undici'),
      import('eventsource-parser'),
    ]);
    return async (url, chunks) => {
      let seen = 0;
      const parser = createParser({
        onEvent: ({ data }) => {
          if (data === '[DONE]') return;
          const chunk = JSON.parse(data);
          seen += chunk.choices[0]?.delta.content?.length ?? 0;
        },
      });
      const decoder = new TextDecoder();
      const { body } = await request(`${url}/v1/chat/completions`, {
        method: 'POST',
        body: JSON.stringify({ stream: true, max_tokens: chunks, messages: MESSAGES }),
        headers: { 'content-type': 'application/json' },
      });
      for await (const bytes of body) parser.feed(decoder.decode(bytes, { stream: true }));
      return seen;
    };
  },
  llamactl: async () => {
    const { LlamaCppClient } = (await import(
      new URL('../../dist/index.js', import.meta.url).href
    )) as typeof import('../../src/index.js');
    return async (url, chunks) => {
      const client = new LlamaCppClient({ baseUrl: url });
      let seen = 0;
      for await (const event of client.chatStream(MESSAGES, [], { maxTokens: chunks }))
        if (event.type === 'content') seen += event.text.length;
      await client.destroy();
      return seen;
    };
  },
  openai: async () => {
    const { default: OpenAI } = await import('openai');
    return async (url, chunks) => {
      const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none' });
      let seen = 0;
      const stream = await client.chat.completions.create({
        model: 'tiny',
        messages: MESSAGES,
        stream: true,
        max_tokens: chunks,
      });
      for await (const chunk of stream) seen += chunk.choices[0]?.delta.content?.length ?? 0;
      return seen;
    };
  },
};

const [mode, ...args] = process.argv.slice(2);
if (mode === 'serve') serve();
else if (mode === 'consume') await consume(args[0] ?? '', args[1] ?? '');
else await compare(Number(mode ?? 7));

/** A chat of `max_tokens` chunks, word for word as llama-server v0.6.0 writes them. */
function serve(): void {
  const chunk = (delta: object, finish: string | null) =>
    `data: ${JSON.stringify({ choices: [{ finish_reason: finish, index: 0, delta }], created: 1764000000, id: 'chatcmpl-Zq1dGLDvWnSZ9xk3vYk7l2bXU1o2vVwR', model: 'tiny', system_fingerprint: 'b11434-unknown', object: 'chat.completion.chunk' })}\n\n`;
  const words = ['The', ' server', ' answers', ' each', ' request', ' in', ' order', '.'].map((content) =>
    chunk({ content }, null),
  );
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(Buffer.from(part));
    const { max_tokens: chunks } = JSON.parse(Buffer.concat(parts).toString('utf8'));
    response.writeHead(200, { 'content-type': 'text/event-stream', server: 'llama.cpp' });
    let text = chunk({ role: 'assistant', content: null }, null);
    for (let sent = 0; sent < chunks; ) {
      while (text.length < WRITE && sent < chunks) text += words[sent++ % words.length];
      if (!response.write(text.slice(0, WRITE))) await once(response, 'drain');
      text = text.slice(WRITE);
    }
    response.end(`${text}${chunk({}, 'stop')}data: [DONE]\n\n`);
  });
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    process.send?.(typeof address === 'object' && address !== null ? address.port : 0);
  });
}

async function consume(name: string, url: string): Promise<void> {
  const run = await CONSUMERS[name]?.();
  if (run === undefined) throw new Error(`no consumer ${name}`);
  await run(url, WARM_UP);
  const before = process.cpuUsage();
  const seen = await run(url, CHUNKS);
  const { user, system } = process.cpuUsage(before);
  process.send?.({ ms: (user + system) / 1000, seen });
  process.disconnect();
}

async function compare(runs: number): Promise<void> {
  const server = fork(SELF, ['serve']);
  const [port] = await once(server, 'message');
  const url = `http://127.0.0.1:${port}`;
  const times = new Map(Object.keys(CONSUMERS).map((name) => [name, [] as number[]]));
  let expected: number | undefined;
  for (let run = 0; run < runs; run++) {
    for (const [name, values] of times) {
      const child = fork(SELF, ['consume', name, url]);
      const [[{ ms, seen }]] = await Promise.all([once(child, 'message'), once(child, 'exit')]);
      expected ??= seen;
      if (seen !== expected) throw new Error(`${name} saw ${seen} characters, not ${expected}`);
      values.push(ms);
    }
  }
  server.kill();
  const median = (values: readonly number[]) =>
    [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
  const bare = median(times.values().next().value ?? []);
  process.stdout.write(
    `CPU time for ${CHUNKS.toLocaleString('en')} chunks, medians of ${runs} runs, Node ${process.version}\n`,
  );
  for (const [name, values] of times) {
    const ms = median(values);
    const each = (1000 * ms) / CHUNKS;
    process.stdout.write(
      `${name.padEnd(42)} ${ms.toFixed(0).padStart(6)} ms  ${each.toFixed(2).padStart(6)} µs a chunk  ratio ${(ms / bare).toFixed(2)}\n`,
    );
  }
}
