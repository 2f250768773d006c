import { spawnSync } from 'node:child_process';

/** Installs a Debian package where that can be done unasked: by root, with apt-get. @returns whether it was */
export function aptInstall(name: string): boolean {
  if (process.getuid?.() !== 0 || !aptGet('--version')) return false;
  const install = () => aptGet('install', '-y', '-q', '--no-install-recommends', name);
  return install() || (aptGet('update', '-q') && install());
}

function aptGet(...args: string[]): boolean {
  const { status } = spawnSync('apt-get', args, {
    stdio: 'ignore',
    // RUNLEVEL: the package's service is not started, which would take its port.
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
  });
  return status === 0;
}
