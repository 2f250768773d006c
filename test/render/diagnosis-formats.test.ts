import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { CHECKS } from '../../src/diagnose/checks.js';
import { type Facts, notAsked } from '../../src/diagnose/facts.js';
import { type Diagnosis, judge } from '../../src/diagnose/runner.js';
import { renderDiagnoses } from '../../src/render/diagnosis.js';
import { renderReport } from '../../src/render/diagnosis-formats.js';
import { failedFact, healthyFacts } from '../support/facts.js';

const base = healthyFacts();

function diagnosisOf(facts: Facts, target: string | null = null): Diagnosis {
  return { schemaVersion: 1, target, url: facts.url, ...judge(facts, CHECKS), facts, durationMs: 1234 };
}

/** Says what is not well-formed, as an XML parser that is not ours does. */
function parseXml(xml: string): string {
  const script =
    'import sys, xml.dom.minidom as m; d = m.parseString(sys.stdin.buffer.read()); print(len(d.getElementsByTagName("testcase")))';
  return execFileSync('python3', ['-c', script], { input: xml, encoding: 'utf8' }).trim();
}

const healthy = diagnosisOf(base, 'gpu1');
const nasty =
  'the <template> & "quotes" ]]> failed, at 100 % \u0007\ud800 in\ntwo lines: a,b::c `code` | pipe';
const broken = diagnosisOf(
  healthyFacts({ health: failedFact('CONNECTION_ERROR', 'connection.wrong-server', nasty, [nasty]) }),
  'gpu2',
);
const warned = diagnosisOf(
  healthyFacts({
    configured: {
      ...base.configured,
      file: 'llamactl.config.json',
      problems: [{ severity: 'warning', message: 'an example key', place: 'llamactl.config.json:7:9' }],
    },
  }),
);

describe('JUnit', () => {
  it('is well-formed whatever is in the texts, a test a check', async () => {
    const xml = await renderReport('junit', [healthy, broken, warned], '0.1.0');
    assert.equal(parseXml(xml), String(3 * CHECKS.length));
    assert.match(
      xml,
      new RegExp(`<testsuites name="llamactl diagnose" tests="${3 * CHECKS.length}" failures="1" errors="0"`),
    );
    assert.match(xml, /<failure type="connection\.wrong-server" message="the &lt;template&gt;/);
    assert.match(xml, /<testsuite name="gpu2"[^>]* failures="1"/);
  });

  it('shows a warning without a failure', async () => {
    const xml = await renderReport('junit', [warned], '0.1.0');
    assert.match(xml, /failures="0"/);
    assert.match(xml, /<system-out>warning: config\.invalid: an example key/);
  });
});

describe('GitHub annotations', () => {
  it('are one line each, with what would break them escaped', async () => {
    const text = await renderReport('github', [broken], '0.1.0');
    for (const line of text.split('\n')) assert.match(line, /^::(?:error|warning|notice) title=[^:]*::/);
    assert.match(text, /^::error title=gpu2%3A connection\.wrong-server::/);
    assert.match(text, /100 %25/);
  });

  it('stand at the place in the configuration that is to blame', async () => {
    assert.match(
      await renderReport('github', [warned], '0.1.0'),
      /^::warning file=llamactl\.config\.json,line=7,col=9,title=/,
    );
  });

  it('say of a healthy server that it is', async () => {
    assert.equal(
      await renderReport('github', [healthy], '0.1.0'),
      '::notice title=llamactl%3A gpu1::healthy',
    );
  });
});

describe('Markdown', () => {
  it('keeps its tables and fences whole', async () => {
    const text = await renderReport('markdown', [broken], '0.1.0');
    const rows = text.split('\n').filter((line) => line.startsWith('|'));
    assert.equal(rows.length, CHECKS.length + 2);
    for (const row of rows) assert.equal(row.replace(/\\\|/g, '').split('|').length, 5, row);
    assert.equal((text.match(/^```/gm) ?? []).length % 2, 0);
  });
});

describe('SARIF', () => {
  it('has a rule for each code, and results that name it', async () => {
    const { version, runs } = JSON.parse(await renderReport('sarif', [healthy, broken, warned], '0.1.0'));
    assert.equal(version, '2.1.0');
    const [{ tool, results }] = runs;
    assert.deepEqual(
      tool.driver.rules.map(({ id }: { id: string }) => id),
      ['config.invalid', 'connection.wrong-server'],
    );
    for (const { ruleId, ruleIndex, level } of results) {
      assert.equal(tool.driver.rules[ruleIndex].id, ruleId);
      assert.match(level, /^(?:error|warning|note)$/);
    }
  });
});

describe('a diagnosis for people', () => {
  const show = (...diagnoses: Diagnosis[]) => renderDiagnoses(diagnoses, { width: 80, verbose: false });

  it('begins with the verdict, then the cause and its proof, then what to type', () => {
    const lines = show(warned).split('\n');
    assert.match(lines[0] ?? '', /^! 127\.0\.0\.1:8080 · an example key$/);
    assert.match(lines[2] ?? '', /^ {2}config\.invalid$/);
    assert.match(lines[3] ?? '', /llamactl\.config\.json:7:9/);
    assert.ok(lines.includes('    llamactl config validate llamactl.config.json'));
  });

  it('of a healthy server is short', () => {
    assert.deepEqual(show(diagnosisOf(base)).split('\n'), [
      '✓ 127.0.0.1:8080 · llama.cpp b11434-abcdef0, qwen Q4_K_M, 4 slots of 2,048',
      '  tokens',
      '  first token after 41 ms · prompt 312 tokens/s · generation 40 tokens/s · cache',
      '  reuse 70 %',
      '  18 checks in 1.2 s',
    ]);
  });

  it('says only what was asked: with the health of nobody known it is no llama.cpp', () => {
    const unasked = notAsked('no check wants it');
    const facts = healthyFacts({ health: unasked, props: unasked, models: unasked });
    const network = CHECKS.filter(({ id }) => id === 'network.tcp');
    assert.deepEqual(show({ ...diagnosisOf(facts), ...judge(facts, network) }).split('\n'), [
      '✓ 127.0.0.1:8080 · network.tcp: connects in 0.4 ms',
      '  1 check in 1.2 s',
    ]);
  });

  it('ends with a command that is never broken in two', () => {
    const narrow = renderDiagnoses([broken], { width: 70, verbose: false });
    const [last, sum] = narrow.split('\n').reverse();
    assert.equal(last, 'llamactl explain connection.wrong-server');
    assert.match(sum ?? '', /^1 problem · \d+ checks not run · 1\.2 s$/);
  });

  it('of a fleet is a row each, and the whole of those that are unwell', () => {
    const text = show(healthy, broken);
    assert.match(text, /SERVER +ROOT CAUSE +WHAT/);
    assert.match(text, /✓ +gpu1 +–/);
    assert.match(text, /✗ +gpu2 +connection\.wrong-server/);
    assert.match(text, /2 servers, 1 unwell/);
  });

  it('is at most 80 columns wide, commands and long words apart', () => {
    for (const each of [healthy, broken, warned])
      for (const line of show(each).split('\n'))
        assert.ok(line.length <= 82 || /^ {4}\S/.test(line), `${line.length}: ${line}`);
  });
});
