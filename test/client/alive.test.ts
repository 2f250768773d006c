import assert from 'node:assert/strict';
import { chunk, eventStream } from '../support/canned-server.js';
import { shareServer } from '../support/real-server.js';
import { CHAT, chatLab, hello } from './chat-lab.js';

/** A deadline that no test waits for. */
const LONG = { timeout: 120_000 };

describe('a server that gives nothing of an answer', () => {
  const lab = chatLab();
  const real = shareServer({ args: ['-c', '512', '-np', '1'] });

  afterEach(() => real.current.resume());

  it('is given up before the deadline where it shows no sign of life, streamed or not', async () => {
    real.current.pause();
    lab.connect(real.current.url, { timeout: 300, aliveEvery: 100, maxRetries: 0 });
    const streamed = await lab.fails(lab.streamed(hello, [], LONG), 'server.wedged');
    assert.equal(streamed.details['visible'], undefined);
    await lab.fails(lab.client.chat(hello, [], LONG), 'server.wedged');
  });

  it('is waited for where it is alive, and asked no more once something came', async () => {
    const slow = [
      250,
      chunk({ content: 'At ' }),
      250,
      chunk({ content: 'last.' }),
      chunk({}, 'stop'),
      '[DONE]',
    ];
    await lab.serve({ [CHAT]: eventStream(slow), 'GET /health': { status: 404 } }, { aliveEvery: 50 });
    assert.equal((await lab.streamed()).result.content, 'At last.');
    const lines = (lab.server?.requests ?? []).map(({ line }) => line);
    assert.ok(lines.includes('GET /health'), lines.join());
    assert.equal(lines[0], CHAT);
  });

  it('is not asked where nobody wants it', async () => {
    await lab.serve({ [CHAT]: eventStream([100, chunk({ content: 'Yes' }), chunk({}, 'stop'), '[DONE]']) });
    await lab.streamed();
    assert.deepEqual(
      lab.server?.requests.map(({ line }) => line),
      [CHAT],
    );
  });
});
