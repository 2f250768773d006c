// Is what `llamactl bench` calls a server's most what the server can do? Requests a second of the same whole-answer request, at the
// same concurrency, by llamactl bench and by wrk (and autocannon, where it is installed), on a real llama-server: the median of
// the ratios of each round, whose tools take turns at being first, since machines are noisy. Goal: at least 0.97.
// Run: node --import tsx test/bench/saturation.ts [ROUNDS=9] [SECONDS=4]   (after npm run build; apt-get install wrk)
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BIN } from '../support/cli.js';
import { startServer } from '../support/real-server.js';

const [rounds = 9, seconds = 4] = process.argv.slice(2).map(Number);
/** More than there are slots, so that the server never waits for its clients. */
const CONCURRENCY = 8;
const SLOTS = 4;
const MAX_TOKENS = 64;
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

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const OWN = 'llamactl bench';
const server = await startServer({ args: ['-c', '8192', '-np', String(SLOTS)] });
const all: ReadonlyMap<string, number>[] = [];
try {
  for (let round = 0; round < rounds; round++) {
    const rates = new Map<string, number>();
    const names = Object.keys(TOOLS);
    for (const name of [...names.slice(round % names.length), ...names.slice(0, round % names.length)]) {
      const rate = await TOOLS[name]?.(server.url);
      if (rate != null) rates.set(name, rate);
    }
    all.push(rates);
  }
} finally {
  await server.stop();
  rmSync(folder, { recursive: true });
}
process.stdout.write(
  `${CONCURRENCY} at a time on ${SLOTS} slots, ${rounds} rounds of ${seconds} s each, Node ${process.version}\n`,
);
for (const name of Object.keys(TOOLS)) {
  const ratios = all.flatMap((rates) => {
    const [own, other] = [rates.get(OWN), rates.get(name)];
    return own === undefined || other === undefined ? [] : [own / other];
  });
  const rate = median(all.flatMap((rates) => rates.get(name) ?? []));
  const range = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
  const told = ratios.length === 0 ? 'not here' : `ratio ${median(ratios).toFixed(3)} (${range})`;
  process.stdout.write(`${name.padEnd(16)} ${rate.toFixed(1).padStart(8)} requests/s  ${told}\n`);
}
