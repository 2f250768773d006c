import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rm, rmdir, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { makeCacheFolder } from '../cache-folder.js';

const ownerSchema = z.object({ token: z.string(), pid: z.int().positive(), host: z.string() });
type Owner = z.infer<typeof ownerSchema>;

/** Milliseconds between two signs of life of a lock's owner, and after how many without one it counts as dead. */
const HEARTBEAT = 5000;
const DEAD_AFTER = 60_000;
const POLL = 200;

export interface LockOptions {
  readonly signal: AbortSignal;
  /** Told once, where another process has the lock. */
  readonly onWait?: (pid: number | null) => void;
}

/**
 * Does something that no other process does at the same time. The lock is a file that names its owner and is touched while
 * the work goes on. One whose owner has died (its process is gone, or on another machine it shows no life for a minute) is
 * broken.
 * @param path the lock's file; its folder is made
 * @throws what the signal was aborted with, while waiting
 */
export async function withLock<T>(path: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  await makeCacheFolder(dirname(path));
  const token = await acquire(path, options);
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined);
  }, HEARTBEAT);
  heartbeat.unref();
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    if ((await ownerOf(path))?.token === token) await rm(path, { force: true });
  }
}

async function acquire(path: string, { signal, onWait }: LockOptions): Promise<string> {
  const token = randomUUID();
  for (let told = false; ; ) {
    signal.throwIfAborted();
    if (await create(path, { token, pid: process.pid, host: hostname() })) return token;
    const owner = await ownerOf(path);
    if (await isDead(path, owner)) {
      await breakLock(path, owner);
      continue;
    }
    if (!told) onWait?.(owner?.pid ?? null);
    told = true;
    await sleep(POLL, undefined, { signal }).catch(() => undefined);
  }
}

async function create(path: string, owner: Owner): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    await file.writeFile(JSON.stringify(owner));
    await file.close();
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Null where the lock is gone, or its owner has not come to writing its name. */
async function ownerOf(path: string): Promise<Owner | null> {
  try {
    return ownerSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return null;
  }
}

async function isDead(path: string, owner: Owner | null): Promise<boolean> {
  if (owner !== null && owner.host === hostname() && owner.pid !== process.pid) return !isAlive(owner.pid);
  const age = await ageOf(path);
  return age !== null && age > DEAD_AFTER;
}

/**
 * Takes a dead owner's lock away. Two that wait may both have found it dead, and the slower must not take away the lock that
 * the quicker has made since: so only one at a time breaks, and looks again before.
 */
async function breakLock(path: string, dead: Owner | null): Promise<void> {
  const guard = `${path}.breaking`;
  try {
    await mkdir(guard);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    const age = await ageOf(guard);
    if (age !== null && age > DEAD_AFTER) await rmdir(guard).catch(() => undefined);
    await sleep(POLL);
    return;
  }
  try {
    const owner = await ownerOf(path);
    if (owner?.token === dead?.token && (await isDead(path, owner))) await rm(path, { force: true });
  } finally {
    await rmdir(guard).catch(() => undefined);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
}

async function ageOf(path: string): Promise<number | null> {
  const facts = await stat(path).catch(() => null);
  return facts === null ? null : Date.now() - facts.mtimeMs;
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
