// A line a suite, failures in full at the end, and the counts for bin/test.js.
const { writeFileSync } = require('node:fs');
const { relative } = require('node:path');
const { reporters, Runner } = require('mocha');

const {
  EVENT_RUN_END,
  EVENT_SUITE_END,
  EVENT_TEST_BEGIN,
  EVENT_TEST_FAIL,
  EVENT_TEST_PASS,
  EVENT_TEST_PENDING,
} = Runner.constants;

module.exports = class CompactReporter extends reporters.Base {
  constructor(runner, options) {
    super(runner, options);
    const run = { currentTest: undefined, usedServer: new Set() };
    globalThis.llamactlTestRun = run;
    const counts = { passed: 0, failed: 0, skipped: 0 };
    const byFile = new Map();
    const note = (runnable, kind) => {
      counts[kind]++;
      const file = relative(process.cwd(), runnable.file ?? runnable.parent?.file ?? '?');
      const line = byFile.get(file) ?? { passed: 0, failed: 0, skipped: 0, ms: 0 };
      line[kind]++;
      line.ms += runnable.duration ?? 0;
      byFile.set(file, line);
    };
    runner.on(EVENT_TEST_BEGIN, (test) => {
      run.currentTest = test.fullTitle();
    });
    runner.on(EVENT_TEST_PASS, (test) => note(test, 'passed'));
    runner.on(EVENT_TEST_PENDING, (test) => note(test, 'skipped'));
    runner.on(EVENT_TEST_FAIL, (test, error) => {
      note(test, 'failed');
      process.stdout.write(`  ✗ ${test.fullTitle()}: ${String(error?.message ?? error).split('\n', 1)[0]}\n`);
    });
    runner.on(EVENT_SUITE_END, (suite) => {
      const file = suite.file === undefined ? undefined : relative(process.cwd(), suite.file);
      const line = file === undefined ? undefined : byFile.get(file);
      // The outermost suite of a file ends last.
      if (line === undefined || suite.parent === undefined || suite.parent.root !== true) return;
      byFile.delete(file);
      const parts = [
        `${line.passed} passed`,
        ...(line.failed ? [`${line.failed} FAILED`] : []),
        ...(line.skipped ? [`${line.skipped} skipped`] : []),
      ];
      process.stdout.write(
        `${line.failed ? '✗' : '✓'} ${file}: ${parts.join(', ')} · ${(line.ms / 1000).toFixed(1)} s\n`,
      );
    });
    runner.on(EVENT_RUN_END, () => {
      this.epilogue();
      const file = process.env.LLAMACTL_TEST_COUNTS;
      if (file) writeFileSync(file, JSON.stringify({ ...counts, realServer: run.usedServer.size }));
    });
  }
};
