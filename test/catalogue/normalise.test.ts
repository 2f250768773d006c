import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LONGEST_LINE, normaliseLine } from '../../src/catalogue/normalise.js';

const CASES: readonly (readonly [string, string, string])[] = [
  ['colours', '\u001b[1;31merror:\u001b[0m no', 'error: no'],
  ['docker compose', 'llama-1  | error: no', 'error: no'],
  ['docker logs -t', '2026-01-02T10:11:12.123456789Z error: no', 'error: no'],
  ['kubectl --prefix', '[pod/llama-7d9/server] error: no', 'error: no'],
  ['llama.cpp with a clock', '0.00.123.456 E srv  load_model: failed', 'load_model: failed'],
  ['llama.cpp without one', 'srv  load_model: failed', 'srv  load_model: failed'],
  ['a child of the router', '[38879] 0.00.005.806 E srv    load_model: failed', 'load_model: failed'],
  ['llama.cpp 2024', 'INFO [            update_slots] slot released | tid="1"', 'slot released | tid="1"'],
  ['journald', 'May 27 19:13:24 host llama-server[919577]: error: no', 'error: no'],
  ['CRI', '2026-01-02T10:11:12.123456789Z stderr F error: no', 'error: no'],
  ['Python logging', '2026-01-02 10:11:12,677 ERROR: no', 'ERROR: no'],
  ['brackets', '[2026-06-15 21:54:13.006] [error] no', 'no'],
  ['logfmt', 'time=2025-11-06T06:23:22.759Z level=INFO source=sched.go:418 msg="no"', 'msg="no"'],
  [
    "docker's JSON file",
    '{"log":"0.00.1.1 error: no\\n","stream":"stderr","time":"2026-01-02T10:11:12Z"}',
    '0.00.1.1 error: no',
  ],
  ['a JSON logger', '{"level":"ERROR","msg":"failed","error":"no such host"}', 'failed no such host'],
  ["journald's JSON", '{"MESSAGE":"0.00.123.456 E srv  failed","PRIORITY":"6"}', 'failed'],
  ['all of them', 'llama-1  | 2026-01-02T10:11:12.1Z [38879] 0.00.005.806 E srv  failed', 'failed'],
  [
    'an error body',
    '{"error":{"code":503,"message":"Loading model"}}',
    '{"error":{"code":503,"message":"Loading model"}}',
  ],
  [
    'an error without its envelope',
    '{"code":400,"message":"no","type":"x"}',
    '{"code":400,"message":"no","type":"x"}',
  ],
  ['broken JSON', '{"msg":"no', '{"msg":"no'],
  ['control characters', 'er\u0000ror\u0007', 'er ror'],
  ['nothing to take off', 'main: 2 errors | 3 warnings', 'main: 2 errors | 3 warnings'],
];

describe('normaliseLine', () => {
  for (const [name, line, message] of CASES)
    it(`takes off: ${name}`, () => assert.equal(normaliseLine(line), message));

  it('keeps both ends of a line that is too long', () => {
    const text = normaliseLine(`start ${'x'.repeat(1_000_000)} end`);
    assert.ok(text.length <= LONGEST_LINE + 3);
    assert.match(text, /^start .* … .* end$/);
  });

  it('takes any line', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (line) => typeof normaliseLine(line) === 'string'));
  });
});
