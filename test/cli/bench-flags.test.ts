import assert from 'node:assert/strict';
import { parse } from '@oclif/core/parser';
import { loadFlags, loadOf, promptFlags, settingsOf, verdictFlags } from '../../src/cli/bench-flags.js';

const FLAGS = { ...loadFlags, ...promptFlags, ...verdictFlags };
async function planOf(...argv: string[]) {
  const { flags } = await parse(argv, { flags: FLAGS });
  return { ...loadOf(flags), settings: settingsOf(flags), tolerance: flags.tolerance };
}

describe('the flags of bench', () => {
  it('mean one load, or several one after the other', async () => {
    assert.deepEqual((await planOf()).loads, []);
    assert.deepEqual((await planOf('-c', '1, 4,4')).loads, [
      { kind: 'closed', concurrency: 1 },
      { kind: 'closed', concurrency: 4 },
    ]);
    assert.deepEqual((await planOf('-r', '0.5', '--arrivals', 'constant')).loads, [
      { kind: 'open', rate: 0.5, arrivals: 'constant' },
    ]);
  });

  it('bound it by thirty seconds where nothing else does', async () => {
    const bounds = async (...argv: string[]) => (await planOf(...argv)).bounds;
    assert.deepEqual(await bounds(), { requests: null, durationMs: 30_000 });
    assert.deepEqual(await bounds('-n', '9'), { requests: 9, durationMs: null });
    assert.deepEqual(await bounds('-n', '9', '-d', '2s'), { requests: 9, durationMs: 2000 });
    // Each rate of a search has bounds of its own.
    assert.deepEqual(await bounds('--find-max', '--slo', 'rps>1'), { requests: null, durationMs: null });
  });

  it('take another seed each time, unless one is given', async () => {
    const seeds = new Set(await Promise.all(Array.from({ length: 8 }, async () => (await planOf()).seed)));
    assert.ok(seeds.size > 1, 'the same seed eight times');
    assert.equal((await planOf('--seed', '7')).seed, 7);
  });

  it('mean synthetic prompts whose answers are all as long, or those of a file as they come', async () => {
    assert.deepEqual((await planOf('--shared-prefix', '500', '--prefix-groups', '3')).settings, {
      prompts: { kind: 'synthetic', tokens: 628, sharedTokens: 500, groups: 3 },
      maxTokens: 64,
      ignoreEos: true,
      stream: true,
    });
    const own = await planOf('--prompts', 'a.txt', '--no-stream', '--max-tokens', '9');
    assert.deepEqual(own.settings, {
      prompts: { kind: 'file', path: 'a.txt' },
      maxTokens: 9,
      ignoreEos: false,
      stream: false,
    });
    assert.equal((await planOf('--no-ignore-eos')).settings.ignoreEos, false);
  });

  it('read a tolerance as a percentage', async () => {
    assert.deepEqual(
      [(await planOf('--tolerance', '7.5%')).tolerance, (await planOf('--tolerance', '2')).tolerance],
      [0.075, 0.02],
    );
  });

  for (const [argv, message] of [
    [['-c', '0'], /"0" is no whole number above 0/],
    [['-c', '1,two'], /"1,two" is no whole number/],
    [['-c', '1.5'], /"1.5" is no whole number/],
    [['-r', '1,,2'], /"1,,2" is no number above 0/],
    [['-r', 'Infinity'], /"Infinity" is no number/],
    [['-c', '1', '-r', '1'], /cannot also be provided/],
    [['--find-max'], /--slo/],
    [['--shared-prefix', '128', '--prompt-tokens', '128'], /leaves nothing of --prompt-tokens 128/],
    [['--prefix-groups', '2'], /only with --shared-prefix/],
    [['--tolerance', 'much'], /"much" is no percentage/],
    [['--duration', '30'], /"30" is not a duration/],
    [['--prompts', 'a', '--prompt-tokens', '3'], /cannot also be provided/],
  ] as const) {
    it(`are refused: ${argv.join(' ')}`, async () => {
      await assert.rejects(planOf(...argv), message);
    });
  }
});
