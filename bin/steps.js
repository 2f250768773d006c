// What bin/test.js and bin/demo.js have in common.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';

const OLDEST_NODE = [20, 19];

/** `npm ci`, as spawn takes it. Node starts .cmd files through a shell only. */
export const NPM_CI = {
  command: process.platform === 'win32' ? 'npm.cmd' : 'npm',
  args: ['ci', '--no-audit', '--no-fund', '--loglevel=error'],
  options: { shell: process.platform === 'win32' },
};

/** A step that failed, after which nothing further makes sense. */
export class StepFailure extends Error {}

/** @throws StepFailure where this Node is too old for what package.json asks for */
export function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [oldest = 0, oldestMinor = 0] = OLDEST_NODE;
  if (major > oldest || (major === oldest && minor >= oldestMinor)) return;
  throw new StepFailure(
    `Node.js ${OLDEST_NODE.join('.')} or newer is needed, and this is ${process.version}`,
  );
}

/** Whether what is installed is as new as the lock file. In the project's folder. */
export function isInstalled() {
  return isNewer('node_modules/.package-lock.json', ['package-lock.json']);
}

/** Whether a file is there and no older than any of these. */
export function isNewer(file, others) {
  if (!existsSync(file)) return false;
  const time = statSync(file).mtimeMs;
  return others.every((other) => statSync(other).mtimeMs <= time);
}

/** Says what begins. */
export function step(name) {
  process.stdout.write(`\n— ${name}\n`);
}

/**
 * Runs a command to its end, its output shown, and the time it took.
 * @throws StepFailure where it fails
 */
export function run(name, command, args, options = {}) {
  step(name);
  const started = performance.now();
  const { status, signal, error } = spawnSync(command, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    ...options,
  });
  if (status !== 0)
    throw new StepFailure(
      `${name} failed: ${error?.message ?? (signal === null ? `exit ${status}` : signal)}`,
    );
  process.stdout.write(`  ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
}
