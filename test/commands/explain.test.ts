import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CATALOGUE_CODES } from '../../src/errors/codes.js';
import { cli } from '../support/cli.js';
import { fails } from '../support/common-failures.js';
import { shape } from '../support/shape.js';

const LOG = "starting\nmain: couldn't bind HTTP server socket, hostname: 127.0.0.1, port: 8080\n";

describe('llamactl explain', () => {
  it('finds the cause in a pasted text, in stdin with and without -, and in a file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'llamactl-explain-'));
    try {
      const path = join(folder, 'server.log');
      writeFileSync(path, LOG);
      const runs = await Promise.all([
        cli(['explain', LOG, '--json']),
        cli(['explain', '--json'], { input: LOG }),
        cli(['explain', '-', '--json'], { input: LOG }),
        cli(['explain', path, '--json']),
      ]);
      for (const run of runs) {
        assert.equal(run.code, 0, run.text);
        assert.deepEqual(shape(run.json), {
          matches: [
            {
              code: 'string',
              title: 'string',
              rank: 'number',
              evidence: [{ line: 'number', text: 'string' }],
            },
          ],
        });
        assert.equal(run.json.matches[0].code, 'server.port-in-use');
        assert.equal(run.json.matches[0].evidence[0].line, 2);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('shows the cause first, its proof, and commands that can be copied', async () => {
    const { out } = await cli(['explain'], { input: LOG });
    assert.match(out, /^✗ server\.port-in-use · another process already listens on the port\n\n {2}line 2: /);
    assert.match(out, /^ {4}llama-server -m MODEL --port 8081$/m);
  });

  it('exits with 1 where nothing known is wrong', async () => {
    const [json, human] = await Promise.all([
      cli(['explain', 'all is well', '--json']),
      cli(['explain', 'all is well']),
    ]);
    assert.equal(json.code, 1);
    assert.deepEqual(json.json, { matches: [] });
    assert.equal(human.code, 1);
    assert.match(human.out, /^Nothing in the line is a known failure/);
  });

  it('takes anything: bytes that are no text, a line without an end, UTF-16', async () => {
    const runs = await Promise.all([
      cli(['explain', '-', '--json'], {
        input: Buffer.from(Array.from({ length: 65_536 }, (_, i) => (i * 7919) % 256)),
      }),
      cli(['explain', '-', '--json'], { input: `${'x'.repeat(1_000_000)}` }),
      cli(['explain', '-', '--json'], { input: Buffer.from(`\uFEFF${LOG}`, 'utf16le') }),
    ]);
    assert.deepEqual(
      runs.map(({ code }) => code),
      [1, 1, 0],
    );
    assert.equal(runs[2].json.matches[0].code, 'server.port-in-use');
  });

  it('gives the entry of a code', async () => {
    const [json, human] = await Promise.all([
      cli(['explain', 'context.overflow', '--json']),
      cli(['explain', 'context.overflow']),
    ]);
    const { diagnostics, ...entry } = shape(json.json) as Record<string, unknown>;
    assert.deepEqual(entry, {
      code: 'string',
      type: 'string',
      title: 'string',
      explanation: 'string',
      causes: ['string'],
      remedies: [{ text: 'string', commands: ['string'] }],
      link: 'string',
    });
    assert.ok(diagnostics);
    assert.match(human.out, /^context\.overflow · /);
  });

  it('lists every code, in 80 columns', async () => {
    const [json, human] = await Promise.all([
      cli(['explain', '--list', '--json']),
      cli(['explain', '--list']),
    ]);
    assert.deepEqual(
      json.json.entries.map(({ code }: { code: string }) => code),
      [...CATALOGUE_CODES],
    );
    for (const line of human.out.split('\n')) assert.ok(line.length <= 80, line);
    for (const code of CATALOGUE_CODES) assert.ok(human.out.includes(code), code);
  });

  it('fills the columns that there are', async () => {
    const runs = await Promise.all(
      ['40', '80', '120'].map((COLUMNS) => cli(['explain', 'server.port-in-use'], { env: { COLUMNS } })),
    );
    const widths = runs.map(({ out }) =>
      Math.max(
        ...out
          .split('\n')
          .filter((line) => !/^ {4}\S|https:/.test(line))
          .map((line) => line.length),
      ),
    );
    const [narrow = 0, usual = 0, wide = 0] = widths;
    assert.ok(narrow <= 40 && usual <= 80 && usual > 60 && wide <= 120 && wide > 80, widths.join());
  });

  it('says that there is nothing to explain, or no such code (2)', async () => {
    const [nothing, typo, folder, flag] = await Promise.all([
      cli(['explain', '--json'], { input: '' }),
      cli(['explain', 'context.overflw', '--json']),
      cli(['explain', '.', '--json']),
      cli(['explain', '--lst', '--json']),
    ]);
    for (const run of [nothing, typo, folder, flag]) fails(run, 2, 'usage.invalid');
    assert.match(nothing.json.error.message, /^there is nothing to read/);
    assert.match(typo.json.error.message, /^there is neither a code nor a file "context\.overflw"$/);
    assert.match(folder.json.error.message, /is a folder/);
    assert.match(flag.json.error.suggestions[0], /^Did you mean --list\?$/);
  });
});
