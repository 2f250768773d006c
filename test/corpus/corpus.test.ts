import assert from 'node:assert/strict';
import { matchText } from '../../src/catalogue/match-text.js';
import { readCorpus, readHealthyLog } from './samples.js';
import { type Answer, ask, missLine, share } from './score.js';

/** What each set must reach, as a share of its texts; the second is what the rules reached, less a little room. */
const SETS = [
  ['dev', 0.95],
  ['held-out', 0.98],
] as const;

describe('the corpus of real texts', () => {
  for (const [name, least] of SETS) {
    describe(name, () => {
      let answers: Answer[] = [];
      before(async () => {
        answers = await ask(readCorpus(name));
      });

      it(`names the cause of ${least * 100} % of the texts at least`, () => {
        const reached = share(answers, ({ right }) => right);
        const misses = answers.filter(({ right }) => !right).map(missLine);
        assert.ok(reached >= least, `${(reached * 100).toFixed(1)} %\n${misses.join('\n')}`);
      });

      it('finds nothing in texts in which nothing is wrong', () => {
        const healthy = answers.filter(({ sample }) => sample.label === 'none');
        assert.ok(healthy.length > 0);
        assert.deepEqual(healthy.filter(({ found }) => found.length > 0).map(missLine), []);
      });
    });
  }

  it('finds nothing in the verbose logs of healthy servers', async () => {
    const lines = readHealthyLog();
    assert.ok(lines.length > 300);
    assert.deepEqual(
      (await matchText(lines)).map(({ code, evidence }) => `${code}: ${evidence[0]?.text}`),
      [],
    );
  });

  it('has each cause that a text can show in the held-out set, and no text twice', () => {
    const texts = [...readCorpus('dev'), ...readCorpus('held-out')];
    assert.equal(new Set(texts.map(({ text }) => text)).size, texts.length);
    const labels = new Map<string, number>();
    for (const { label } of readCorpus('held-out')) labels.set(label, (labels.get(label) ?? 0) + 1);
    for (const { label } of readCorpus('dev'))
      assert.ok((labels.get(label) ?? 0) >= 4, `${label}: ${labels.get(label) ?? 0} texts`);
  });
});
