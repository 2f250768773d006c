import assert from 'node:assert/strict';
import { cli } from '../support/cli.js';
import { useServer } from '../support/command-servers.js';
import { fails, itTellsCommonFailures } from '../support/common-failures.js';

describe('llamactl detokenize', () => {
  const plain = useServer('plain');

  it('gives the text that tokens stand for, equal ones in a row too, from arguments or stdin', async () => {
    const url = ['--url', plain.current.url];
    const text = 'naïve 漢字 🦙 aa';
    const { json } = await cli(['tokenize', text, ...url, '--json']);
    const ids: string[] = json.tokens.map(({ id }: { id: number }) => String(id));
    const [document, human, piped] = await Promise.all([
      cli(['detokenize', ...ids, ...url, '--json']),
      cli(['detokenize', ...ids, ...url]),
      cli(['detokenize', ...url], { input: ids.join('\n') }),
    ]);
    assert.deepEqual(document.json, { text });
    assert.equal(human.out, `${text}\n`);
    assert.equal(piped.out, `${text}\n`);
  });

  it('says what is no token id (2), and which one the model has not (15)', async () => {
    const url = ['--url', plain.current.url, '--json'];
    const [word, negative, none, beyond] = await Promise.all([
      cli(['detokenize', '1', 'x', ...url]),
      cli(['detokenize', '-1', ...url]),
      cli(['detokenize', ...url]),
      cli(['detokenize', '99999999', ...url]),
    ]);
    for (const run of [word, negative, none]) fails(run, 2, 'usage.invalid');
    assert.match(word.json.error.message, /^"x" is no token id/);
    fails(beyond, 15, 'request.invalid-parameter');
    assert.match(beyond.json.error.message, /^there is no token 99999999: the vocabulary has \d+/);
  });

  itTellsCommonFailures(['detokenize', '1']);
});
