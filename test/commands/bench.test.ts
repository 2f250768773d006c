import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cannedServer, LLAMA_HEADERS } from '../support/canned-server.js';
import { type CliOptions, cli } from '../support/cli.js';
import { KEY, useServer } from '../support/command-servers.js';
import { fails } from '../support/common-failures.js';
import { type Fault, FaultProxy } from '../support/fault-proxy.js';
import { freePort, startServer } from '../support/real-server.js';
import { shape } from '../support/shape.js';

const DISTRIBUTION = Object.fromEntries(
  ['count', 'mean', 'min', 'p50', 'p75', 'p90', 'p95', 'p99', 'p99.9', 'max'].map((key) => [key, 'number']),
);
/** Small and quick. */
const QUICK = ['--prompt-tokens', '64', '--max-tokens', '4', '--warm-up', '0'];

/** Does something when the first line of progress of a run has come. */
function onceItRuns(act: (child: ChildProcess) => void): (child: ChildProcess) => void {
  return (child) => {
    let said = '';
    const listen = (chunk: Buffer) => {
      said += chunk.toString('utf8');
      if (!/ done · /.test(said)) return;
      child.stderr?.off('data', listen);
      act(child);
    };
    child.stderr?.on('data', listen);
  };
}

describe('llamactl bench', () => {
  const plain = useServer('plain');
  const keyed = useServer('keyed');
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'llamactl-bench-'));
  });
  after(() => rmSync(folder, { recursive: true }));
  const bench = (url: string, args: readonly string[], options: CliOptions = {}) =>
    cli(['bench', '--url', url, ...args], { timeout: 60_000, ...options });

  it('measures a server, and tells it as one document', async () => {
    const { code, json, text } = await bench(plain.current.url, ['-c', '2', '-n', '8', ...QUICK, '--json']);
    assert.equal(code, 0, text);
    assert.deepEqual([json.verdict, json.requests, json.failed, json.errors], ['good', 8, 0, {}]);
    // By the server's own count, and exactly as asked for.
    assert.equal(json.exactPrompts, true);
    assert.deepEqual([json.tokens.prompt, json.tokens.output], [8 * 64, 8 * 4]);
    for (const name of ['ttftMs', 'tpotMs', 'itlMs', 'e2eMs', 'queueMs', 'prefillMs', 'decodeMs'])
      assert.deepEqual(shape(json[name]), DISTRIBUTION, name);
    assert.deepEqual([json.ttftMs.count, json.itlMs.count], [8, 24]);
    assert.ok(json.ttftMs.p50 < json.e2eMs.p50);
    assert.deepEqual(json.load, { kind: 'closed', concurrency: 2 });
    assert.deepEqual([json.slots, json.contextPerSlot, json.model], [2, 2048, 'tiny']);
  });

  it('says it in 80 columns, the verdict first', async () => {
    const args = ['-r', '50', '-n', '6', ...QUICK, '--slo', 'errors<=0', '--slo', 'ttft<=1m'];
    const { code, out } = await bench(plain.current.url, args);
    assert.equal(code, 0, out);
    const lines = out.split('\n');
    assert.match(out, /^✓ 127\.0\.0\.1:\d+ · [\d.,]+ requests\/s, [\d.,]+ tokens\/s, none of 6 failed/);
    assert.match(out, /50\/s \(poisson\) · 6 requests in .* 64 prompt\s+tokens, 4 written/);
    assert.match(out, /^ {2}TTFT( +[\d.]+ m?s){6}$/m);
    assert.match(out, /^ {2}✓ errors<=0 {5}0$/m);
    assert.match(out, /^ {2}✓ ttft\.p95<=1m {2}[\d.]+ m?s$/m);
    assert.deepEqual(
      lines.filter((line) => [...line].length > 80),
      [],
    );
  });

  it('names the queue where more is asked at a time than there are slots (1)', async () => {
    const args = ['-c', '8', '-n', '24', ...QUICK, '--slo', 'ttft.p95<=1ms', '--api-key', KEY];
    const { code, json, text } = await bench(keyed.current.url, [...args, '--json']);
    assert.equal(code, 1, text);
    assert.deepEqual([json.verdict, json.slo[0].cause], ['missed', 'queue']);
    assert.match(json.slo[0].detail, /waiting for the one slot \(8 at a time\)/);
  });

  it('runs several loads, one after the other', async () => {
    const { code, json, text } = await bench(plain.current.url, ['-c', '1,3', '-n', '4', ...QUICK, '--json']);
    assert.equal(code, 0, text);
    assert.deepEqual(
      json.runs.map((run: { load: { concurrency: number }; requests: number }) => [
        run.load.concurrency,
        run.requests,
      ]),
      [
        [1, 4],
        [3, 4],
      ],
    );
  });

  it('finds a rate that keeps the promises, and says how sure that is', async () => {
    const args = ['--find-max', '--max-runs', '2', '-n', '4', ...QUICK, '--slo', 'ttft.p50<=1h', '--json'];
    const { code, json, text } = await bench(plain.current.url, args);
    assert.equal(code, 0, text);
    assert.equal(json.findMax.trials.length, 2);
    assert.ok(json.findMax.rate > 0, text);
    assert.equal(json.findMax.confidence, 1);
    assert.deepEqual([json.load.kind, json.load.rate], ['open', json.findMax.rate]);
  });

  it('takes prompts of a file, begun alike, and whole answers', async () => {
    const file = join(folder, 'prompts.jsonl');
    writeFileSync(file, '"Hello"\n{"prompt": "Hi", "max_tokens": 2}\n');
    const own = await bench(plain.current.url, [
      '--prompts',
      file,
      '-n',
      '4',
      '-c',
      '1',
      '--no-stream',
      '--json',
    ]);
    assert.equal(own.code, 0, own.text);
    assert.deepEqual([own.json.ttftMs, own.json.itlMs, own.json.e2eMs.count], [null, null, 4]);
    assert.equal(own.json.samples.outputTokens[1], 2);
    const args = [
      '--prompt-tokens',
      '400',
      '--shared-prefix',
      '300',
      '-n',
      '6',
      '-c',
      '1',
      '--max-tokens',
      '1',
    ];
    const shared = await bench(plain.current.url, [...args, '--json']);
    assert.equal(shared.json.tokens.prompt, 2400, shared.text);
    assert.ok(shared.json.tokens.cached >= 1500, `${shared.json.tokens.cached} cached`);
    assert.deepEqual(
      shared.json.warnings.filter((each: string) => each.includes('cache')),
      [],
    );
  });

  describe('with failures', () => {
    /** Runs against a server that fails from its 20th connection on. */
    async function failingMidRun(fault: Fault, args: readonly string[] = []) {
      const proxy = await FaultProxy.start(plain.current.url);
      const watching = setInterval(() => {
        if (proxy.connections > 20) proxy.always = fault;
      }, 1);
      try {
        return await bench(proxy.url, ['-c', '2', '-n', '50', ...QUICK, '--json', ...args]);
      } finally {
        clearInterval(watching);
        await proxy.stop();
      }
    }

    for (const [name, fault, code] of [
      ['cut', { kind: 'cut', afterBytes: 600, how: 'fin' }, 'stream.truncated'],
      [
        'answered with 500',
        {
          kind: 'answer',
          status: 500,
          body: '{"error":{"code":500,"message":"broken","type":"server_error"}}',
        },
        null,
      ],
    ] as const) {
      it(`never passes: answers that are ${name} (1)`, async () => {
        const run = await failingMidRun(fault);
        assert.equal(run.code, 1, run.text);
        assert.equal(run.json.verdict, 'failures');
        const { requests, succeeded, failed, errors } = run.json;
        assert.ok(failed > 0 && succeeded + failed === requests, run.text);
        if (code !== null) assert.deepEqual(errors, { [code]: failed });
        assert.equal(run.json.e2eMs?.count ?? 0, succeeded);
      });
    }

    it('passes only where a promise allows them', async () => {
      const fault = { kind: 'answer', status: 503, body: 'busy' } as const;
      const allowed = await failingMidRun(fault, ['--slo', 'errors<=100%']);
      assert.deepEqual([allowed.code, allowed.json.verdict], [0, 'good'], allowed.text);
      assert.ok(allowed.json.failed > 0);
    });

    it('ends by itself soon after the server was killed, and tells what was measured before (1)', async () => {
      const server = await startServer({ args: ['-c', '1024', '-np', '2'] });
      const file = join(folder, 'killed.csv');
      const kill = onceItRuns(() => void server.stop('SIGKILL'));
      const args = ['-c', '4', '-d', '10m', ...QUICK, '--csv', file];
      const { code, out } = await bench(server.url, args, { onSpawn: kill });
      assert.equal(code, 1, out);
      assert.match(out, /^✗ 127\.0\.0\.1:\d+ · \d+ of \d+ requests failed: .*connection\.refused/);
      assert.match(out, /✗ [\d,]+ × connection\.refused: nothing listens/);
      assert.match(out, /Stopped early: the last \d+ requests failed/);
      assert.match(out, /llamactl explain connection\./);
      const rows = readFileSync(file, 'utf8').trim().split('\n');
      assert.match(rows[0] ?? '', /^load,request,scheduled_ms,.*,error,message$/);
      assert.ok(
        rows.slice(1).some((row) => row.includes(',length,,')),
        'nothing was answered before',
      );
      assert.ok(rows.at(-1)?.includes('connection.refused'), rows.at(-1));
    });

    it('counts prompts that are too long beside those that are not (1)', async () => {
      const file = join(folder, 'long.txt');
      writeFileSync(file, `short\n${'word '.repeat(2500)}\n`);
      const args = ['--prompts', file, '-n', '6', '-c', '1', '--max-tokens', '2', '--warm-up', '0', '--json'];
      const { code, json, text } = await bench(plain.current.url, args);
      assert.equal(code, 1, text);
      assert.deepEqual(json.errors, { 'context.overflow': 3 });
    });
  });

  it('tells one failure, and loads nothing, where not even one request can be answered', async () => {
    const json = ['--json', '--retries', '0', ...QUICK];
    fails(await bench(`http://127.0.0.1:${await freePort()}`, json), 10, 'connection.refused');
    fails(await bench(keyed.current.url, json), 11, 'auth.missing-key');
    const long = await bench(plain.current.url, ['--prompt-tokens', '3000', '--json']);
    fails(long, 13, 'context.overflow');
    assert.match(long.json.error.message, /3,000 tokens long, and a slot holds 2,048/);
  });

  it('is ended early by Ctrl-C, with what was measured until then (130)', async () => {
    const interrupt = onceItRuns((child) => child.kill('SIGINT'));
    const args = ['-c', '2', '-d', '10m', ...QUICK];
    const { code, out } = await bench(plain.current.url, args, { onSpawn: interrupt });
    assert.equal(code, 130, out);
    assert.match(out, /^! 127\.0\.0\.1:\d+ · interrupted: [\d,]+ requests? until then, \d+ not ended/);
    assert.match(out, /TTFT/);
  });

  describe('compares with an earlier run', () => {
    const LOAD = ['-c', '2', '-n', '60', ...QUICK];
    let old: string;
    before(async () => {
      old = join(folder, 'old.json');
      const { code, text } = await bench(plain.current.url, [...LOAD, '--output', old]);
      assert.equal(code, 0, text);
    });

    /** The earlier run, as if it had taken a hundredth of the time, or a hundred times as much. */
    function faster(factor: number): string {
      const document = JSON.parse(readFileSync(old, 'utf8'));
      const scaled = (values: number[]) => values.map((value) => value * factor);
      for (const name of ['ttftMs', 'tpotMs', 'e2eMs'])
        document.samples[name] = scaled(document.samples[name]);
      const file = join(folder, `times-${factor}.json`);
      writeFileSync(file, JSON.stringify(document));
      return file;
    }

    it('and fails where it has become slower (1), not where it is quicker', async () => {
      const slower = await bench(plain.current.url, [...LOAD, '--compare', faster(0.01)]);
      assert.equal(slower.code, 1, slower.text);
      assert.match(slower.out, /^✗ \S+ · worse than before: ttft\.p50 \+/);
      assert.match(slower.out, /^ {2}ttft\.p50 .* \+[\d,]+ % to \+[\d,]+ % +✗ regressed$/m);
      const quicker = await bench(plain.current.url, [...LOAD, '--compare', faster(100), '--json']);
      assert.equal(quicker.code, 0, quicker.text);
      assert.equal(quicker.json.comparisons[0].verdict, 'improved');
    });

    it('and refuses to, before any load, where it was another (2)', async () => {
      const args = ['-c', '3', '-n', '4', '--prompt-tokens', '64', '--compare', old, '--json'];
      const run = await bench(plain.current.url, args);
      fails(run, 2, 'usage.invalid');
      assert.deepEqual(run.json.error.evidence, [
        'max tokens: 4 then, 64 now',
        'load: 2 at a time then, 3 at a time now',
      ]);
      const other = join(folder, 'other.json');
      writeFileSync(other, '{"requests": 1}');
      fails(await bench(plain.current.url, ['--compare', other, '--json']), 2, 'usage.invalid');
    });
  });

  it('points into an expression that it cannot read (2)', async () => {
    const { code, err } = await bench('http://127.0.0.1:1', ['--slo', 'ttft.p95<=500']);
    assert.equal(code, 2);
    assert.match(err, /^✗ --slo: a unit is missing: 500us or 500ms/);
    assert.match(err, /^ {2}ttft\.p95<=500\n {15}\^$/m);
    assert.match(err, /What may be written:\n {4}ttft\.p95<=500ms\n/);
  });

  it('asks before it loads what is not on this machine, and sends nothing without an answer (2)', async () => {
    const { code, err } = await bench('https://llama.example.com', ['-n', '10', '--slo', 'ttft<=1s']);
    assert.equal(code, 2);
    assert.match(err, /llama\.example\.com is on the internet, .* up to 10 requests/s);
    assert.match(err, /llamactl bench --url https:\/\/llama\.example\.com -n 10 --slo 'ttft<=1s' --yes/);
  });

  it('says what its first request wakes, before it sends one', async () => {
    const sleeper = await cannedServer(
      {
        'GET /props': { body: { is_sleeping: true, total_slots: 1, build_info: 'b1' } },
        'GET /v1/models': { body: { object: 'list', data: [{ id: 'tiny', object: 'model' }] } },
        // Whatever else is asked would wake it.
        '*': { status: 500, body: { error: { code: 500, message: 'woken', type: 'server_error' } } },
      },
      LLAMA_HEADERS,
    );
    try {
      const { code, err } = await bench(sleeper.url, ['-n', '1', '--retries', '0', '--model', 'other']);
      assert.equal(code, 10, err);
      assert.match(err, /^! The model sleeps: the first request wakes it\.$/m);
      assert.match(err, /^! The server has no model "other" and ignores the name: "tiny" answers\.$/m);
      assert.ok(err.indexOf('wakes it') < err.indexOf('woken'), err);
    } finally {
      await sleeper.stop();
    }
  });

  it('measures what is no llama-server too, without what only that tells', async () => {
    const chunk = (delta: object, finish: string | null = null) =>
      `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
    const usage = `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 40, completion_tokens: 2 } })}\n\n`;
    const other = await cannedServer({
      'GET /v1/models': { body: { object: 'list', data: [{ id: 'other', object: 'model' }] } },
      'POST /v1/chat/completions': (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.end(
          `${chunk({ reasoning_content: 'hm' })}${chunk({ content: 'a' }, 'stop')}${usage}data: [DONE]\n\n`,
        );
      },
    });
    try {
      const { code, json, text } = await bench(other.url, ['-n', '5', '-c', '1', '--json']);
      assert.equal(code, 0, text);
      assert.deepEqual(
        [json.tokens.output, json.queueMs, json.phases, json.exactPrompts],
        [10, null, null, false],
      );
      // Its reasoning is the first token, and the answer comes after it.
      assert.ok(json.answerMs.min >= json.ttftMs.min);
      const body = JSON.parse(other.requests.at(-1)?.body ?? '{}');
      assert.equal(body.ignore_eos, undefined, 'a field that only llama-server knows');
    } finally {
      await other.stop();
    }
  });
});
