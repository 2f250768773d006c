import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { limitOf, memoryOf, modelBytes } from '../../src/server/process-memory.js';

describe('the memory of a process', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'llamactl-proc-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };

  it('is told apart: its own, mapped files, swap', async () => {
    const status =
      'Name:\tllama-server\nVmRSS:\t  3000 kB\nRssAnon:\t  1000 kB\nRssFile:\t  2000 kB\nVmSwap:\t 0 kB\n';
    const { residentBytes, anonymousBytes, fileBytes, swappedBytes } = await memoryOf('self', status);
    assert.deepEqual(
      [residentBytes, anonymousBytes, fileBytes, swappedBytes],
      [3_072_000, 1_024_000, 2_048_000, 0],
    );
  });

  it('has the tightest limit of its control groups (version 2)', async () => {
    write('proc/7/cgroup', '0::/system.slice/llama.service\n');
    write('sys/fs/cgroup/system.slice/llama.service/memory.max', '8589934592\n');
    write('sys/fs/cgroup/system.slice/memory.max', 'max\n');
    assert.equal(await limitOf('7', root), 8 * 1024 ** 3);
    write('sys/fs/cgroup/system.slice/memory.max', '4294967296\n');
    assert.equal(await limitOf('7', root), 4 * 1024 ** 3);
  });

  it('has the limit of a container as its own processes see it (version 1)', async () => {
    write('proc/7/cgroup', '4:memory:/docker/0123\n3:cpu:/docker/0123\n');
    write('sys/fs/cgroup/memory/memory.limit_in_bytes', '2147483648\n');
    assert.equal(await limitOf('7', root), 2 * 1024 ** 3);
  });

  it('has none where nobody sets one', async () => {
    write('proc/7/cgroup', '4:memory:/\n0::/\n');
    write('sys/fs/cgroup/memory/memory.limit_in_bytes', '9223372036854771712\n');
    assert.equal(await limitOf('7', root), null);
  });

  it('needs what all shards of its model have', async () => {
    write('models/big-00001-of-00002.gguf', 'x'.repeat(10));
    write('models/big-00002-of-00002.gguf', 'x'.repeat(5));
    write('models/small.gguf', 'xyz');
    assert.equal(await modelBytes('big-00001-of-00002.gguf', '/models', root), 15);
    assert.equal(await modelBytes('/models/small.gguf', '/', root), 3);
    assert.equal(await modelBytes('gone.gguf', '/models', root), null);
  });
});
