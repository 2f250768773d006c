import assert from 'node:assert/strict';
import { expandFiles } from '../../src/services/config-files.js';
import { type Home, makeHome } from '../config/home.js';

describe('files that words mean', () => {
  let home: Home;
  before(() => {
    home = makeHome();
    for (const path of [
      'a.json',
      'b.yaml',
      '.hidden.json',
      'x/a.json',
      'x/y/c.json',
      'node_modules/n.json',
      '[odd].json',
    ])
      home.write(path, '');
  });
  after(() => home.remove());

  for (const [words, expected] of [
    [['a.json'], ['a.json']],
    [['not-there.json'], ['not-there.json']],
    [['-'], ['-']],
    [['*.json'], ['[odd].json', 'a.json']],
    [['*.{json,yaml}'], ['[odd].json', 'a.json', 'b.yaml']],
    [['?.json'], ['a.json']],
    [['[ab].*'], ['a.json', 'b.yaml']],
    [['[!a].yaml'], ['b.yaml']],
    [['**/*.json'], ['[odd].json', 'a.json', 'x/a.json', 'x/y/c.json']],
    [['x/**/*.json'], ['x/a.json', 'x/y/c.json']],
    [['x/*.json', 'x/a.json'], ['x/a.json']],
    [['.hid*'], ['.hidden.json']],
    [['[odd].json'], ['[odd].json']],
  ] as const) {
    it(`${words.join(' ')} means ${expected.join(' ')}`, () => {
      assert.deepEqual(expandFiles(words, home.cwd), expected);
    });
  }

  it('a pattern with a whole path keeps it', () => {
    assert.deepEqual(expandFiles([`${home.cwd}/x/*.json`], '/'), [`${home.cwd}/x/a.json`]);
  });

  it('a pattern that matches nothing is an error, a folder that is not there too', () => {
    assert.throws(() => expandFiles(['*.toml'], home.cwd), /no file matches \*\.toml/);
    assert.throws(() => expandFiles(['nowhere/*.json'], home.cwd), /no file matches nowhere\/\*\.json/);
  });
});
