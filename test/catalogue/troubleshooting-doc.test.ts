import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { CATALOGUE_CODES } from '../../src/errors/codes.js';
import { renderCatalogueMarkdown } from '../../src/render/catalogue-markdown.js';
import { explain } from '../../src/services/explain.js';

const FILE = new URL('../../docs/troubleshooting.md', import.meta.url);

describe('docs/troubleshooting.md', () => {
  it('tells what the catalogue tells (write it anew: UPDATE_DOCS=1 mocha test/catalogue/troubleshooting-doc.test.ts)', async () => {
    const found = await Promise.all(CATALOGUE_CODES.map((code) => explain({ kind: 'code', code })));
    const page = renderCatalogueMarkdown(found.map(({ entry }) => entry));
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(FILE, page);
    assert.equal(
      readFileSync(FILE, 'utf8'),
      page,
      'docs/troubleshooting.md is stale: run this test with UPDATE_DOCS=1',
    );
  });
});
