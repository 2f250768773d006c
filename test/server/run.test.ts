import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { findFreePort } from '../../src/server/port.js';
import { RunningServer } from '../../src/server/run.js';
import { serverBinary, smolModel, tinyModel } from '../support/real-server.js';

async function start(args: readonly string[] = [], model?: string, apiKey?: string): Promise<RunningServer> {
  const port = await findFreePort();
  return new RunningServer({
    binary: { command: serverBinary(), args: [] },
    args: [
      '-m',
      model ?? (await tinyModel()),
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
      '-c',
      '512',
      ...args,
    ],
    url: `http://127.0.0.1:${port}`,
    apiKey,
  });
}

function isAlive(pid: number | undefined): boolean {
  try {
    process.kill(pid ?? -1, 0);
    return true;
  } catch {
    return false;
  }
}

describe('a server of ours', () => {
  it('is ready when it says so, keeps its log, and is gone after stop', async () => {
    const server = await start();
    assert.equal(await server.waitUntilReady(), null);
    const exit = await server.stop();
    // All of it is there once the server has gone: it writes apart from what it answers.
    assert.match(server.log().join('\n'), /model loaded/);
    assert.equal(exit.requested, true);
    assert.equal(exit.code, 0, 'SIGTERM lets it end in good order');
    assert.equal(isAlive(server.pid), false);
  });

  it('tells that it loads while it loads', async () => {
    const server = await start([], smolModel());
    const stages = new Set<string>();
    try {
      assert.equal(await server.waitUntilReady({ onProgress: ({ stage }) => stages.add(stage) }), null);
    } finally {
      await server.stop();
    }
    assert.ok(stages.has('loading'), [...stages].join());
  });

  it('gets its key by the environment, and arguments show nothing', async () => {
    const server = await start([], undefined, 'sk-of-ours-81');
    try {
      assert.equal(await server.waitUntilReady(), null);
      const status = async (headers: Record<string, string>) =>
        (await fetch(`${server.url}/props`, { headers })).status;
      assert.equal(await status({}), 401);
      assert.equal(await status({ authorization: 'Bearer sk-of-ours-81' }), 200);
    } finally {
      await server.stop();
    }
  });

  it('is ready behind a path prefix, where /health wants the key', async () => {
    const port = await findFreePort();
    const server = new RunningServer({
      binary: { command: serverBinary(), args: [] },
      args: ['-m', await tinyModel(), '--port', String(port), '--api-prefix', '/llm', '-c', '512'],
      url: `http://127.0.0.1:${port}/llm`,
      apiKey: 'sk-of-ours-82',
    });
    try {
      assert.equal(await server.waitUntilReady(), null);
    } finally {
      await server.stop();
    }
  });

  it('that is wedged is killed when the grace is over', async () => {
    const server = await start();
    await server.waitUntilReady();
    const answer = fetch(`${server.url}/completion`, {
      method: 'POST',
      body: JSON.stringify({ prompt: 'Hello', n_predict: 100_000, ignore_eos: true, stream: true }),
    }).catch(() => null);
    await answer;
    // With a stream under way SIGTERM takes 30 s.
    const exit = await server.stop(200);
    assert.ok(exit.signal === 'SIGKILL' || exit.code === 0);
    assert.equal(isAlive(server.pid), false);
  });

  it('that fails is told as ended, with how', async () => {
    const server = await start(['--no-such-flag']);
    const exit = await server.waitUntilReady();
    assert.equal(exit?.code, 1);
    assert.equal(exit.requested, false);
  });

  it('that cannot be started at all is told too', async () => {
    const server = new RunningServer({
      binary: { command: '/nonexistent/llama-server', args: [] },
      args: [],
      url: 'http://127.0.0.1:9',
    });
    const exit = await server.waitUntilReady();
    assert.match(exit?.error?.message ?? '', /ENOENT/);
  });

  it('is not waited for once the signal is aborted', async () => {
    const server = await start([], smolModel());
    const controller = new AbortController();
    const reason = new Error('enough');
    const waiting = server.waitUntilReady({
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    });
    await assert.rejects(waiting, reason);
    await server.stop();
  });
});

describe('when our process ends, its server ends', () => {
  const program = fileURLToPath(new URL('../fixtures/server/owner.ts', import.meta.url));

  async function owner(how: string): Promise<{ child: ChildProcess; pid: number }> {
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', program, serverBinary(), await tinyModel(), String(await findFreePort()), how],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [line]: Buffer[] = await once(child.stdout, 'data');
    return { child, pid: Number(String(line)) };
  }

  async function gone(pid: number): Promise<void> {
    const deadline = Date.now() + 10_000;
    while (isAlive(pid)) {
      assert.ok(Date.now() < deadline, `llama-server ${pid} was left behind`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    it(`by ${signal}, and it still ends by that signal`, async () => {
      const { child, pid } = await owner('wait');
      assert.ok(isAlive(pid));
      child.kill(signal);
      const [, endedBy] = await once(child, 'close');
      assert.equal(endedBy, signal);
      await gone(pid);
    });
  }

  for (const how of ['exit', 'throw']) {
    it(`by ${how}`, async () => {
      const { child, pid } = await owner(how);
      await once(child, 'close');
      await gone(pid);
    });
  }
});
