import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cpuQuota, threadCount } from '../../src/server/cpu-quota.js';

describe('the CPU quota', () => {
  const roots: string[] = [];
  after(() => {
    for (const root of roots) rmSync(root, { recursive: true, force: true });
  });

  /** A machine's `/proc` and `/sys`, as far as control groups go. */
  function machine(files: Readonly<Record<string, string>>): string {
    const root = mkdtempSync(join(tmpdir(), 'llamactl-cgroup-'));
    roots.push(root);
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return root;
  }

  it('version 2: docker run --cpus 1.5', () => {
    const root = machine({ 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/cpu.max': '150000 100000\n' });
    assert.equal(cpuQuota(root), 1.5);
    assert.equal(threadCount(root, 8), 1);
  });

  it('version 2: a limit of a group above holds, the tightest of several', () => {
    const root = machine({
      'proc/self/cgroup': '0::/system.slice/llama.service\n',
      'sys/fs/cgroup/system.slice/cpu.max': '300000 100000\n',
      'sys/fs/cgroup/system.slice/llama.service/cpu.max': 'max 100000\n',
    });
    assert.equal(cpuQuota(root), 3);
    assert.equal(threadCount(root, 8), 3);
  });

  it('version 2: no limit', () => {
    const root = machine({ 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/cpu.max': 'max 100000\n' });
    assert.equal(cpuQuota(root), null);
    assert.equal(threadCount(root, 8), 8);
  });

  it('version 1: a pod whose path only the host can see', () => {
    const root = machine({
      'proc/self/cgroup': '11:memory:/kubepods/pod1/abc\n4:cpu,cpuacct:/kubepods/pod1/abc\n',
      'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '400000\n',
      'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
    });
    assert.equal(cpuQuota(root), 4);
  });

  it('version 1: -1 is no limit', () => {
    const root = machine({
      'proc/self/cgroup': '1:cpu:/\n',
      'sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
      'sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
    });
    assert.equal(cpuQuota(root), null);
  });

  it('less than one CPU is one thread, and more than there are is all of them', () => {
    const half = machine({ 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/cpu.max': '50000 100000\n' });
    assert.equal(threadCount(half, 8), 1);
    const many = machine({ 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/cpu.max': '1600000 100000\n' });
    assert.equal(threadCount(many, 8), 8);
  });

  it('a system without control groups has no quota', () => {
    assert.equal(cpuQuota(machine({ 'etc/hostname': 'mac\n' })), null);
  });
});
