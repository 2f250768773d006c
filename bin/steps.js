// What bin/test.js does one step after the other.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';

/** Says what begins. */
export function step(name) {
  process.stdout.write(`\n— ${name}\n`);
}

/**
 * Runs a command to its end, its output shown.
 * @throws Error where it fails, after which nothing further makes sense
 */
export function run(name, command, args) {
  step(name);
  const started = performance.now();
  const { status, signal, error } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) {
    process.stdout.write(
      `\n✗ ${name} failed: ${error?.message ?? (signal === null ? `exit ${status}` : signal)}\n0 passed, 1 failed, 0 skipped\n`,
    );
    process.exit(1);
  }
  process.stdout.write(`  ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
}

/** `npm ci`, unless what is installed is as new as the lock file. */
export function installDependencies() {
  const installed = 'node_modules/.package-lock.json';
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync('package-lock.json').mtimeMs) return;
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  run('npm ci', npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
}
