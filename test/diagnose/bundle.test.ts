import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import {
  compareFiles,
  diagnoseBundle,
  readBundle,
  writeBundle,
  writeBundles,
} from '../../src/diagnose/bundle.js';
import { CHECKS } from '../../src/diagnose/checks.js';
import { type Facts, notAsked } from '../../src/diagnose/facts.js';
import { type Diagnosis, judge } from '../../src/diagnose/runner.js';
import { failedFact, healthyFacts } from '../support/facts.js';

const ALL = { only: [], skip: [] };
const OPTIONS = {
  version: '0.1.0',
  secrets: ['sk-planted-9'],
  env: { LLAMA_API_KEY: 'sk-planted-9', HOME: '/x' },
};

function diagnosisOf(facts: Facts, target: string | null = null): Diagnosis {
  return { schemaVersion: 1, target, url: facts.url, ...judge(facts, CHECKS), facts, durationMs: 12 };
}

describe('a bundle', () => {
  let folder: string;
  const file = (name: string) => join(folder, name);
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'llamactl-bundle-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('gives the same verdict on another machine', async () => {
    const facts = healthyFacts({
      props: failedFact('AUTHENTICATION_ERROR', 'auth.wrong-key', 'the server refuses this API key'),
    });
    const here = diagnosisOf(facts, 'gpu1');
    await writeBundle(file('a.tar.gz'), here, OPTIONS);
    const there = await diagnoseBundle(file('a.tar.gz'), ALL);
    assert.deepEqual(there, here);
    assert.equal(there.rootCause, 'auth.wrong-key');
  });

  it('is readable by its owner alone, says what was taken out, and holds no secret', async () => {
    const facts = healthyFacts({
      health: failedFact('CONNECTION_ERROR', 'connection.reset', 'cut', [
        'Authorization: Bearer sk-planted-9',
      ]),
    });
    const manifest = await writeBundle(file('b.tar.gz'), diagnosisOf(facts), OPTIONS);
    assert.equal(statSync(file('b.tar.gz')).mode & 0o077, 0);
    assert.ok(manifest.redacted.some(({ what }) => what === 'secret'));
    const content = gunzipSync(readFileSync(file('b.tar.gz'))).toString('latin1');
    assert.doesNotMatch(content, /planted/);
    assert.match(content, /"LLAMA_API_KEY": "\*\*\*"/);
    assert.doesNotMatch(content, /"HOME"/, 'only what decides how servers behave');
  });

  it('is never written over another file', async () => {
    writeFileSync(file('c.tar.gz'), 'mine');
    await assert.rejects(writeBundle(file('c.tar.gz'), diagnosisOf(healthyFacts()), OPTIONS), {
      exit: 2,
      message: /there already/,
    });
    assert.equal(readFileSync(file('c.tar.gz'), 'utf8'), 'mine');
  });

  it('of several servers is a file each', async () => {
    const several = [diagnosisOf(healthyFacts(), 'gpu1'), diagnosisOf(healthyFacts())];
    const written = await writeBundles(file('fleet.tar.gz'), several, OPTIONS);
    assert.deepEqual(
      written.map(({ path }) => path),
      [file('fleet-gpu1.tar.gz'), file('fleet-127.0.0.1_8080.tar.gz')],
    );
    assert.ok(written.every(({ path }) => existsSync(path)));
  });

  it('may be a document of --json as well', async () => {
    writeFileSync(file('d.json'), JSON.stringify(diagnosisOf(healthyFacts())));
    assert.equal((await readBundle(file('d.json'))).verdict, 'healthy');
  });

  for (const [what, content] of [
    ['a file that is something else', 'hello'],
    ['JSON that is no diagnosis', '{"verdict":"healthy"}'],
    ['a gzip that is no archive', gzipSync('hello')],
    ['a document of another version', JSON.stringify({ ...diagnosisOf(healthyFacts()), schemaVersion: 2 })],
    ['an archive that is cut', 'cut'],
  ] as const) {
    it(`refuses ${what}: exit 2, in a line`, async () => {
      writeFileSync(file('e'), content);
      if (what === 'an archive that is cut')
        writeFileSync(file('e'), readFileSync(file('a.tar.gz')).subarray(0, 300));
      await assert.rejects(readBundle(file('e')), (error: { exit: number; message: string }) => {
        assert.equal(error.exit, 2);
        assert.doesNotMatch(error.message, /\n/);
        return true;
      });
    });
  }

  it('that is not there is told so', async () => {
    await assert.rejects(readBundle(file('nowhere')), { exit: 2, message: /nowhere cannot be read/ });
  });

  it('compared with another shows what appeared, went, and changed', async () => {
    const facts = healthyFacts();
    const busy = healthyFacts({
      ...(facts.props.state === 'known'
        ? { props: { ...facts.props, value: { ...facts.props.value, total_slots: 1 } } }
        : {}),
      slots: { state: 'known', value: { total: 1, busy: 1, progressed: 4, reading: 0 }, durationMs: 700 },
    });
    writeFileSync(file('before.json'), JSON.stringify(diagnosisOf(facts)));
    writeFileSync(file('after.json'), JSON.stringify(diagnosisOf(busy)));
    const comparison = await compareFiles([file('before.json'), file('after.json')]);
    assert.deepEqual(comparison.verdict, { before: 'healthy', after: 'warning' });
    assert.deepEqual(
      comparison.appeared.map(({ code }) => code),
      ['server.busy'],
    );
    assert.deepEqual(comparison.disappeared, []);
    assert.ok(
      comparison.facts.some(
        ({ path, before, after }) => path === 'props.total_slots' && before === 4 && after === 1,
      ),
    );
    assert.ok(
      !comparison.facts.some(({ path }) => /Ms$|progressed/.test(path)),
      'what is never twice the same',
    );
    await assert.rejects(compareFiles([file('before.json')]), { exit: 2 });
  });

  it('compared with one of a server that is gone shows that, and not each fact that is not asked any more', async () => {
    const refused = failedFact('CONNECTION_ERROR', 'connection.refused', 'nothing listens');
    const gone = healthyFacts({
      tcp: refused,
      health: refused,
      slots: notAsked('the server does not answer'),
    });
    writeFileSync(file('up.json'), JSON.stringify(diagnosisOf(healthyFacts())));
    writeFileSync(file('down.json'), JSON.stringify(diagnosisOf(gone)));
    const { facts } = await compareFiles([file('up.json'), file('down.json')]);
    assert.deepEqual(facts, [
      { path: 'tcp', before: 'answers', after: 'connection.refused' },
      { path: 'health', before: 'answers', after: 'connection.refused' },
    ]);
  });

  it('compared with itself shows nothing', async () => {
    const { facts, appeared, disappeared } = await compareFiles([file('a.tar.gz'), file('a.tar.gz')]);
    assert.deepEqual([facts, appeared, disappeared], [[], [], []]);
  });
});
