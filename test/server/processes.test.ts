import assert from 'node:assert/strict';
import { listeningByFlags, settingOf } from '../../src/server/processes.js';

describe('a llama-server process of another user', () => {
  const status = 'Name:\tllama-server\nUid:\t991\t991\t991\t991\n';
  const sockets = new Map([
    ['socket:[1]', { at: '0.0.0.0:8081', uid: '991' }],
    ['socket:[2]', { at: '127.0.0.1:8080', uid: '1000' }],
  ]);

  it('listens on the port of its flags, where a socket of its user does', () => {
    const found = listeningByFlags(['-m', 'a.gguf', '--port', '8081'], status, sockets);
    assert.deepEqual(found, { listens: ['0.0.0.0:8081'], ports: [8081], isAnotherUsers: true });
  });

  it('is not taken for the one of somebody else on the same port', () => {
    assert.deepEqual(listeningByFlags(['-m', 'a.gguf'], status, sockets).ports, []);
  });
});

describe('a setting of a llama-server process', () => {
  const variables = ['LLAMA_ARG_PORT=9000'];

  it('is of its flags, else of its variables', () => {
    assert.equal(settingOf({ args: ['--port', '1'], variables }, ['--port'], 'LLAMA_ARG_PORT'), '1');
    assert.equal(settingOf({ args: ['--port=2'], variables }, ['--port'], 'LLAMA_ARG_PORT'), '2');
    assert.equal(settingOf({ args: [], variables }, ['--port'], 'LLAMA_ARG_PORT'), '9000');
    assert.equal(settingOf({ args: [] }, ['--port'], 'LLAMA_ARG_PORT'), undefined);
  });
});
