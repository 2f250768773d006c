import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { LlamactlError } from '../../src/errors/llamactl-error.js';
import { findServer, requireServer } from '../../src/server/find.js';
import { serverPath } from '../../src/server/install/cached.js';
import { PREBUILT_SERVER, SOURCE_SERVER } from '../../src/server/install/pins.js';
import { serverBinary } from '../support/real-server.js';

describe('finding llama-server', () => {
  let folder: string;
  const path = (...names: string[]) => join(folder, ...names);
  const none = { env: { PATH: '' }, cacheDirectory: '/nonexistent' };
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llamactl-find-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function script(file: string, text: string): Promise<string> {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `#!/bin/sh\n${text}\n`);
    await chmod(file, 0o755);
    return file;
  }

  it('takes --bin, and asks it for its version', async () => {
    const found = await findServer({ ...none, bin: serverBinary() });
    assert.equal(found?.command, serverBinary());
    assert.equal(found.origin, '--bin');
    assert.deepEqual(found.args, []);
    assert.match(found.version ?? '', /^\d/);
  });

  it('takes LLAMA_SERVER_BIN before PATH, and --bin before both', async () => {
    await symlink(serverBinary(), path('llama-server'));
    const other = await script(path('other'), 'echo "version: 9 (abc)"');
    const env = { PATH: folder, LLAMA_SERVER_BIN: other };
    assert.equal((await findServer({ ...none, env }))?.origin, 'LLAMA_SERVER_BIN');
    assert.equal((await findServer({ ...none, env, bin: serverBinary() }))?.origin, '--bin');
    assert.equal((await findServer({ ...none, env: { PATH: folder } }))?.command, path('llama-server'));
  });

  it('takes the unified program as "llama serve"', async () => {
    // What `llama serve` of llama.cpp does: the rest of the line is llama-server's.
    await script(path('llama'), `[ "$1" = serve ] && shift && exec ${serverBinary()} "$@"; exit 1`);
    const found = await findServer({ ...none, env: { PATH: folder } });
    assert.equal(found?.command, path('llama'));
    assert.deepEqual(found.args, ['serve']);
    assert.match(found.version ?? '', /^\d/);
  });

  it('passes over another program that is called llama', async () => {
    await script(path('llama'), 'echo "usage: llama [-h] {model,stack,download}"; exit 2');
    assert.equal(await findServer({ ...none, env: { PATH: `${folder}:/bin` } }), null);
  });

  for (const [what, prepare, message] of [
    ['is missing', async () => undefined, /does not exist/],
    ['is a folder', (file: string) => mkdir(file), /is a folder/],
    ['cannot be executed', (file: string) => writeFile(file, 'text'), /cannot be executed/],
  ] as const) {
    it(`does not look elsewhere when the one that was named ${what}: exit 2`, async () => {
      await prepare(path('named'));
      await symlink(serverBinary(), path('llama-server'));
      for (const options of [
        { bin: path('named'), env: { PATH: folder } },
        { env: { PATH: folder, LLAMA_SERVER_BIN: path('named') } },
      ]) {
        await assert.rejects(findServer({ ...none, ...options }), (error) => {
          assert.ok(error instanceof LlamactlError);
          assert.equal(error.exit, 2);
          assert.match(error.message, message);
          assert.match(error.message, options.bin === undefined ? /LLAMA_SERVER_BIN/ : /--bin/);
          return true;
        });
      }
    });
  }

  it('takes the copies of the cache last, and the prebuilt one for the built-in model alone', async () => {
    const options = { env: { PATH: '' }, cacheDirectory: folder };
    await script(serverPath(folder, PREBUILT_SERVER), 'echo "version: 1 (abc)"');
    assert.equal(await findServer({ ...options, anyModel: true }), null);
    assert.equal(
      (await findServer({ ...options, anyModel: false }))?.command,
      serverPath(folder, PREBUILT_SERVER),
    );
    await script(serverPath(folder, SOURCE_SERVER), 'echo "version: 2 (abc)"');
    const found = await findServer({ ...options, anyModel: false });
    assert.equal(found?.command, serverPath(folder, SOURCE_SERVER));
    assert.equal(found.origin, 'cache');
  });

  it('says how to get one where there is none: exit 2', async () => {
    await assert.rejects(requireServer(none), (error) => {
      assert.ok(error instanceof LlamactlError);
      assert.equal(error.code, 'server.not-installed');
      assert.equal(error.exit, 2);
      assert.match(error.suggestions.join('\n'), /llamactl up --tiny --install/);
      return true;
    });
  });
});
