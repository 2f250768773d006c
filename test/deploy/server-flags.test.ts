import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { parseOptions } from '../../src/deploy/options.js';
import { planDeployment } from '../../src/deploy/plan.js';
import { B10434 } from '../../src/deploy/server-flags/b10434.js';
import { B11434 } from '../../src/deploy/server-flags/b11434.js';
import { checkFlags, checkVariable, readFlags } from '../../src/deploy/server-flags/check.js';
import { NEWEST, replacementOf, TABLES, tableFor } from '../../src/deploy/server-flags/tables.js';
import { LlamactlError } from '../../src/errors/llamactl-error.js';
import { type Build, serverBinary } from '../support/real-server.js';
import { flagLines } from '../support/server-flags.js';
import { LOCAL_MODEL } from './models.js';

const run = promisify(execFile);
/** Another binary, which the user brings, has other flags than the pinned one. */
const isPinned = !process.env['LLAMA_SERVER_BIN'];
const BINARIES: readonly (readonly [build: Build, text: string])[] = [
  ['v0.1.0', B10434],
  ['v0.6.0', B11434],
];

/** What llama-server says to arguments: null where it takes them. */
async function refusal(args: readonly string[], env: Record<string, string> = {}): Promise<string | null> {
  try {
    await run(serverBinary('v0.6.0'), [...args, '--version'], { env: { ...process.env, ...env } });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

describe('the tables of llama-server’s flags', () => {
  for (const [build, text] of BINARIES.filter(([build]) => isPinned || build !== 'v0.6.0')) {
    it(`are what --help of ${build} lists`, () => {
      assert.deepEqual(
        text.trim().split('\n'),
        flagLines(serverBinary(build)),
        'node --import tsx test/support/write-server-flags.ts writes them anew',
      );
    });
  }

  it('know what there is instead of every flag that is gone', () => {
    const gone = TABLES.flatMap(({ byName }) => [...byName.keys()]).filter(
      (name) => !NEWEST.byName.has(name),
    );
    assert.ok(gone.includes('--mlock'), 'some are gone');
    assert.deepEqual(
      gone.filter((name) => replacementOf(name) === null),
      [],
    );
  });

  const refused: readonly (readonly [
    args: string,
    severity: string,
    says: RegExp,
    instead: string | null,
  ])[] = [
    ['--no-mmap', 'error', /gone/, '--load-mode none'],
    ['--mlock', 'error', /gone/, '--load-mode mlock'],
    ['-ndio', 'error', /gone/, '--load-mode auto'],
    ['--port=8080', 'error', /one word/, '--port 8080'],
    ['-fa', 'error', /wants a value/, '-fa on'],
    ['--flash-attn yes', 'error', /does not take yes/, null],
    ['--draft 4', 'error', /removed/, '--spec-draft-n-max or --spec-ngram-mod-n-max'],
    ['--gpu-layer 3', 'error', /no flag/, '--gpu-layers'],
    ['--server', 'error', /no flag/, null],
    ['model.gguf', 'error', /belongs to none/, null],
    ['--slots-endpoint-disable', 'error', /gone/, '--no-slots'],
    ['--memory-f32', 'error', /gone/, '--cache-type-k f32 --cache-type-v f32'],
  ];
  for (const [given, severity, says, instead] of refused) {
    it(`find what llama-server refuses: ${given}`, async () => {
      const words = given.split(' ');
      const [problem, ...others] = checkFlags(words, NEWEST);
      assert.deepEqual(others, []);
      assert.equal(problem?.severity, severity);
      assert.match(problem?.message ?? '', says);
      if (instead !== null) assert.equal(problem?.instead, instead);
      if (!isPinned) return;
      assert.notEqual(await refusal(words), null, 'the server refuses it too');
      // What is proposed must itself be taken.
      if (instead !== null && !/ or |layers$/.test(instead))
        assert.equal(await refusal(instead.split(' ')), null);
    });
  }

  const taken = [
    '--ctx_size 4096',
    '-ngl -1',
    '--flash-attn 1',
    '--temp 0.2 --jinja',
    '--control-vector-layer-range 1 2',
    '-nocb --no-webui',
  ];
  for (const given of taken) {
    it(`leave alone what llama-server takes: ${given}`, async () => {
      assert.deepEqual(checkFlags(given.split(' '), NEWEST), []);
      if (isPinned) assert.equal(await refusal(given.split(' ')), null);
    });
  }

  it('know variables too', async () => {
    assert.equal(checkVariable('LLAMA_ARG_DRAFT_MAX', NEWEST)?.severity, 'error');
    if (isPinned) assert.notEqual(await refusal([], { LLAMA_ARG_DRAFT_MAX: '3' }), null);
    assert.equal(checkVariable('LLAMA_ARG_MLOCK', NEWEST)?.instead, 'LLAMA_ARG_LOAD_MODE=mlock');
    assert.equal(checkVariable('LLAMA_ARG_CTX_SIZ', NEWEST)?.instead, 'LLAMA_ARG_CTX_SIZE');
    for (const name of ['LLAMA_ARG_CTX_SIZE', 'LLAMA_ARG_NO_PERF', 'LLAMA_API_KEY', 'HOME'])
      assert.equal(checkVariable(name, NEWEST), null, name);
  });
});

describe('a build’s own flags', () => {
  it('are asked for by the number of the build', () => {
    assert.equal(tableFor(null), NEWEST);
    assert.deepEqual(
      [tableFor(1), tableFor(11_000), tableFor(20_000)].map(({ build }) => build),
      [10_434, 10_434, 11_434],
    );
  });

  it('were deprecated before they went, and came before they are everywhere', () => {
    const [old, recent] = checkFlags(['--no-mmap', '--lazy-mode', 'on'], tableFor(11_000));
    assert.deepEqual(
      [old?.severity, old?.message, old?.instead],
      ['warning', 'is deprecated', '--load-mode none'],
    );
    assert.deepEqual([recent?.severity, recent?.word], ['warning', '--lazy-mode']);
  });

  it('take as many words as they want', () => {
    const flags = readFlags('-m a.gguf --jinja --no-mmap -c 4096'.split(' '), NEWEST);
    assert.deepEqual(
      flags.map(({ word, values }) => [word, ...values]),
      [['-m', 'a.gguf'], ['--jinja'], ['--no-mmap'], ['-c', '4096']],
    );
  });

  it('are what the flags after -- are held to', () => {
    const plan = (extraArgs: string[], build?: string) =>
      planDeployment(
        parseOptions({ model: LOCAL_MODEL.given, extraArgs, ...(build === undefined ? {} : { build }) }),
        [LOCAL_MODEL],
      );
    assert.throws(
      () => plan(['--no-mmap']),
      (error) =>
        error instanceof LlamactlError &&
        error.exit === 2 &&
        /--no-mmap after --: it is gone/.test(error.message) &&
        error.remedies[0]?.commands[0] === '--load-mode none',
    );
    assert.ok(plan(['--no-mmap'], 'b10434').warnings.includes('--no-mmap is deprecated: --load-mode none'));
    assert.ok(plan(['--temp', '0.2']).args.includes('--temp'));
  });
});
