import assert from 'node:assert/strict';
import { lintText } from '../../src/config/lint.js';
import { configFixtures, expectedProblems } from './fixtures.js';

/** What the bad configurations find in the environment. */
const env = { LLAMA_KEY: 'sk-1', BAD_URL: 'gopher://x' };

describe('bad configurations', () => {
  const expected = expectedProblems();
  const fixtures = configFixtures('bad');

  it('there are forty and more, and each is expected to be found out', () => {
    assert.ok(fixtures.length >= 40);
    for (const { name } of fixtures)
      assert.ok(
        expected.some((line) => line.startsWith(`${name}:`)),
        name,
      );
  });

  for (const { name, text } of fixtures) {
    it(`${name} is told by line, column and message, all of it and nothing else`, async () => {
      const { problems } = await lintText({ text, label: name, path: null }, { cwd: '/nonexistent', env });
      const lines = problems.map(
        ({ line, column, severity, code, path, message }) =>
          `${name}:${line}:${column} ${severity} ${code} ${path === '' ? '' : `${path}: `}${message}`,
      );
      assert.deepEqual(
        lines,
        expected.filter((line) => line.startsWith(`${name}:`)),
      );
    });
  }
});
