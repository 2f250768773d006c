import assert from 'node:assert/strict';
import {
  type CannedServer,
  cannedServer,
  chunk,
  eventStream,
  LLAMA_HEADERS,
} from '../support/canned-server.js';
import { useServer } from '../support/command-servers.js';
import { onTerminal, type TerminalEnd } from '../support/terminal.js';

const CTRL_C = '\x03';
const CTRL_D = '\x04';
const UP = '\x1b[A';
const PROMPT = /> $/;
const answerOf = (text: string) => eventStream([chunk({ content: text }), chunk({}, 'stop'), '[DONE]']);

describe('a conversation on a terminal', () => {
  const plain = useServer('plain');
  let server: CannedServer | undefined;

  afterEach(async () => {
    await server?.stop();
    server = undefined;
  });

  /** A server that gives these answers, one a request. */
  async function answering(...answers: ReturnType<typeof eventStream>[]): Promise<CannedServer> {
    const left = [...answers];
    server = await cannedServer(
      {
        'POST /v1/chat/completions': async (request, response, body) => {
          const next = left.shift() ?? answerOf('no more');
          if (typeof next === 'function') await next(request, response, body);
        },
      },
      LLAMA_HEADERS,
    );
    return server;
  }

  const conversations = () =>
    (server?.requests ?? []).map(({ body }) =>
      (JSON.parse(body).messages as { content: string }[]).map(({ content }) => content),
    );

  function leftWell(end: TerminalEnd, code = 0): void {
    assert.equal(end.code, code, end.screen);
    assert.ok(end.restored, 'the terminal is not as it was');
    assert.ok(end.raw.includes('\x1b[?2004l'), 'bracketed paste is still on');
    assert.doesNotMatch(end.screen, /\n\s+at .*:\d+:\d+/);
  }

  it('speaks with a real server, and leaves with /exit', async () => {
    const terminal = onTerminal(['chat', '--url', plain.current.url, '--temperature', '0', '--stats']);
    await terminal.until(/\/help for commands, \/exit to leave\n/);
    await terminal.until(PROMPT);
    terminal.type('Hello\r');
    await terminal.until(/The server is ready[\s\S]*tokens\/s[\s\S]*> $/);
    terminal.type('/exit\r');
    leftWell(await terminal.ended());
  });

  it('remembers what was said until /clear, edits lines, and finds earlier ones', async () => {
    const { url } = await answering(answerOf('first'), answerOf('second'), answerOf('third'));
    const terminal = onTerminal(['chat', '--url', url, '--system', 'S']);
    await terminal.until(PROMPT);
    terminal.type('one!\x7f\r');
    await terminal.until(/first\n[\s\S]*> $/);
    terminal.type('two\r');
    await terminal.until(/second\n[\s\S]*> $/);
    terminal.type('/clear\r');
    await terminal.until(/forgotten[\s\S]*> $/);
    terminal.type(`${UP}${UP}\r`);
    await terminal.until(/third\n[\s\S]*> $/);
    terminal.type(CTRL_D);
    leftWell(await terminal.ended());
    assert.deepEqual(conversations(), [
      ['S', 'one'],
      ['S', 'one', 'first', 'two'],
      ['S', 'two'],
    ]);
  });

  it('stops an answer on Ctrl-C and nothing else, keeping what came of it; Ctrl-C at the prompt leaves', async () => {
    const { url } = await answering(
      eventStream([chunk({ content: 'once upon ' }), 120_000]),
      answerOf('more'),
    );
    const terminal = onTerminal(['chat', '--url', url]);
    await terminal.until(PROMPT);
    terminal.type('a story\r');
    await terminal.until(/once upon /);
    terminal.type(CTRL_C);
    await terminal.until(/\(stopped\)\n[\s\S]*> $/);
    terminal.type('go on\r');
    await terminal.until(/more\n[\s\S]*> $/);
    terminal.type(`half a line${CTRL_C}`);
    await terminal.until(/half a line[\s\S]*> $/);
    terminal.type(CTRL_C);
    leftWell(await terminal.ended());
    assert.deepEqual(conversations()[1], ['a story', 'once upon ', 'go on']);
  });

  it('takes several lines as one message where they are pasted, or continued with \\', async () => {
    const { url } = await answering(answerOf('first'), answerOf('second'));
    const terminal = onTerminal(['chat', '--url', url]);
    await terminal.until(PROMPT);
    terminal.type('\x1b[200~line 1\rline 2\r\r漢字 🦙\x1b[201~');
    await terminal.until(/漢字/);
    terminal.type(' end\r');
    await terminal.until(/first\n[\s\S]*> $/);
    terminal.type('one \\\r');
    await terminal.until(/… $/);
    terminal.type('two\r');
    await terminal.until(/second\n[\s\S]*> $/);
    terminal.type('/exit\r');
    leftWell(await terminal.ended());
    assert.deepEqual(
      conversations().map((contents) => contents.at(-1)),
      ['line 1\nline 2\n\n漢字 🦙 end', 'one \ntwo'],
    );
  });

  it('keeps what is typed during an answer for after it, and out of the answer', async () => {
    const slow = eventStream([
      chunk({ content: 'slow ' }),
      700,
      chunk({ content: 'answer' }),
      chunk({}, 'stop'),
      '[DONE]',
    ]);
    const { url } = await answering(slow, answerOf('second'));
    const terminal = onTerminal(['chat', '--url', url]);
    await terminal.until(PROMPT);
    terminal.type('one\r');
    await terminal.until(/slow /);
    terminal.type('two\rbegun');
    await terminal.until(/answer\n> two\n[\s\S]*second\n[\s\S]*> begun$/);
    assert.match(terminal.screen, /slow answer/);
    terminal.type(`${CTRL_C}${CTRL_C}`);
    leftWell(await terminal.ended());
  });

  it('goes on after a failure, and shows it', async () => {
    const { url } = await answering(eventStream([chunk({ content: 'half' }), 30, 'cut']), answerOf('well'));
    const terminal = onTerminal(['chat', '--url', url]);
    await terminal.until(PROMPT);
    terminal.type('one\r');
    await terminal.until(/half\n✗ [\s\S]*stream\.truncated[\s\S]*> $/);
    terminal.type('two\r');
    await terminal.until(/well\n[\s\S]*> $/);
    terminal.type('/quit\r');
    leftWell(await terminal.ended());
    assert.deepEqual(conversations()[1], ['one', 'half', 'two']);
  });

  it('gives the terminal back on SIGTERM, at the prompt (143)', async () => {
    const terminal = onTerminal(['chat', '--url', plain.current.url]);
    await terminal.until(PROMPT);
    terminal.kill('SIGTERM');
    leftWell(await terminal.ended(), 143);
  });
});
