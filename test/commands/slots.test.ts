import assert from 'node:assert/strict';
import { cli } from '../support/cli.js';
import { useServer } from '../support/command-servers.js';
import { both, fails, itTellsCommonFailures } from '../support/common-failures.js';
import { startServer } from '../support/real-server.js';

describe('llamactl slots', () => {
  const plain = useServer('plain');
  const router = useServer('router');

  it('gives the slots, and how full each is', async () => {
    const url = ['--url', plain.current.url];
    await cli(['chat', 'Hello', ...url, '--temperature', '0']);
    const [json, human] = await both(['slots', ...url]);
    assert.equal(json.code, 0, json.text);
    assert.deepEqual(Object.keys(json.json), ['slots']);
    assert.equal(json.json.slots.length, 2);
    for (const slot of json.json.slots) {
      assert.equal(slot.n_ctx, 2048);
      assert.equal(typeof slot.id, 'number');
      assert.equal(slot.is_processing, false);
    }
    const [head, ...rows] = human.out.trimEnd().split('\n');
    assert.match(head ?? '', /^SLOT {2}STATE {2}CONTEXT +GENERATED +TASK$/);
    assert.equal(rows.length, 2);
    for (const row of rows) assert.match(row, /^ {3}\d {2}idle {3}[█░]{16} {2}\d+ \/ 2,048 +\d+ +(?:\d+|–)$/);
  });

  it('says that slots are off, and the flag that turns them on (15)', async () => {
    const server = await startServer({ args: ['-c', '512', '--no-slots'] });
    try {
      const [json, human] = await both(['slots', '--url', server.url]);
      fails(json, 15, 'feature.disabled');
      assert.equal(json.json.error.type, 'UNSUPPORTED_FEATURE');
      assert.match(human.err, /--slots/);
    } finally {
      await server.stop();
    }
  });

  it('says that a router needs the name of a model (12), also of one that it has not', async () => {
    const at = ['slots', '--url', router.current.url, '--json'];
    const [none, unknown] = await Promise.all([cli(at), cli([...at, '--model', 'nope'])]);
    fails(none, 12, 'model.not-found');
    fails(unknown, 12, 'model.not-found');
    assert.match(unknown.json.error.message, /"nope"/);
  });

  itTellsCommonFailures(['slots']);
});
