import assert from 'node:assert/strict';
import type { Check } from '../../src/diagnose/check.js';
import { CATEGORIES, failed, finding, passed, skipped } from '../../src/diagnose/check.js';
import { CHECKS } from '../../src/diagnose/checks.js';
import { factsFor, judge, selectChecks } from '../../src/diagnose/runner.js';
import { healthyFacts } from '../support/facts.js';

const facts = healthyFacts();
const made = (id: string, run: Check['run'], more: Partial<Check> = {}): Check => ({
  id,
  title: id,
  category: 'server',
  needs: [],
  asks: [],
  run,
  ...more,
});
const wrong = (
  code: 'server.busy' | 'server.crashed',
  rank: number,
  severity: 'error' | 'warning' = 'error',
) => finding(code, facts, { title: code, evidence: ['seen'], rank, severity });
const ids = (list: readonly { id: string }[]) => list.map(({ id }) => id);

describe('judging facts', () => {
  it('calls a healthy server healthy, with nothing to tell', () => {
    const { verdict, rootCause, findings } = judge(facts, CHECKS);
    assert.deepEqual({ verdict, rootCause, findings }, { verdict: 'healthy', rootCause: null, findings: [] });
  });

  it('puts errors before warnings, and the nearest to the root first', () => {
    const { verdict, rootCause, findings } = judge(facts, [
      made('a', () => failed('', wrong('server.busy', 90, 'warning'))),
      made('b', () => failed('', wrong('server.busy', 10))),
      made('c', () => failed('', wrong('server.crashed', 20))),
    ]);
    assert.equal(verdict, 'problem');
    assert.equal(rootCause, 'server.crashed');
    assert.deepEqual(
      findings.map(({ check, severity }) => [check, severity]),
      [
        ['c', 'error'],
        ['b', 'error'],
        ['a', 'warning'],
      ],
    );
  });

  it('skips what needs a check that failed, down the line, and names the first one', () => {
    const { checks, findings } = judge(facts, [
      made('root', () => failed('broken', wrong('server.crashed', 50))),
      made('next', () => assert.fail('not asked'), { needs: ['root'] }),
      made('last', () => assert.fail('not asked'), { needs: ['next'] }),
    ]);
    assert.deepEqual(
      checks.map(({ status, reason }) => [status, reason]),
      [
        ['fail', 'broken'],
        ['skip', 'not asked: root failed'],
        ['skip', 'not asked: root failed'],
      ],
    );
    assert.equal(findings.length, 1, 'one finding, not three');
  });

  it('goes on after a warning, and after a skip that is no failure', () => {
    const { checks } = judge(facts, [
      made('warns', () => failed('', wrong('server.busy', 50, 'warning'))),
      made('skips', () => skipped('nothing to look at')),
      made('after', () => passed('fine'), { needs: ['warns', 'skips'] }),
    ]);
    assert.deepEqual(
      checks.map(({ status }) => status),
      ['warn', 'skip', 'pass'],
    );
  });

  it('reports a check that crashed apart from a problem', () => {
    const { verdict, checks } = judge(facts, [
      made('crashes', () => {
        throw new TypeError('of our own');
      }),
    ]);
    assert.equal(verdict, 'healthy');
    assert.deepEqual([checks[0]?.status, checks[0]?.reason], ['crash', 'of our own']);
  });

  it('tells once what two checks found, with what each saw', () => {
    const seen = (what: string) =>
      finding('auth.missing-key', facts, { title: 'no key', evidence: ['GET /health → 200', what], rank: 9 });
    const { findings } = judge(facts, [
      made('one', () => failed('', seen('GET /props → 401'))),
      made('two', () => failed('', seen('GET /v1/models → 401'))),
    ]);
    assert.deepEqual(
      findings.map(({ check, evidence }) => [check, evidence]),
      [['one', ['GET /health → 200', 'GET /props → 401', 'GET /v1/models → 401']]],
    );
  });

  it('says of what an error follows', () => {
    const { findings } = judge(facts, [
      made('cause', () => failed('', wrong('server.crashed', 50))),
      made('effect', () => failed('', wrong('server.busy', 40)), { follows: ['cause'] }),
    ]);
    assert.equal(findings[1]?.consequenceOf, 'server.crashed');
    assert.equal(findings[0]?.consequenceOf, undefined);
  });
});

describe('selecting checks', () => {
  it('takes all, or what a glob names with what that needs', () => {
    assert.equal(selectChecks(CHECKS, { only: [], skip: [] }).length, CHECKS.length);
    assert.deepEqual(ids(selectChecks(CHECKS, { only: ['network.*'], skip: [] })), [
      'network.dns',
      'network.tcp',
      'network.tls',
    ]);
    const key = ids(selectChecks(CHECKS, { only: ['key.accepted'], skip: [] }));
    assert.ok(key.includes('network.tcp') && key.includes('server.ready'), 'what it stands on');
    assert.ok(!key.includes('generation.answers'));
  });

  it('leaves out what is skipped', () => {
    const left = ids(selectChecks(CHECKS, { only: [], skip: ['generation.*'] }));
    assert.ok(!left.some((id) => id.startsWith('generation.')));
  });

  it('refuses a name that no check has', () => {
    assert.throws(() => selectChecks(CHECKS, { only: ['nework.*'], skip: [] }), {
      exit: 2,
      message: /--only.*nework/,
    });
  });

  it('refuses to leave out all', () => {
    assert.throws(() => selectChecks(CHECKS, { only: [], skip: ['*'] }), { exit: 2, message: /no check/ });
    assert.throws(() => selectChecks(CHECKS, { only: ['key.*'], skip: ['key.*'] }), { exit: 2 });
  });

  it('asks only for the facts that the chosen ones read', () => {
    const asked = factsFor(selectChecks(CHECKS, { only: ['network.*'], skip: [] }));
    assert.ok(!asked.has('generation') && !asked.has('slots'), [...asked].join());
  });
});

describe('the list of checks', () => {
  it('has a layer, a title and needs that come before', () => {
    const seen = new Set<string>();
    for (const { id, title, category, needs } of CHECKS) {
      assert.ok(id.startsWith(`${category}.`), `${id} is of ${category}`);
      assert.ok(CATEGORIES.includes(category));
      assert.ok(title.length > 8);
      for (const need of needs) assert.ok(seen.has(need), `${id} needs ${need}, which comes later`);
      assert.ok(!seen.has(id), `${id} twice`);
      seen.add(id);
    }
  });
});
