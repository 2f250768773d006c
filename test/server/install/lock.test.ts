import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLock } from '../../../src/server/install/lock.js';

const WORKER = fileURLToPath(new URL('../../fixtures/server/lock-worker.ts', import.meta.url));

describe('the lock of an installation', () => {
  let folder: string;
  let lock: string;
  let journal: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llamactl-lock-'));
    lock = join(folder, 'thing.lock');
    journal = join(folder, 'journal');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function worker(name: string, how = ''): Promise<void> {
    const child = spawn(process.execPath, ['--import', 'tsx', WORKER, lock, journal, name, how], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    await once(child, 'close');
  }

  async function lines(): Promise<string[]> {
    return (await readFile(journal, 'utf8')).trim().split('\n');
  }

  it('lets processes in one after the other', async () => {
    await Promise.all(['a', 'b', 'c'].map((name) => worker(name)));
    const seen = await lines();
    assert.equal(seen.length, 6);
    for (let at = 0; at < seen.length; at += 2) {
      const name = seen[at]?.split(' ')[0];
      assert.deepEqual(seen.slice(at, at + 2), [`${name} begins`, `${name} ends`]);
    }
    assert.deepEqual(await readdir(folder), ['journal']);
  });

  it('is taken over from a process that was killed, by one of those that wait', async () => {
    await worker('dead', 'die');
    await Promise.all([worker('a'), worker('b')]);
    assert.deepEqual((await lines())[0], 'dead begins');
    const rest = (await lines()).slice(1);
    assert.equal(rest[0]?.split(' ')[0], rest[1]?.split(' ')[0]);
    assert.equal(rest.length, 4);
  });

  it('is taken over from another machine that has shown no life for a minute', async () => {
    await writeFile(lock, JSON.stringify({ token: 't', pid: 1, host: 'elsewhere' }));
    const old = new Date(Date.now() - 120_000);
    await utimes(lock, old, old);
    await withLock(lock, { signal: new AbortController().signal }, async () => undefined);
    assert.deepEqual(await readdir(folder), []);
  });

  it('is waited for while its owner lives, and the wait can be ended', async () => {
    await writeFile(
      lock,
      JSON.stringify({ token: 't', pid: process.ppid, host: (await import('node:os')).hostname() }),
    );
    const controller = new AbortController();
    const told: (number | null)[] = [];
    const waiting = withLock(
      lock,
      {
        signal: controller.signal,
        onWait: (pid) => {
          told.push(pid);
          controller.abort(new Error('enough'));
        },
      },
      async () => assert.fail('the lock is another process’s'),
    );
    await assert.rejects(waiting, /enough/);
    assert.deepEqual(told, [process.ppid]);
  });

  it('is let go when the work fails', async () => {
    const options = { signal: new AbortController().signal };
    await assert.rejects(
      withLock(lock, options, () => Promise.reject(new Error('no'))),
      /no/,
    );
    assert.equal(await withLock(lock, options, async () => 'again'), 'again');
  });
});
