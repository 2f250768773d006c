// Is what `llamactl bench` calls a server's most what the server can do? Requests a second of the same whole-answer request, at the
// same concurrency, by llamactl bench and by wrk (and autocannon, where it is installed), on a real llama-server: medians of
// alternating runs, as a ratio. Goal: at least 0.97 of the quickest.
// Run: node --import tsx test/bench/saturation.ts [RUNS=5] [SECONDS=5]   (after npm run build; apt-get install wrk)
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BIN } from '../support/cli.js';
import { startServer } from '../support/real-server.js';

const [runs = 5, seconds = 5] = process.argv.slice(2).map(Number);
const CONCURRENCY = 4;
const MAX_TOKENS = 16;
const PROMPT = 'Say something long about nothing at all, and then about everything else.';
const folder = mkdtempSync(join(tmpdir(), 'llamactl-saturation-'));

/** Requests a second of one run; null where the tool is not there. */
type Measure = (url: string) => Promise<number | null>;

function output(command: string, args: readonly string[]): Promise<string | null> {
  return new Promise((resolve) =>
    execFile(command, [...args], { maxBuffer: 2 ** 26 }, (error, out) =>
      resolve(error === null ? out : null),
    ),
  );
}

/** What `llamactl bench` sends, to the letter. */
const body = JSON.stringify({
  messages: [{ role: 'user', content: PROMPT }],
  temperature: 0,
  ignore_eos: true,
  max_tokens: MAX_TOKENS,
});
const script = join(folder, 'post.lua');
writeFileSync(
  script,
  `wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\nwrk.body = [==[${body}]==]\n`,
);
const prompts = join(folder, 'prompts.txt');
writeFileSync(prompts, PROMPT);

const TOOLS: Readonly<Record<string, Measure>> = {
  'llamactl bench': async (url) => {
    const flags = ['-c', String(CONCURRENCY), '-d', `${seconds}s`, '--max-tokens', String(MAX_TOKENS)];
    const what = ['--prompts', prompts, '--ignore-eos', '--no-stream', '--warm-up', '4', '--json'];
    const out = await output(process.execPath, [BIN, 'bench', '--url', url, ...flags, ...what]);
    if (out === null) throw new Error('llamactl bench failed');
    return JSON.parse(out).requestsPerSecond;
  },
  wrk: async (url) => {
    const flags = ['-t1', `-c${CONCURRENCY}`, `-d${seconds}s`, '--timeout', '30s', '-s', script];
    const out = await output('wrk', [...flags, `${url}/v1/chat/completions`]);
    return out === null ? null : Number(/Requests\/sec:\s+([\d.]+)/.exec(out)?.[1]);
  },
  autocannon: async (url) => {
    if (spawnSync('autocannon', ['--version']).status !== 0) return null;
    const flags = ['-c', String(CONCURRENCY), '-d', String(seconds), '-m', 'POST', '--json', '-b', body];
    const header = ['-H', 'content-type=application/json'];
    const out = await output('autocannon', [...flags, ...header, `${url}/v1/chat/completions`]);
    return out === null ? null : JSON.parse(out).requests.average;
  },
};

const median = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const server = await startServer({ args: ['-c', '8192', '-np', String(CONCURRENCY)] });
const rates = new Map(Object.keys(TOOLS).map((name) => [name, [] as number[]]));
try {
  for (let run = 0; run < runs; run++) {
    for (const [name, measure] of Object.entries(TOOLS)) {
      const rate = await measure(server.url);
      if (rate !== null) rates.get(name)?.push(rate);
    }
  }
} finally {
  await server.stop();
  rmSync(folder, { recursive: true });
}
const own = median(rates.get('llamactl bench') ?? []);
process.stdout.write(
  `${CONCURRENCY} at a time, medians of ${runs} runs of ${seconds} s, requests a second\n`,
);
for (const [name, values] of rates) {
  const ratio =
    values.length === 0 ? 'not here' : `llamactl bench is at ${(own / median(values)).toFixed(3)} of it`;
  process.stdout.write(`${name.padEnd(16)} ${median(values).toFixed(1).padStart(8)}  ${ratio}\n`);
}
