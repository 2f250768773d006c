import assert from 'node:assert/strict';
import { CHECKS } from '../../src/diagnose/checks.js';
import { type Diagnosis, judge } from '../../src/diagnose/runner.js';
import { watchDiagnoses } from '../../src/diagnose/watch.js';
import { failedFact, healthyFacts } from '../support/facts.js';

function diagnosisOf(facts = healthyFacts()): Diagnosis {
  return { schemaVersion: 1, target: null, url: facts.url, ...judge(facts, CHECKS), facts, durationMs: 1 };
}

describe('watching', () => {
  it('tells the first diagnosis, then only what changed, until it is interrupted', async () => {
    const down = failedFact('CONNECTION_ERROR', 'connection.refused', 'nothing listens');
    const looks = [
      diagnosisOf(),
      diagnosisOf(),
      diagnosisOf(healthyFacts({ tcp: down, health: down })),
      diagnosisOf(),
    ];
    const controller = new AbortController();
    const reason = new Error('Ctrl-C');
    let asked = 0;
    const ask = async () => {
      const look = looks[asked++];
      if (look === undefined) controller.abort(reason);
      return look === undefined ? [] : [look];
    };
    const seen: string[] = [];
    await assert.rejects(async () => {
      for await (const { diagnosis, comparison } of watchDiagnoses(ask, 1, controller.signal))
        seen.push(`${comparison === null ? 'first' : 'changed'} ${diagnosis.verdict}`);
    }, reason);
    assert.deepEqual(seen, ['first healthy', 'changed problem', 'changed healthy']);
  });
});
