import assert from 'node:assert/strict';
import { stripVTControlCharacters } from 'node:util';
import { CATALOGUE_CODES } from '../../src/errors/codes.js';
import { renderEntry, renderList, renderMatches } from '../../src/render/explain.js';
import { explain, listEntries } from '../../src/services/explain.js';

const LAYOUT = { width: 80, platform: 'linux' };

describe('explain on the screen', () => {
  it('shows the best match in full: code, proof, remedies with commands alone on their lines', async () => {
    const found = await explain({
      kind: 'text',
      text: "a\nb\nmain: couldn't bind HTTP server socket, hostname: 127.0.0.1, port: 8080\nexited with code 1",
    });
    const text = stripVTControlCharacters(renderMatches(found, LAYOUT));
    assert.equal(
      text.split('\n\n').slice(0, 3).join('\n\n'),
      [
        '✗ server.port-in-use · another process already listens on the port',
        '',
        "  line 3: main: couldn't bind HTTP server socket, hostname: 127.0.0.1, port:",
        '          8080',
        '',
        '  See who has it; where nobody has, `--host` is no address of this machine, or',
        '  the port is under 1024:',
        "    ss -ltnp 'sport = :8080'",
        '    lsof -nP -iTCP:8080 -sTCP:LISTEN',
      ].join('\n'),
    );
    assert.match(text, /^ {4}llama-server -m MODEL --port 8081$/m);
    assert.match(text, /Also found:\n {4}server\.crashed · llama-server died \(line 4\)/);
  });

  it('says what to do where nothing is wrong', async () => {
    const text = renderMatches(await explain({ kind: 'text', text: 'all good' }), LAYOUT);
    assert.match(text, /^Nothing in the line is a known failure/);
    assert.match(text, /^ {4}llamactl diagnose$/m);
  });

  it('fills 80 columns at most, but for commands and links', async () => {
    for (const code of CATALOGUE_CODES) {
      const { entry } = await explain({ kind: 'code', code });
      const page = renderEntry(entry, LAYOUT);
      assert.ok(page.startsWith(`${code} · `));
      for (const line of page.split('\n'))
        assert.ok(line.length <= 80 || /^ {4}\S/.test(line) || /https:/.test(line), line);
    }
  });

  it("shows this platform's diagnostics only", async () => {
    const { entry } = await explain({ kind: 'code', code: 'server.port-in-use' });
    assert.match(renderEntry(entry, { width: 80, platform: 'win32' }), /netstat -ano/);
    assert.doesNotMatch(renderEntry(entry, LAYOUT), /netstat -ano/);
  });

  it('lists the codes in two columns, a paragraph a family', async () => {
    const list = renderList(await listEntries(), LAYOUT);
    assert.equal(list.split('\n\n').length, 13);
    assert.match(list, /^connection\.refused {14}nothing listens where llama-server is expected$/m);
    assert.ok(list.split('\n').every((line) => line.length <= 80));
  });
});
