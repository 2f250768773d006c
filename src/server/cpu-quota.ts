import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * The CPUs that this process's control groups allow it, e.g. 1.5; null where nothing limits it. `--cpus` of docker and
 * `limits.cpu` of Kubernetes set this. llama-server does not look at it, and with more threads than quota runs 4 to 40 times
 * slower. Reads version 2 (`cpu.max`) and version 1 (`cpu.cfs_quota_us`); a parent's limit holds for its children.
 * @param root where `/proc` and `/sys` are
 */
export function cpuQuota(root = '/'): number | null {
  const limits = groupsOf(root).flatMap(({ mount, path }) =>
    ancestors(path).map((group) => join(mount, group)),
  );
  const quotas = limits.flatMap((group) => quotaV2(group) ?? quotaV1(group) ?? []);
  return quotas.length === 0 ? null : Math.min(...quotas);
}

/**
 * What to give llama-server as `--threads`: whole CPUs of the quota, at most those that the process may run on.
 * @param root where `/proc` and `/sys` are
 */
export function threadCount(root = '/', available: number = availableParallelism()): number {
  const quota = cpuQuota(root);
  return quota === null ? available : Math.max(1, Math.min(available, Math.floor(quota)));
}

interface Group {
  /** Where the hierarchy is mounted. */
  readonly mount: string;
  /** Path of our group in it. */
  readonly path: string;
}

/** Lines of `/proc/self/cgroup`: `0::/user.slice/…` in version 2, `4:cpu,cpuacct:/docker/…` in version 1. */
function groupsOf(root: string): Group[] {
  const text = read(join(root, 'proc/self/cgroup'));
  if (text === null) return [];
  const mounts = join(root, 'sys/fs/cgroup');
  return text.split('\n').flatMap((line): Group[] => {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) return [];
    if (controllers === '') return [{ mount: mounts, path }];
    const names = controllers.split(',');
    // Some distributions mount the pair under its joint name, others each by itself.
    return names.includes('cpu')
      ? [controllers, 'cpu'].map((name) => ({ mount: join(mounts, name), path }))
      : [];
  });
}

/** The group and those above it. In a container the path may be the host's, of which only the root can be seen. */
function ancestors(path: string): string[] {
  return path === '/' ? ['/'] : [path, ...ancestors(dirname(path))];
}

/** `cpu.max`: microseconds of CPU time in each period, or `max`. */
function quotaV2(group: string): number | null {
  const [quota, period] = (read(join(group, 'cpu.max')) ?? '').trim().split(/\s+/).map(Number);
  return ratio(quota, period);
}

/** `cpu.cfs_quota_us` is -1 where there is no limit. */
function quotaV1(group: string): number | null {
  const quota = read(join(group, 'cpu.cfs_quota_us'));
  const period = read(join(group, 'cpu.cfs_period_us'));
  return quota === null || period === null ? null : ratio(Number(quota), Number(period));
}

function ratio(quota: number | undefined, period: number | undefined): number | null {
  if (quota === undefined || period === undefined || !(quota > 0) || !(period > 0)) return null;
  return quota / period;
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
