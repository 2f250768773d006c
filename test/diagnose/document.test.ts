import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CHECKS } from '../../src/diagnose/checks.js';
import { diagnosisJsonSchema, readDiagnosis } from '../../src/diagnose/document.js';
import { judge } from '../../src/diagnose/runner.js';
import { cli } from '../support/cli.js';
import { healthyFacts } from '../support/facts.js';
import { shareServer } from '../support/real-server.js';

const PUBLISHED = fileURLToPath(new URL('../../docs/diagnosis.schema.json', import.meta.url));

describe('the document of diagnose --json', () => {
  const server = shareServer({ args: ['-c', '1024', '-np', '2', '--metrics', '--alias', 'tiny'] });

  it('is read back as it was', () => {
    const facts = healthyFacts();
    const diagnosis = {
      schemaVersion: 1,
      target: null,
      url: facts.url,
      ...judge(facts, CHECKS),
      facts,
      durationMs: 3,
    } as const;
    assert.deepEqual(readDiagnosis(JSON.parse(JSON.stringify(diagnosis))), diagnosis);
  });

  it('is of the published shape when it is of a real server', async () => {
    const { json, code } = await cli(['diagnose', '--url', server.current.url, '--deep', '--json']);
    assert.equal(code, 0);
    assert.deepEqual(readDiagnosis(json), json, 'nothing that the schema does not know');
  });

  it('has a published JSON Schema (write it anew: UPDATE_DOCS=1 mocha test/diagnose/document.test.ts)', () => {
    const schema = `${JSON.stringify(diagnosisJsonSchema(), null, 2)}\n`;
    if (process.env['UPDATE_DOCS']) writeFileSync(PUBLISHED, schema);
    assert.equal(readFileSync(PUBLISHED, 'utf8'), schema);
  });
});
