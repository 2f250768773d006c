import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cli } from '../support/cli.js';
import { shareServer, startServer } from '../support/real-server.js';

describe('diagnose --fix', () => {
  const server = shareServer({ args: ['-c', '1024', '-np', '2', '--alias', 'tiny'] });
  let cwd: string;
  beforeEach(() => {
    cwd = mkdtempSync(join(tmpdir(), 'llamactl-fix-'));
  });
  afterEach(() => rmSync(cwd, { recursive: true, force: true }));
  const write = (name: string, text: string) => writeFileSync(join(cwd, name), text);
  const read = (name: string) => readFileSync(join(cwd, name), 'utf8');
  const fix = (...more: string[]) => cli(['diagnose', '--fix', ...more], { cwd });

  it('mends model and context in the file, keeps its comments and a backup, and looks again', async () => {
    const before = `# mine\ntargets:\n  local: # the small one\n    baseUrl: ${server.current.url}\n    models: [tinny] # a typo\n    contextWindow: 8192\n`;
    write('llamactl.config.yaml', before);
    const { code, out, err } = await fix('--yes');
    assert.equal(code, 0, out + err);
    const after = before.replace('tinny', '"tiny"').replace('8192', '512');
    assert.equal(read('llamactl.config.yaml'), after);
    assert.equal(read('llamactl.config.yaml.bak'), before);
    assert.match(err, /- +contextWindow: 8192[\s\S]*\+ +contextWindow: 512/);
    assert.match(out, /^✓ local/);
  });

  it('mends the address where a llama-server answers beside it', async () => {
    write('llamactl.config.json', `{"targets":{"a":{"baseUrl":"${server.current.url}/llm"}}}`);
    const { code } = await fix('--yes', '--json');
    assert.equal(code, 0);
    assert.equal(read('llamactl.config.json'), `{"targets":{"a":{"baseUrl":"${server.current.url}"}}}`);
  });

  it('mends an address that ends in /v1 twice', async () => {
    write('llamactl.config.json', `{"targets":{"a":{"baseUrl":"${server.current.url}/v1/v1"}}}`);
    const { code } = await fix('--yes', '--json');
    assert.equal(code, 0);
    assert.equal(read('llamactl.config.json'), `{"targets":{"a":{"baseUrl":"${server.current.url}/v1"}}}`);
  });

  it('mends the one of several addresses that does not answer, and leaves one that is a variable', async () => {
    const { url } = server.current;
    const text = (second: string) =>
      `targets:\n  a:\n    baseUrls:\n      - ${url}\n      - ${second} # the other\n`;
    write('llamactl.config.yaml', text(`${url}/llm`));
    const { code, err } = await fix('--yes', '--json');
    assert.equal(code, 0, err);
    assert.equal(read('llamactl.config.yaml'), text(JSON.stringify(url)));

    write('llamactl.config.yaml', text('$ELSEWHERE/llm'));
    const left = await cli(['diagnose', '--fix', '--yes'], { cwd, env: { ELSEWHERE: url } });
    assert.equal(left.code, 1);
    assert.match(left.err, /nothing of this can be mended/);
    assert.equal(read('llamactl.config.yaml'), text('$ELSEWHERE/llm'));
  });

  it('mends the port that has moved with a release', async () => {
    // A loopback address of its own, so that both default ports are free.
    const host = `127.${1 + (process.pid % 250)}.${1 + ((process.pid >> 8) % 250)}.9`;
    const moved = await startServer({ port: 9931, args: ['-c', '512', '--host', host], until: 'started' });
    try {
      for (let look = 0; look < 300 && !/listening on/.test(moved.log()); look++) await sleep(50);
      write('llamactl.config.json', `{"targets":{"a":{"baseUrl":"http://${host}:8080"}}}`);
      const { code, err } = await fix('--yes', '--json');
      assert.equal(code, 0, err);
      assert.equal(read('llamactl.config.json'), `{"targets":{"a":{"baseUrl":"http://${host}:9931"}}}`);
    } finally {
      await moved.stop();
    }
  });

  it('writes nothing where nobody can be asked', async () => {
    const text = `{"targets":{"a":{"baseUrl":"${server.current.url}/llm"}}}`;
    write('llamactl.config.json', text);
    const { code, err } = await fix();
    assert.equal(code, 2);
    assert.match(err, /llamactl diagnose --fix --yes/);
    assert.deepEqual(readdirSync(cwd), ['llamactl.config.json']);
    assert.equal(read('llamactl.config.json'), text);
  });

  it('says so where there is nothing to mend, and judges all the same', async () => {
    const { code, out, err } = await fix('--url', server.current.url);
    assert.equal(code, 0);
    assert.match(err, /nothing of this can be mended/);
    assert.match(out, /^✓/);
  });
});
