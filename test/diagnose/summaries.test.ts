import assert from 'node:assert/strict';
import { CHECKS } from '../../src/diagnose/checks.js';
import type { Facts } from '../../src/diagnose/facts.js';
import { judge } from '../../src/diagnose/runner.js';
import { failedFact, healthyFacts, known } from '../support/facts.js';

/** What a check says of facts, as its line shows it. */
function lineOf(id: string, changes: Partial<Facts>): string {
  const { checks } = judge(healthyFacts(changes), CHECKS);
  const found = checks.find((check) => check.id === id);
  return `${found?.status}: ${found?.reason}`;
}

const { props } = healthyFacts();
const told = props.state === 'known' ? props.value : {};
const { endpoint_slots: _, is_sleeping: __, ...of2025 } = told;

describe('what is said of a build', () => {
  const build = (build_info: string, more = told) =>
    lineOf('version.build', { props: known({ ...more, build_info }) });

  it('is its number, and about which year it is of', () => {
    assert.equal(build('b5100-abcdef0', of2025), 'pass: b5100-abcdef0, of about 2025');
    assert.equal(build('b11434-b0a2feb6'), 'pass: b11434-b0a2feb6, of about 2026 or later');
  });

  it('is its number alone, where it does what later builds do: a fork counts otherwise', () => {
    assert.equal(build('b3700-abcdef0'), 'pass: b3700-abcdef0');
  });

  it('is nothing, where it was not built in a whole checkout', () => {
    for (const info of ['b0-unknown', 'b1-7e4c0a9', 'b50-abcdef0', '0.6.0-dev'])
      assert.match(build(info), /^skip: .*tells nothing/, info);
  });
});

describe('what is said of endpoints', () => {
  it('is which are on, and which flag turns the others on', () => {
    const endpoints = known({ embeddings: true, rerank: false });
    assert.equal(
      lineOf('server.endpoints', { endpoints }),
      'pass: on: metrics, slots, embeddings; off: rerank (--reranking)',
    );
  });
});

describe('what is said of metrics', () => {
  it('is how many there are, and which are gone', () => {
    const { metrics } = healthyFacts();
    const names = ['llamacpp:kv_cache_tokens', 'llamacpp:requests_deferred'];
    if (metrics.state !== 'known') throw new Error('healthy facts have metrics');
    assert.equal(
      lineOf('version.metrics', { metrics: known({ ...metrics.value, names }) }),
      'pass: 2 metrics, without kv_cache_usage_ratio (removed in 2025)',
    );
  });
});

describe('what is said of memory', () => {
  const starting = {
    pid: 7,
    args: [],
    listens: [],
    ports: [],
    residentBytes: 2 ** 30,
    swappedBytes: 0,
    gpuLibraries: [],
    state: 'R',
  };
  const { local } = healthyFacts();
  const facts = (holder: { pid: number; name: string; commandLine: string } | null) => {
    if (local.state !== 'known') throw new Error('healthy facts are of this machine');
    const refused = failedFact('CONNECTION_ERROR', 'connection.refused', 'nothing listens');
    return { health: refused, tcp: refused, local: known({ ...local.value, holder, processes: [starting] }) };
  };

  it('is what a server needs that has not got as far as listening', () => {
    assert.match(lineOf('machine.memory', facts(null)), /^pass: 1\.0 GiB resident/);
  });

  it('is nothing of a server that starts elsewhere, where another program has the port', () => {
    const python = { pid: 9, name: 'python3', commandLine: 'python3 -m http.server' };
    assert.match(lineOf('machine.memory', facts(python)), /^skip: no llama-server of this user on that port/);
  });
});
