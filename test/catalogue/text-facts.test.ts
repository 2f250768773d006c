import assert from 'node:assert/strict';
import { factsInText } from '../../src/catalogue/text-facts.js';

describe('factsInText', () => {
  it('reads port, model, flag and size from the lines that prove a cause', () => {
    assert.deepEqual(factsInText(["couldn't bind HTTP server socket, hostname: 127.0.0.1, port: 9090"]), {
      port: 9090,
    });
    assert.deepEqual(factsInText(['connect ECONNREFUSED 127.0.0.1:11434']), { port: 11434 });
    assert.deepEqual(factsInText(["failed to open GGUF file '/srv/m/x.gguf' (No such file)"]), {
      model: '/srv/m/x.gguf',
    });
    assert.deepEqual(factsInText(['Start it with `--metrics`']), { flag: '--metrics' });
    assert.deepEqual(factsInText(['request (9000 tokens) exceeds the available context size']), {
      requestTokens: 9000,
      contextSize: 16_384,
    });
    assert.deepEqual(factsInText(['nothing']), {});
  });

  for (const [line, slots] of [
    ['srv load_model: initializing slots, n_slots = 6', 6],
    ['llama-server -m a.gguf -c 8192 -np 2', 2],
    ['./server -m a.gguf --parallel 8 -cb', 8],
    ['LLAMA_ARG_N_PARALLEL=3', 3],
  ] as const)
    it(`reads the slots of ${line}`, () => assert.equal(factsInText([line]).slots, slots));

  it('reads request and context of a refusal, and the size that would do', () => {
    const line = 'request (9000 tokens) exceeds the available context size (4096 tokens), try increasing it';
    assert.deepEqual(factsInText([line]), { requestTokens: 9000, slotContext: 4096, contextSize: 16384 });
  });
});
