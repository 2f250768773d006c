#!/usr/bin/env node
// npm test: installs, builds, lints, gets real llama-servers, runs every suite. Its last line counts the tests.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isInstalled, NPM_CI, requireNode, run, StepFailure, step } from './steps.js';

const USAGE = `Usage: npm test -- [FILE…]

Installs, builds, lints, gets the llama-servers and models that the tests need (about 4 minutes on a new machine, nothing
after that), and runs every suite against them, in two processes. With FILEs (globs), only those suites, on the first build alone.

  --admission    only what a real Kubernetes API server and other slow judges say of manifests: about 10 minutes of
                 building on a new machine; where they cannot be had, says so and counts a skipped test for each
  --ci           everything, and those too: what cannot be had has failed
  --no-install   do not look at node_modules
  --no-build     test what dist/ holds
  --no-lint      leave the linter and the type checker out
  --help         this

LLAMA_SERVER_BIN   a llama-server to test against, instead of the pinned one
`;
const FLAGS = ['--admission', '--ci', '--no-install', '--no-build', '--no-lint', '--help'];
const ALL_SUITES = 'test/**/*.test.ts';
/** What runs again on the second build: what a server sends, without our commands. */
const WIRE_SUITES = 'test/wire-live/**/*.test.ts';
/** What takes about half of the time: runs beside all the others. */
const SIDE_SUITES = ['faults', 'server', 'deploy']
  .map((folder) => `test/${folder}/**/*.test.ts`)
  .concat(WIRE_SUITES);
/** What needs programs that take minutes to build, and no llama-server. */
const ADMISSION_SUITES = 'test/admission/**/*.test.ts';
/** Half of their time. */
const API_SERVER_SUITES = 'test/admission/kubernetes.test.ts';

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))));
const argv = process.argv.slice(2);
const files = argv.filter((word) => !word.startsWith('-'));
const unknown = argv.find((word) => word.startsWith('-') && !FLAGS.includes(word));
const has = (flag) => argv.includes(flag);
const total = { passed: 0, failed: 0, skipped: 0 };

if (unknown !== undefined) {
  process.stderr.write(`npm test knows no ${unknown}\n\n${USAGE}`);
  process.exitCode = 2;
} else if (has('--help')) {
  process.stdout.write(USAGE);
} else {
  const folder = mkdtempSync(join(tmpdir(), 'llamactl-tests-'));
  try {
    await testAll(folder);
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    process.stdout.write(`\n✗ ${error.message}\n`);
    total.failed++;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
  process.stdout.write(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
}

async function testAll(folder) {
  requireNode();
  if (!has('--no-install') && !isInstalled())
    run('packages (npm ci)', NPM_CI.command, NPM_CI.args, NPM_CI.options);
  if (has('--admission')) return testAdmission(folder, files);
  if (!has('--no-build')) run('build', process.execPath, ['bin/build.js']);
  if (!has('--no-lint')) {
    run('lint', process.execPath, ['node_modules/@biomejs/biome/bin/biome', 'check', '.']);
    run('types', process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'test/tsconfig.json']);
  }
  await testOnServers(folder);
  if (has('--ci')) await testAdmission(folder, []);
}

async function testOnServers(folder) {
  const out = join(folder, 'servers.json');
  run('servers and models', process.execPath, ['--import', 'tsx', 'test/support/set-up.ts', out]);
  const { main, second } = JSON.parse(readFileSync(out, 'utf8'));

  const tested =
    files.length > 0 ? await named(folder, main, second) : await everything(folder, main, second);
  step('builds tested');
  for (const [server, result] of tested) process.stdout.write(`  ${server}: ${result}\n`);
}

/** The suites that were named, on the first build. */
async function named(folder, main, second) {
  const result = await mocha(join(folder, 'named.json'), main.build, files);
  return [
    [main.name, result],
    [second.name, `not tested: ${second.reason ?? 'only the suites that were named'}`],
  ];
}

/** Every suite, in two processes at a time: what the second prints is shown when the first is done. */
async function everything(folder, main, second) {
  const beside = [];
  const side = async () => {
    const onMain = await mocha(join(folder, 'side.json'), main.build, SIDE_SUITES, { output: beside });
    if (second.reason !== undefined) return [onMain, `not tested: ${second.reason}`];
    return [
      onMain,
      await mocha(join(folder, 'second.json'), second.build, [WIRE_SUITES], { output: beside }),
    ];
  };
  const others = async () => {
    const ignored = [...SIDE_SUITES, ADMISSION_SUITES];
    const result = await mocha(join(folder, 'others.json'), main.build, [ALL_SUITES], { ignored });
    process.stdout.write(beside.splice(0).join(''));
    return result;
  };
  const [onMain, [besideOnMain, onSecond]] = await Promise.all([others(), side()]);
  process.stdout.write(beside.join(''));
  return [
    [main.name, onMain],
    [main.name, besideOnMain],
    [second.name, onSecond],
  ];
}

/** On the sources, since what is judged is what they write. */
async function testAdmission(folder, suites) {
  const out = join(folder, 'admission.json');
  run('judges of manifests', process.execPath, ['--import', 'tsx', 'test/admission/set-up.ts', out]);
  const { missing } = JSON.parse(readFileSync(out, 'utf8'));
  const isSkipped = missing.length > 0 && !has('--ci') && !process.env.CI;
  for (const name of missing)
    process.stdout.write(
      `\n✗ ${name} cannot be had here: WHAT IT JUDGES IS NOT TESTED (docs/development.md says what it takes)\n`,
    );
  total[isSkipped ? 'skipped' : 'failed'] += missing.length;
  const mayBeEmpty = isSkipped;
  if (suites.length > 0) return mocha(join(folder, 'judged.json'), null, suites, { mayBeEmpty });
  const output = [];
  const ignored = [API_SERVER_SUITES];
  await Promise.all([
    mocha(join(folder, 'admitted.json'), null, [API_SERVER_SUITES], { mayBeEmpty }),
    mocha(join(folder, 'judged.json'), null, [ADMISSION_SUITES], { mayBeEmpty, ignored, output }),
  ]);
  process.stdout.write(output.join(''));
}

/**
 * Runs suites in a process of their own, and adds to the total; one that crashes, or has no tests, counts as a failure.
 * @param file where the process writes its counts
 * @param options.output takes what it prints, where that is not to be shown at once
 * @param options.mayBeEmpty whether it is well when there is no test
 * @returns how many tests met a real server
 */
async function mocha(file, build, specs, { ignored = [], output = null, mayBeEmpty = false } = {}) {
  const say = (text) => (output === null ? process.stdout.write(text) : output.push(text));
  const without = ignored.length > 0 ? ` without ${ignored.join(' ')}` : '';
  say(`\n— ${specs.join(' ')}${without}${build === null ? '' : ` on ${build}`}\n`);
  const child = spawn(
    process.execPath,
    [
      'node_modules/mocha/bin/mocha.js',
      ...['--reporter', 'test/support/reporter.cjs'],
      ...ignored.flatMap((spec) => ['--ignore', spec]),
      ...specs,
    ],
    {
      stdio: ['ignore', output === null ? 'inherit' : 'pipe', output === null ? 'inherit' : 'pipe'],
      env: { ...process.env, LLAMACTL_TEST_COUNTS: file, LLAMACTL_TEST_BUILD: build ?? '', COLUMNS: '80' },
    },
  );
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', say);
  const [status, signal] = await once(child, 'close');
  if (!existsSync(file)) {
    const how = signal ?? `exit ${status}`;
    say(`\n✗ the run of ${specs.join(' ')} broke off (${how}): its tests are not counted\n`);
    total.failed++;
    return `the run broke off (${how})`;
  }
  const counts = JSON.parse(readFileSync(file, 'utf8'));
  for (const kind of Object.keys(total)) total[kind] += counts[kind];
  const isEmpty = counts.passed + counts.failed + counts.skipped === 0;
  if (counts.failed === 0 && (isEmpty ? !mayBeEmpty : status !== 0)) total.failed++;
  return `${counts.realServer} tests against a real server`;
}
