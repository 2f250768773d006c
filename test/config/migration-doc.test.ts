import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { lintText } from '../../src/config/lint.js';
import { migrate } from '../../src/config/migrate/migrate.js';
import { readConfig } from '../../src/config/read.js';

describe('docs/migration.md', () => {
  const page = readFileSync(new URL('../../docs/migration.md', import.meta.url), 'utf8');
  const blocks = [...page.matchAll(/^```(json|yaml)\n([\s\S]*?)^```$/gm)].map(([, , text = '']) => text);
  const [old = '', nanocoder, ours] = blocks;

  it('shows what migrate makes of its example', async () => {
    const before = await readConfig(old, 'agents.config.json');
    assert.equal((await migrate(before, 'nanocoder', 'json'))?.text, nanocoder);
    assert.equal((await migrate(before, 'llamactl', 'yaml'))?.text, ours);
  });

  it('shows what validate says of it', async () => {
    const env = { OPENROUTER_API_KEY: 'set' };
    const { problems } = await lintText(
      { text: old, label: 'agents.config.json', path: null },
      { cwd: '/nonexistent', env },
    );
    assert.ok(page.includes(`agents.config.json · ${problems.length} warnings`));
    for (const { line, column, path } of problems)
      assert.ok(page.includes(`  ${line}:${column}  warn   ${path}: `));
  });
});
