import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { matricesMarkdown } from '../../src/render/matrix.js';
import type { Matrix } from '../../src/services/compatibility/matrix.js';
import { normalised } from '../docs/example.js';
import { keeper } from '../support/keeper.js';
import { type Build, startServer, tinyModel } from '../support/real-server.js';
import { measure } from './measure.js';

const PAGE = new URL('../../docs/providers.md', import.meta.url);
const PART = /(<!-- matrix: .*? -->\n)([\s\S]*?)(<!-- \/matrix -->)/;
const KEY = 'sk-of-the-documentation';

/** Ollama's, as they were measured when its exchanges were recorded. */
const OLLAMA = JSON.parse(
  readFileSync(new URL('../fixtures/documented/ollama-matrices.json', import.meta.url), 'utf8'),
) as { readonly targets: readonly Matrix[] };

describe('docs/providers.md', () => {
  const keep = keeper();

  async function measureBuild(build: Build): Promise<Matrix> {
    const args = ['--alias', 'tiny', '--api-key', KEY, '--embeddings', '--pooling', 'mean'];
    const { url } = await keep(startServer({ build, args }));
    return (await measure(url, { name: `llama-server ${build}`, apiKey: KEY })).report;
  }

  async function measureRouter(): Promise<Matrix> {
    const folder = mkdtempSync(join(tmpdir(), 'llamactl-router-'));
    try {
      for (const name of ['alpha', 'beta']) copyFileSync(await tinyModel(), join(folder, `${name}.gguf`));
      const { url } = await keep(startServer({ model: null, args: ['--models-dir', folder] }));
      return (await measure(url, { name: 'router v0.6.0' }, { wake: true })).report;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  it('has the matrix as it is measured now (write it anew: UPDATE_DOCS=1 mocha test/services/providers-doc.test.ts)', async () => {
    const measured = [await measureBuild('v0.6.0'), await measureRouter(), await measureBuild('v0.1.0')];
    const real = `\n${matricesMarkdown([...measured, ...OLLAMA.targets])}\n\n`;
    const page = readFileSync(PAGE, 'utf8');
    if (process.env['UPDATE_DOCS'] === '1') {
      writeFileSync(
        PAGE,
        page.replace(PART, (_, begin: string, __, end: string) => `${begin}${real}${end}`),
      );
      return;
    }
    assert.equal(normalised(PART.exec(page)?.[2] ?? ''), normalised(real));
  });
});
