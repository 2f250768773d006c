import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { jsonSchemaOf } from '../../src/config/introspect.js';
import { providerSchema } from '../../src/config/nanocoder-schema.js';
import { PROBLEM_CODES } from '../../src/config/problem.js';
import { configSchema } from '../../src/config/schema.js';
import { renderConfigReference } from '../../src/render/config-reference.js';

const FILE = new URL('../../docs/configuration-reference.md', import.meta.url);

describe('docs/configuration-reference.md', () => {
  const page = renderConfigReference({
    schema: jsonSchemaOf(configSchema),
    provider: jsonSchemaOf(providerSchema),
    problems: PROBLEM_CODES,
  });

  it('tells what the schema tells (write it anew: UPDATE_DOCS=1 mocha test/config/reference-doc.test.ts)', () => {
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(FILE, page);
    assert.equal(
      readFileSync(FILE, 'utf8'),
      page,
      'docs/configuration-reference.md is stale: run this test with UPDATE_DOCS=1',
    );
  });

  it('says of every key of a target what it means', () => {
    const target = jsonSchemaOf(configSchema).properties?.['targets']?.additionalProperties;
    assert.ok(typeof target === 'object');
    for (const [key, { description }] of Object.entries(target.properties ?? {})) assert.ok(description, key);
  });
});
