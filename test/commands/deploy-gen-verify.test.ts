import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments, stringify } from 'yaml';
import { cli } from '../support/cli.js';

const FIXTURES = fileURLToPath(new URL('../fixtures/', import.meta.url));
const SKETCH = readFileSync(join(FIXTURES, 'verify/specification-compose.yaml'), 'utf8');

describe('deploy-gen verify', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'llamactl-verify-'));
    writeFileSync(join(folder, 'compose.yaml'), SKETCH);
    cpSync(join(FIXTURES, 'deploy/k8s-hub'), join(folder, 'k8s'), { recursive: true });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const run = (args: readonly string[], input = '') =>
    cli(['deploy-gen', 'verify', ...args], { cwd: folder, input });

  it('says what is wrong, where, and what to write, and exits 1', async () => {
    const { code, out, err } = await run(['compose.yaml']);
    assert.deepEqual([code, err], [1, '']);
    assert.match(out, /^✗ compose\.yaml · llama-cpp\n/);
    assert.match(
      out,
      /✗ --server is for the image :full only[\s\S]*? {4}line 12: services\.llama-cpp\.command\n[\s\S]*? {4}Leave --server out\.\n/,
    );
    assert.match(out, /Call it LLAMA_CACHE:\n {6}LLAMA_CACHE: \/cache\n/);
    assert.match(out, /\n5 errors, 4 warnings · 1 server\n$/);
    for (const line of out.split('\n')) assert.ok(line.length <= 80, line);
  });

  it('has nothing against our own files', async () => {
    const { code, out } = await run(['k8s', '--strict']);
    assert.equal(code, 0);
    assert.equal(out, `✓ ${join('k8s', 'server.yaml')} · server\n\nnothing is wrong · 1 server\n`);
  });

  it('prints one document under --json', async () => {
    const { code, json } = await run(['compose.yaml', 'k8s', '--json']);
    assert.equal(code, 1);
    assert.deepEqual(Object.keys(json), ['valid', 'findings', 'servers']);
    const [first] = json.findings;
    assert.deepEqual(first, {
      code: 'config.invalid',
      severity: 'warning',
      title: 'version: is obsolete, and Docker warns of it at every command',
      evidence: [],
      remedies: [{ text: 'Leave the line out.', commands: [] }],
      rank: 60,
      check: 'compose-version',
      file: 'compose.yaml',
      line: 2,
      path: 'version',
    });
    assert.deepEqual(
      json.servers.map(({ name, line }: { name: string; line: number }) => [name, line]),
      [
        ['llama-cpp', 4],
        ['server', json.servers[1].line],
      ],
    );
    assert.deepEqual((await run(['compose.yaml', '--format', 'json'])).json.valid, false);
  });

  it('exits 3 for warnings with --strict alone', async () => {
    const warned = readFileSync(join(folder, 'k8s/server.yaml'), 'utf8').replace('preStop:', 'postStart:');
    writeFileSync(join(folder, 'k8s/server.yaml'), warned);
    assert.equal((await run(['k8s'])).code, 0);
    assert.equal((await run(['k8s', '--strict'])).code, 3);
  });

  it('annotates lines on GitHub', async () => {
    const { code, out } = await run(['compose.yaml', '--format', 'github']);
    assert.equal(code, 1);
    assert.match(
      out,
      /^::warning file=compose\.yaml,line=2,title=llamactl%3A compose-version::version: is obsolete/,
    );
    assert.match(out, /\n::error file=compose\.yaml,line=12,title=llamactl%3A command::--server/);
    assert.equal((await run(['k8s', '--format', 'github'])).out, '');
  });

  it('writes SARIF with a place for each finding', async () => {
    const { json } = await run(['compose.yaml', '--format', 'sarif']);
    const [{ tool, results }] = json.runs;
    assert.equal(json.version, '2.1.0');
    assert.equal(results.length, 9);
    for (const { ruleId, ruleIndex, level, locations } of results) {
      assert.equal(tool.driver.rules[ruleIndex].id, ruleId);
      assert.ok(['error', 'warning'].includes(level));
      assert.equal(locations[0].physicalLocation.artifactLocation.uri, 'compose.yaml');
      assert.ok(locations[0].physicalLocation.region.startLine > 0);
    }
  });

  it('reads a cluster’s answer from a pipe', async () => {
    const text = readFileSync(join(FIXTURES, 'verify/specification-k8s.yaml'), 'utf8');
    const items = parseAllDocuments(text).map((document) => document.toJS());
    const { code, out } = await run(['-'], stringify({ apiVersion: 'v1', kind: 'List', items }));
    assert.equal(code, 1);
    assert.match(out, /✗ stdin · llama-cpp\n/);
    assert.match(out, /line \d+: spec\.template\.spec\.containers\[0\]\.args\[4\]/);
  });

  it('passes templates over in a folder, and tells how to fill one that is named', async () => {
    mkdirSync(join(folder, 'k8s/templates'));
    writeFileSync(join(folder, 'k8s/templates/pod.yaml'), '{{- if .Values.on }}\nkind: Pod\n{{- end }}\n');
    const { code, err } = await run(['k8s']);
    assert.equal(code, 0);
    assert.match(err, /pod\.yaml is a template: not read/);
    const named = await run(['k8s/templates/pod.yaml']);
    assert.equal(named.code, 2);
    assert.match(named.err, /helm template \. \| llamactl deploy-gen verify -/);
  });

  it('tells broken YAML by its line', async () => {
    writeFileSync(join(folder, 'compose.yaml'), 'services:\n  a: [\n');
    const { code, out } = await run(['compose.yaml']);
    assert.equal(code, 1);
    assert.match(out, /this is no YAML: [\s\S]*line \d/);
  });

  it('is wrong usage where nothing runs llama-server, or is not there', async () => {
    writeFileSync(join(folder, 'other.yaml'), 'services:\n  web:\n    image: nginx\n');
    const other = await run(['other.yaml']);
    assert.deepEqual([other.code, other.out], [2, '']);
    assert.match(other.err, /nothing in other\.yaml runs llama-server/);
    const missing = await run(['nowhere.yaml']);
    assert.equal(missing.code, 2);
    assert.match(missing.err, /there is no file or folder nowhere\.yaml/);
  });
});
