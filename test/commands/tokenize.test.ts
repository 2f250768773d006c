import assert from 'node:assert/strict';
import { cannedServer, LLAMA_HEADERS } from '../support/canned-server.js';
import { cli } from '../support/cli.js';
import { useServer } from '../support/command-servers.js';
import { both, fails, itTellsCommonFailures } from '../support/common-failures.js';
import { shape } from '../support/shape.js';

describe('llamactl tokenize', () => {
  const plain = useServer('plain');

  it('gives tokens and their pieces, and counts them', async () => {
    const [json, human] = await both(['tokenize', 'Hello there', '--url', plain.current.url]);
    assert.equal(json.code, 0, json.text);
    assert.deepEqual(shape(json.json), { tokens: [{ id: 'number', piece: 'string' }], count: 'number' });
    assert.equal(json.json.count, json.json.tokens.length);
    assert.equal(json.json.tokens.map(({ piece }: { piece: string }) => piece).join(''), 'Hello there');
    assert.match(human.out, /^ *ID {2}PIECE\n(?: *\d+ {2}\S+\n)+\n\d+ tokens\n$/);
  });

  it('reads stdin, of any script and size', async () => {
    const url = ['--url', plain.current.url, '--json'];
    const [unicode, large] = await Promise.all([
      cli(['tokenize', ...url], { input: 'naïve 漢字 🦙\n' }),
      cli(['tokenize', ...url], { input: 'word '.repeat(20_000) }),
    ]);
    assert.ok(unicode.json.count > 10, unicode.text);
    assert.ok(large.json.count >= 20_000, `${large.json?.count}`);
  });

  it('sends the model that a router needs', async () => {
    const server = await cannedServer(
      { 'POST /tokenize': { body: { tokens: [{ id: 1, piece: 'a' }] } } },
      LLAMA_HEADERS,
    );
    try {
      await cli(['tokenize', 'a', '--url', server.url, '--model', 'small']);
      assert.equal(JSON.parse(server.requests[0]?.body ?? '{}').model, 'small');
    } finally {
      await server.stop();
    }
  });

  it('says that there is no text (2)', async () => {
    const run = await cli(['tokenize', '--url', plain.current.url, '--json'], { input: '  \n' });
    fails(run, 2, 'usage.invalid');
    assert.deepEqual(run.json.error.suggestions.slice(1), [
      "llamactl tokenize 'Hello'",
      'llamactl tokenize < prompt.txt',
    ]);
  });

  itTellsCommonFailures(['tokenize', 'text']);
});
