import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { parseAllDocuments } from 'yaml';
import { TARGETS } from '../../src/deploy/targets.js';
import { optionMatrix } from '../deploy/matrix.js';
import { hasValidator, VALIDATORS } from '../support/validators.js';

/** Reads texts with PyYAML, which knows YAML 1.1 alone, and writes what they hold as JSON. */
const READER = `
import json, sys, yaml
json.dump([list(yaml.safe_load_all(text)) for text in json.load(sys.stdin)], sys.stdout)
`;

/** @returns the documents of each text */
function pyYaml(texts: readonly string[]): unknown[][] {
  const { status, stdout, stderr } = spawnSync('python3', ['-c', READER], {
    input: JSON.stringify(texts),
    encoding: 'utf8',
    env: { ...process.env, PYTHONPATH: VALIDATORS.pyYaml },
    maxBuffer: 256 * 1024 * 1024,
  });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

/** Readers of YAML 1.2, as JSON has it. */
function newReader(text: string): unknown[] {
  const documents = parseAllDocuments(text, { version: '1.2', merge: true });
  return JSON.parse(JSON.stringify(documents.map((document) => document.toJS())));
}

if (hasValidator('pyYaml')) {
  describe('YAML', function () {
    this.timeout(180_000);

    it('is read alike by a reader of 1.1 and one of 1.2, whatever is asked for', () => {
      const files = optionMatrix().flatMap(({ name, plan }) =>
        Object.values(TARGETS).flatMap((target) =>
          target
            .files(plan, { explain: false })
            // A chart's templates are YAML only after helm has filled them.
            .filter(({ path }) => /\.ya?ml$/.test(path) && !path.startsWith('templates/'))
            .map(({ path, content }) => ({ what: `${path} of ${name}`, content })),
        ),
      );
      // Many outputs share a file.
      const distinct = [...new Map(files.map((file) => [file.content, file])).values()];
      const read = pyYaml(distinct.map(({ content }) => content));
      for (const [index, { what, content }] of distinct.entries())
        assert.deepEqual(read[index], newReader(content), what);
    });

    it('that is not quoted is seen to be read otherwise', () => {
      const text = 'a: on\nb: 12:30\nc: 1_000\n';
      assert.deepEqual(pyYaml([text]), [[{ a: true, b: 750, c: 1000 }]]);
      assert.deepEqual(newReader(text), [{ a: 'on', b: '12:30', c: '1_000' }]);
    });
  });
}
