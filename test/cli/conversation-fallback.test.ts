import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { cannedServer, chunk, eventStream, LLAMA_HEADERS } from '../support/canned-server.js';
import { KEY, useServer } from '../support/command-servers.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { keeper } from '../support/keeper.js';
import { onTerminal, type TerminalEnd } from '../support/terminal.js';

const CHAT = 'POST /v1/chat/completions';
const CTRL_C = '\x03';
const PROMPT = /> $/;

describe('a conversation with several targets, on a terminal', () => {
  const plain = useServer('plain');
  const keyed = useServer('keyed');
  const keep = keeper();
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'llamactl-conversation-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function write(config: object): string {
    const file = join(folder, 'llamactl.config.json');
    writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
    return file;
  }

  function leftWell(end: TerminalEnd, code = 0): void {
    assert.equal(end.code, code, end.screen);
    assert.ok(end.restored, 'the terminal is not as it was');
    assert.doesNotMatch(end.screen, /\n\s+at .*:\d+:\d+/);
  }

  it('tells each switch in one line, stays with who answers, and comes back to the first', async () => {
    const [first, second] = await Promise.all([
      keep(FaultProxy.start(plain.current.url)),
      keep(FaultProxy.start(keyed.current.url)),
    ]);
    const file = write({
      fallback: ['second'],
      targets: {
        first: { baseUrl: first.url, maxRetries: 0 },
        second: { baseUrl: second.url, apiKey: KEY, maxRetries: 0 },
      },
    });
    await first.refuse();
    const terminal = onTerminal(['chat', '--config', file, '--temperature', '0', '--max-tokens', '6']);
    await terminal.until(PROMPT);
    terminal.type('one\r');
    await terminal.until(/answered by second \(\S+\): first refused the connection\nThe server[^>]*> $/);
    // It has cooled down by no means: the second goes on to answer, and nothing is said of it.
    await first.accept();
    terminal.type('two\r');
    await terminal.until(/two\nThe server[^>]*> $/);
    await second.refuse();
    terminal.type('three\r');
    await terminal.until(/answered by first \(\S+\): second refused the connection\nThe server[^>]*> $/);
    terminal.type('/exit\r');
    const end = await terminal.ended();
    leftWell(end);
    assert.equal(end.screen.match(/answered by/g)?.length, 2, end.screen);
  });

  it('lets the command that prints a key ask on the terminal, and reads none of what is typed there', async () => {
    const first = await keep(FaultProxy.start(plain.current.url));
    const second = await keep(
      cannedServer(
        { [CHAT]: eventStream([chunk({ content: 'Yes.' }), chunk({}, 'stop'), '[DONE]']) },
        LLAMA_HEADERS,
      ),
    );
    const file = write({
      fallback: ['second'],
      targets: {
        first: { baseUrl: first.url, maxRetries: 0 },
        second: {
          baseUrl: second.url,
          apiKeyCommand:
            'stty -echo </dev/tty; printf "Password: " >/dev/tty; read -r key </dev/tty; stty echo </dev/tty; echo "$key"',
        },
      },
    });
    await first.refuse();
    const terminal = onTerminal(['chat', '--config', file]);
    await terminal.until(PROMPT);
    terminal.type('one\r');
    await terminal.until(/Password: $/);
    // Longer than the line that tells of a wait takes to appear.
    await setTimeout(1300);
    assert.match(terminal.screen, /Password: $/);
    terminal.type('sk-typed-secret\r');
    await terminal.until(/answered by second [^\n]*\nYes\.\n> $/);
    terminal.type('two\r');
    await terminal.until(/Yes\.\n> $/);
    terminal.type('/exit\r');
    const end = await terminal.ended();
    leftWell(end);
    assert.doesNotMatch(end.raw, /sk-typed/);
    const chats = second.requests.filter(({ line }) => line === CHAT);
    assert.deepEqual(
      chats.map(({ headers, body }) => [headers['authorization'], JSON.parse(body).messages.length]),
      [
        ['Bearer sk-typed-secret', 1],
        ['Bearer sk-typed-secret', 3],
      ],
    );
  });

  it('stops on Ctrl-C while the next one is asked, and goes on', async () => {
    const first = await keep(FaultProxy.start(plain.current.url));
    let asked: (() => void) | undefined;
    const untilAsked = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const stuck = await keep(cannedServer({ '*': () => asked?.() }, LLAMA_HEADERS));
    const file = write({
      fallback: ['second'],
      targets: { first: { baseUrl: first.url, maxRetries: 0 }, second: { baseUrl: stuck.url } },
    });
    await first.refuse();
    const terminal = onTerminal(['chat', '--config', file]);
    await terminal.until(PROMPT);
    terminal.type('one\r');
    await untilAsked;
    terminal.type(CTRL_C);
    await terminal.until(/\(stopped\)\n[\s\S]*> $/);
    terminal.type('/exit\r');
    leftWell(await terminal.ended());
  });
});

describe('provider use on a terminal', () => {
  let folder: string;
  let file: string;
  const text = '{"default": "a", "targets": {"a": {}, "b": {}}}\n';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'llamactl-use-'));
    file = join(folder, 'llamactl.config.json');
    writeFileSync(file, text);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('lists the targets, and takes the number of one', async () => {
    const terminal = onTerminal(['provider', 'use', '--config', file]);
    await terminal.until(/ 1 {2}a\b[^\n]*\n {2}2 {2}b\b[^\n]*\n[\s\S]*Which one\? $/);
    terminal.type('2\r');
    const end = await terminal.ended();
    assert.equal(end.code, 0, end.screen);
    assert.ok(end.restored);
    assert.match(end.screen, /✓ b is now the default/);
    assert.equal(JSON.parse(readFileSync(file, 'utf8')).default, 'b');
  });

  it('changes nothing by Ctrl-C (130), and says what a wrong answer is (2)', async () => {
    const stopped = onTerminal(['provider', 'use', '--config', file]);
    await stopped.until(/Which one\? $/);
    stopped.type(CTRL_C);
    const end = await stopped.ended();
    assert.deepEqual([end.code, end.restored], [130, true], end.screen);
    const wrong = onTerminal(['provider', 'use', '--config', file]);
    await wrong.until(/Which one\? $/);
    wrong.type('7\r');
    const refused = await wrong.ended();
    assert.equal(refused.code, 2);
    assert.match(refused.screen, /there is no target "7"[\s\S]*Targets: a, b/);
    assert.equal(readFileSync(file, 'utf8'), text);
  });
});
