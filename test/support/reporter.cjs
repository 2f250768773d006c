// A line a file, failures in full at the end, and the counts for bin/test.js. A test that was to run and has no outcome (its
// `before` or `beforeEach` failed, or the run was given up) has failed: nothing is green that was not seen to pass.
const { writeFileSync } = require('node:fs');
const { relative } = require('node:path');
const { reporters, Runner } = require('mocha');

const {
  EVENT_HOOK_BEGIN,
  EVENT_RUN_BEGIN,
  EVENT_RUN_END,
  EVENT_SUITE_END,
  EVENT_TEST_BEGIN,
  EVENT_TEST_END,
  EVENT_TEST_FAIL,
  EVENT_TEST_PASS,
  EVENT_TEST_PENDING,
} = Runner.constants;

module.exports = class CompactReporter extends reporters.Base {
  #selected = () => true;
  /** Every test that is to run, by file. */
  #files = new Map();
  /** `passed`, `failed` or `skipped`, by test; the last word counts. */
  #outcomes = new Map();
  /** Failures that are no test's: of hooks, and outside of everything. */
  #other = [];
  #told = new Set();
  /** Read and written by real-server-count.ts. */
  #servers = { running: undefined, users: new Set() };

  constructor(runner, options) {
    super(runner, options);
    globalThis.llamactlTestRun = this.#servers;
    const { grep, invert = false } = options;
    if (grep) this.#selected = (test) => grep.test(test.fullTitle()) !== invert;
    runner.on(EVENT_RUN_BEGIN, () =>
      runner.suite.eachTest((test) => {
        if (!this.#selected(test)) return;
        const tests = this.#files.get(fileOf(test)) ?? [];
        this.#files.set(fileOf(test), [...tests, test]);
      }),
    );
    runner.on(EVENT_HOOK_BEGIN, (hook) => {
      // In `beforeEach` the test is known already.
      if (this.#servers.running?.type !== 'test') this.#servers.running = hook;
    });
    runner.on(EVENT_TEST_BEGIN, (test) => {
      this.#servers.running = test;
    });
    runner.on(EVENT_TEST_END, () => {
      this.#servers.running = undefined;
    });
    runner.on(EVENT_TEST_PASS, (test) => this.#outcomes.set(test, 'passed'));
    runner.on(EVENT_TEST_PENDING, (test) => this.#outcomes.set(test, 'skipped'));
    runner.on(EVENT_TEST_FAIL, (runnable, error) => {
      this.#servers.running = undefined;
      if (runnable.type === 'test') this.#outcomes.set(runnable, 'failed');
      else this.#other.push(runnable);
      print(`  ✗ ${runnable.fullTitle()}: ${String(error?.message ?? error).split('\n', 1)[0]}`);
    });
    runner.on(EVENT_SUITE_END, (suite) => {
      // Its file is done when the next one is another's.
      const siblings = suite.parent?.suites ?? [];
      const next = siblings[siblings.indexOf(suite) + 1];
      if (suite.parent?.root && fileOf(suite) !== (next && fileOf(next))) this.#tell(fileOf(suite));
    });
    runner.on(EVENT_RUN_END, () => this.#finish());
  }

  #finish() {
    for (const file of this.#files.keys()) this.#tell(file);
    const tests = [...this.#files.values()].flat();
    const notRun = tests.filter((test) => !this.#outcomes.has(test));
    // A hook that kept tests from running is told by them; any other failure counts as one more.
    const more = this.#other.filter(
      (runnable) => runnable.type !== 'hook' || !notRun.some((test) => isWithin(test, runnable.parent)),
    );
    const counts = this.#count(tests);
    counts.failed += more.length;
    const users = [...this.#servers.users];
    const used = (test) =>
      users.some((user) => user === test || (user.type === 'hook' && isWithin(test, user.parent)));
    const ran = (test) => this.#outcomes.has(test) && this.#outcomes.get(test) !== 'skipped';
    const realServer = tests.filter((test) => ran(test) && used(test)).length;
    if (this.failures.length > 0) reporters.Base.list(this.failures);
    if (notRun.length > 0) {
      print(`  ${notRun.length} did not run, and count as failed:`);
      for (const test of notRun) print(`    ${fileOf(test)}: ${test.fullTitle()}`);
    }
    const seconds = ((this.stats.duration ?? 0) / 1000).toFixed(1);
    print(
      `\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped · ${realServer} of them against a real server · ${seconds} s`,
    );
    const file = process.env.LLAMACTL_TEST_COUNTS;
    if (file) writeFileSync(file, JSON.stringify({ ...counts, realServer }));
  }

  #count(tests) {
    const counts = { passed: 0, failed: 0, skipped: 0 };
    for (const test of tests) counts[this.#outcomes.get(test) ?? 'failed']++;
    return counts;
  }

  #tell(file) {
    const tests = this.#files.get(file);
    if (tests === undefined || this.#told.has(file)) return;
    this.#told.add(file);
    const { passed, failed, skipped } = this.#count(tests);
    const notRun = tests.filter((test) => !this.#outcomes.has(test)).length;
    const parts = [
      `${passed} passed`,
      ...(failed > 0 ? [`${failed} FAILED${notRun > 0 ? ` (${notRun} did not run)` : ''}`] : []),
      ...(skipped > 0 ? [`${skipped} skipped`] : []),
    ];
    const ms = tests.reduce((sum, { duration = 0 }) => sum + duration, 0);
    print(`${failed > 0 ? '✗' : '✓'} ${file}: ${parts.join(', ')} · ${(ms / 1000).toFixed(1)} s`);
  }
};

function fileOf({ file, parent }) {
  return file === undefined ? (parent?.file ?? '?') : relative(process.cwd(), file);
}

function isWithin(test, suite) {
  for (let parent = test.parent; parent; parent = parent.parent) if (parent === suite) return true;
  return false;
}

function print(line) {
  process.stdout.write(`${line}\n`);
}
