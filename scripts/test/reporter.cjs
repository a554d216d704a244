/**
 * What every mocha run of `npm test` reports with, inside VS Code too: little on the screen, and the figures as
 * JSON in the file that TEST_REPORT names. The file appears only when a run has come to its end.
 */
'use strict';
const { writeFileSync } = require('node:fs');
const { reporters, Runner } = require('mocha');

const events = Runner.constants;
const sayEveryMs = 10_000;

class Report extends reporters.Base {
  /**
   * @param {import('mocha').Runner} runner
   * @param {import('mocha').MochaOptions} options
   */
  constructor(runner, options) {
    super(runner, options);
    const counts = { passed: 0, failed: 0, skipped: 0 };
    let saidAt = Date.now();
    const sayNowAndThen = () => {
      if (Date.now() - saidAt < sayEveryMs) return;
      saidAt = Date.now();
      console.log(`  … ${String(counts.passed)} passed so far`);
    };
    runner.on(events.EVENT_TEST_PASS, () => {
      counts.passed += 1;
      sayNowAndThen();
    });
    runner.on(events.EVENT_TEST_FAIL, (test) => {
      counts.failed += 1;
      console.log(`  FAILED  ${test.fullTitle()}`);
    });
    runner.on(events.EVENT_TEST_PENDING, (test) => {
      counts.skipped += 1;
      console.log(`  skipped ${test.fullTitle()}`);
    });
    runner.once(events.EVENT_RUN_END, () => {
      if (this.failures.length > 0) reporters.Base.list(this.failures);
      const file = process.env['TEST_REPORT'];
      if (file !== undefined) writeFileSync(file, JSON.stringify(counts));
    });
  }
}

module.exports = Report;
