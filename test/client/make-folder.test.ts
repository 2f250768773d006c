import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFolder } from '../../src/client/make-folder.js';

describe('makeFolder', () => {
  it('makes folders in folders, and leaves one that is there', async () => {
    const root = await mkdtemp(join(tmpdir(), 'llamactl-folder-'));
    try {
      const path = join(root, 'a', 'b', 'c');
      await makeFolder(path, 0o700);
      await makeFolder(path, 0o700);
      assert.equal((await stat(path)).mode & 0o777, 0o700);
    } finally {
      await rm(root, { recursive: true });
    }
  });

  it('fails where nothing can be made', async () => {
    await assert.rejects(makeFolder('/proc/llamactl/a/b', 0o700), /ENOENT|EACCES|EPERM/);
  });
});
