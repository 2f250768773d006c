import assert from 'node:assert/strict';
import { cannedServer, chunk, LLAMA_HEADERS } from '../support/canned-server.js';
import { cli } from '../support/cli.js';
import { freePort } from '../support/real-server.js';
import { onTerminal } from '../support/terminal.js';

const CTRL_C = '\x03';

/** A server whose answer never ends, and the moment when nobody listens to it any more. */
async function endless() {
  let leave = () => {};
  const left = new Promise<void>((resolve) => {
    leave = resolve;
  });
  const server = await cannedServer(
    {
      'POST /v1/chat/completions': (_, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream', ...LLAMA_HEADERS });
        const timer = setInterval(() => response.write(`data: ${chunk({ content: 'word ' })}\n\n`), 5);
        response.on('close', () => {
          clearInterval(timer);
          leave();
        });
      },
    },
    LLAMA_HEADERS,
  );
  return { ...server, left };
}

describe('an answer that is interrupted', () => {
  for (const [signal, exit] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`ends on ${signal} with what came, and the server hears of it (${exit})`, async () => {
      const server = await endless();
      try {
        const [human, json] = await Promise.all([
          cli(['chat', 'Go', '--url', server.url], {
            onSpawn: (child) => child.stdout?.once('data', () => child.kill(signal)),
          }),
          cli(['chat', 'Go', '--url', server.url, '--json', '--verbose'], {
            // The head of the answer is told on stderr.
            onSpawn: (child) =>
              child.stderr?.on('data', (text: Buffer) => {
                if (/^< 200/m.test(text.toString())) setTimeout(() => child.kill(signal), 100);
              }),
          }),
        ]);
        await server.left;
        assert.equal(human.code, exit, human.text);
        assert.match(human.out, /^(?:word )+\n$/);
        assert.equal(human.err, '');
        assert.equal(json.code, exit, json.text);
        assert.equal(json.json.error.code, 'interrupted');
      } finally {
        await server.stop();
      }
    });
  }

  it('ends quietly once nobody reads it (a closed pipe), and the server hears of it', async () => {
    const server = await endless();
    try {
      const run = await cli(['chat', 'Go', '--url', server.url], {
        onSpawn: (child) => child.stdout?.once('data', () => child.stdout?.destroy()),
      });
      await server.left;
      assert.equal(run.code, 0, run.text);
      assert.equal(run.err, '');
    } finally {
      await server.stop();
    }
  });

  it('gives the terminal back on Ctrl-C, in an answer and in a wait (130)', async () => {
    const server = await endless();
    try {
      const answer = onTerminal(['chat', 'Go', '--url', server.url]);
      await answer.until(/word /);
      answer.type(CTRL_C);
      const wait = onTerminal(['health', '--wait', '5m', '--url', `http://127.0.0.1:${await freePort()}`]);
      await wait.until(/nothing listens on .* · /);
      wait.type(CTRL_C);
      for (const end of [await answer.ended(), await wait.ended()]) {
        assert.equal(end.code, 130, end.screen);
        assert.ok(end.restored);
        // A cursor that was hidden is shown again.
        assert.ok(end.raw.lastIndexOf('\x1b[?25l') <= end.raw.lastIndexOf('\x1b[?25h'));
      }
    } finally {
      await server.stop();
    }
  });
});
