import assert from 'node:assert/strict';
import { cli } from '../support/cli.js';
import { useServer } from '../support/command-servers.js';
import { both, fails } from '../support/common-failures.js';
import { freePort } from '../support/real-server.js';
import { shape } from '../support/shape.js';

const KEYS = [
  'schemaVersion',
  'target',
  'url',
  'verdict',
  'rootCause',
  'findings',
  'checks',
  'facts',
  'durationMs',
];

describe('llamactl diagnose', () => {
  const plain = useServer('plain');
  const keyed = useServer('keyed');

  it('finds a healthy server healthy (0)', async () => {
    const [json, human] = await both(['diagnose', '--url', plain.current.url]);
    assert.equal(json.code, 0, json.text);
    assert.deepEqual(Object.keys(json.json).sort(), [...KEYS].sort());
    assert.deepEqual([json.json.verdict, json.json.rootCause, json.json.findings], ['healthy', null, []]);
    for (const check of json.json.checks) {
      assert.equal(typeof check.id, 'string');
      assert.match(check.status, /^(?:pass|skip)$/);
      assert.equal(typeof check.durationMs, 'number');
    }
    assert.match(human.out, /^✓ 127\.0\.0\.1:\d+ · llama\.cpp /);
    for (const line of human.out.split('\n')) assert.ok(line.length <= 80, line);
  });

  it('names the root cause first (1)', async () => {
    const [json, human] = await both(['diagnose', '--url', keyed.current.url]);
    assert.equal(json.code, 1);
    assert.deepEqual([json.json.verdict, json.json.rootCause], ['problem', 'auth.missing-key']);
    assert.deepEqual(shape(json.json.findings[0]), {
      check: 'string',
      code: 'string',
      severity: 'string',
      title: 'string',
      evidence: ['string'],
      remedies: [{ text: 'string', commands: ['string'] }],
      rank: 'number',
    });
    assert.equal(human.code, 1);
    assert.match(
      human.out,
      /^✗ \S+ · the server needs an API key, and none was given\n\n {2}auth\.missing-key\n/,
    );
    assert.match(human.out, /^ {2}key +✗ needed, none given$/m);
  });

  it('looks at several servers', async () => {
    const gone = `http://127.0.0.1:${await freePort()}`;
    const run = await cli(['diagnose', '--url', plain.current.url, '--url', gone, '--json']);
    assert.equal(run.code, 1, run.text);
    assert.deepEqual(
      run.json.targets.map(({ rootCause }: { rootCause: string | null }) => rootCause),
      [null, 'connection.refused'],
    );
  });

  it('says what is wrong with a flag (2)', async () => {
    fails(await cli(['diagnose', '--wat', '--json']), 2, 'usage.invalid');
  });
});
