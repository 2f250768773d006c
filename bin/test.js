#!/usr/bin/env node
// npm test: installs, builds, lints, gets real llama-servers, runs every suite. Its last line counts the tests.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installDependencies, run, step } from './steps.js';

const USAGE = `Usage: npm test -- [FILE…]

Installs, builds, lints, gets the llama-servers and models that the tests need (about 4 minutes on a new machine, nothing
after that), and runs every suite against them. With FILEs (globs), only those suites.

  --no-install   do not look at node_modules
  --no-build     test what dist/ holds
  --no-lint      leave the linter and the type checker out
  --help         this

LLAMA_SERVER_BIN   a llama-server to test against, instead of the pinned one
`;

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))));
const argv = process.argv.slice(2);
const files = argv.filter((word) => !word.startsWith('--'));
const has = (flag) => argv.includes(flag);
const total = { passed: 0, failed: 0, skipped: 0 };
const folder = mkdtempSync(join(tmpdir(), 'llamactl-tests-'));

if (has('--help')) process.stdout.write(USAGE);
else finish(main());

function main() {
  if (!has('--no-install')) installDependencies();
  if (!has('--no-build')) run('build', process.execPath, ['bin/build.js']);
  if (!has('--no-lint')) {
    run('lint', process.execPath, ['node_modules/@biomejs/biome/bin/biome', 'check', '.']);
    run('types', process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'test/tsconfig.json']);
  }
  step('servers');
  const out = join(folder, 'servers.json');
  run('servers and models', process.execPath, ['--import', 'tsx', 'test/support/set-up.ts', out]);
  const { prebuilt, given } = JSON.parse(readFileSync(out, 'utf8'));
  const tested = [];
  const count = (name, build, specs) => {
    const counts = mocha(name, build, specs);
    tested.push(`${build}: ${counts.realServer} tests against a real server`);
  };
  count(
    'every suite',
    given ? 'LLAMA_SERVER_BIN' : 'v0.6.0',
    files.length > 0 ? files : ['test/**/*.test.ts'],
  );
  if (files.length === 0 && prebuilt.path)
    count('the wire suites', 'v0.1.0', ['test/wire-live/**/*.test.ts']);
  step('builds tested');
  for (const line of tested) process.stdout.write(`  ${line}\n`);
  if (prebuilt.reason) process.stdout.write(`  v0.1.0 (prebuilt): not here: ${prebuilt.reason}\n`);
  return true;
}

/** Runs suites in a process of their own; one that crashes counts as a failure. */
function mocha(name, build, specs) {
  step(`${name} (${build})`);
  const file = join(folder, `counts-${total.passed}-${total.failed}.json`);
  const { status } = spawnSync(
    process.execPath,
    ['node_modules/mocha/bin/mocha.js', '--reporter', 'test/support/reporter.cjs', ...specs],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, LLAMACTL_TEST_COUNTS: file, LLAMACTL_TEST_BUILD: build, COLUMNS: '80' },
    },
  );
  if (!existsSync(file)) {
    process.stdout.write(`the run crashed: exit ${status}\n`);
    total.failed++;
    return { realServer: 0 };
  }
  const counts = JSON.parse(readFileSync(file, 'utf8'));
  for (const kind of Object.keys(total)) total[kind] += counts[kind];
  if (status !== 0 && counts.failed === 0) total.failed++;
  return counts;
}

function finish(reached) {
  rmSync(folder, { recursive: true, force: true });
  process.exitCode = reached && total.failed === 0 && total.passed > 0 ? 0 : 1;
  process.stdout.write(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
}
