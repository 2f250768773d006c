import assert from 'node:assert/strict';
import { stripVTControlCharacters } from 'node:util';
import { renderFleetHealth, renderHealth, renderWaiting } from '../../src/render/health.js';
import type { HealthReport, HealthResult } from '../../src/services/health.js';

const report = (
  host: string,
  status: HealthReport['status'],
  responseTimeMs: number | null = 2,
): HealthReport => ({
  url: `http://${host}`,
  status,
  ready: status === 'ready' || status === 'asleep',
  responseTimeMs,
  server: { kind: 'llama.cpp', build: 'b1' },
});
const result = (given: HealthReport, more: Partial<HealthResult> = {}): HealthResult => ({
  report: given,
  error: null,
  ...more,
});

describe('health on the screen', () => {
  it('is a line a state', () => {
    const lines = [
      renderHealth(result(report('a:1', 'ready')), 80),
      renderHealth(result(report('a:1', 'ready'), { waitedMs: 12_000 }), 80),
      renderHealth(result(report('a:1', 'asleep')), 80),
      renderHealth(result(report('a:1', 'loading')), 80),
    ].map(stripVTControlCharacters);
    assert.deepEqual(lines, [
      '✓ ready · 2 ms · http://a:1',
      '✓ ready · 2 ms · http://a:1 · waited 12 s',
      '☾ asleep, wakes on the next request · 2 ms · http://a:1',
      '… loading · 2 ms · http://a:1',
    ]);
  });

  it('breaks what is the matter at the width of the screen, and no address', () => {
    const error = {
      type: 'CONNECTION_ERROR',
      code: 'connection.wrong-server',
      evidence: [],
      suggestions: [],
    } as const;
    const message = 'another server answers on elsewhere:8561, not a llama-server';
    const ill = { ...report('localhost:8564/redir', 'wrong-server'), error: { ...error, message } };
    for (const text of [renderHealth(result(ill), 80), renderFleetHealth([result(ill)], [], 80)])
      assert.equal(stripVTControlCharacters(text), `✗ ${message} ·\n  http://localhost:8564/redir`);
  });

  it('of several servers names those that are worth a diagnosis', () => {
    const text = renderFleetHealth(
      [report('a:1', 'ready'), report('b:2', 'loading'), report('c:3', 'unreachable', null)].map((each) =>
        result(each),
      ),
      ['--url http://a:1', '--url http://b:2', '--target c'],
      80,
    );
    assert.deepEqual(stripVTControlCharacters(text).split('\n'), [
      '✓ ready · 2 ms · http://a:1',
      '… loading · 2 ms · http://b:2',
      '✗ unreachable · http://c:3',
      '',
      '  Find out more:',
      '    llamactl diagnose --target c',
    ]);
  });

  it('waits in one line that fits', () => {
    const fleet = [
      report('a:1', 'ready'),
      report('gpu-2.example.net:8080', 'loading'),
      report('c:3', 'unreachable'),
    ];
    assert.equal(renderWaiting([report('a:1', 'loading')], 21_000, 76), 'loading · http://a:1 · 21 s');
    assert.equal(
      renderWaiting(fleet, 3100, 76),
      '1 of 3 ready · 3.1 s · waiting for gpu-2.example.net:8080, c:3',
    );
    assert.equal(renderWaiting(fleet, 3100, 40), '1 of 3 ready · 3.1 s · waiting for gpu-…');
  });
});
