import assert from 'node:assert/strict';
import { Emitter } from '../../src/client/emitter.js';

interface Events {
  readonly said: string;
  readonly counted: number;
}

describe('Emitter', () => {
  it('tells each listener of its event, in order, until it is taken away', () => {
    const emitter = new Emitter<Events>();
    const heard: string[] = [];
    const off = emitter.on('said', (text) => heard.push(`a ${text}`));
    emitter.on('said', (text) => heard.push(`b ${text}`));
    emitter.on('counted', (count) => heard.push(String(count)));
    emitter.emit('said', 'one');
    off();
    off();
    emitter.emit('said', 'two');
    emitter.emit('counted', 3);
    assert.deepEqual(heard, ['a one', 'b one', 'b two', '3']);
  });

  it('knows whether somebody listens', () => {
    const emitter = new Emitter<Events>();
    assert.equal(emitter.has('said'), false);
    const off = emitter.on('said', () => {});
    assert.equal(emitter.has('said'), true);
    assert.equal(emitter.has('counted'), false);
    off();
    assert.equal(emitter.has('said'), false);
    emitter.emit('said', 'to nobody');
  });

  it("lets a listener's own bug surface, but neither in the request nor before the other listeners", async () => {
    const emitter = new Emitter<Events>();
    const heard: string[] = [];
    emitter.on('said', () => {
      throw new Error('a bug of the listener');
    });
    emitter.on('said', (text) => heard.push(text));
    // Mocha's own handler would take it for a failure of this test.
    const handlers = process.rawListeners('uncaughtException') as NodeJS.UncaughtExceptionListener[];
    process.removeAllListeners('uncaughtException');
    try {
      const surfaced = new Promise<Error>((resolve) => process.once('uncaughtException', resolve));
      emitter.emit('said', 'hello');
      assert.deepEqual(heard, ['hello']);
      assert.equal((await surfaced).message, 'a bug of the listener');
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const handler of handlers) process.on('uncaughtException', handler);
    }
  });
});
