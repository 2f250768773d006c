import assert from 'node:assert/strict';
import { noteRealServer } from '../support/real-server-count.js';
import { type Run, startScenarios } from './run-scenarios.js';
import type { Layer, Scenario } from './scenario.js';
import { SCENARIOS } from './scenarios.js';

/** Milliseconds that the whole may take on a machine that has much else to do. */
const LONGEST_RUN = 600_000;

const byLayer = new Map<Layer, Scenario[]>();
for (const scenario of SCENARIOS) {
  const layer = byLayer.get(scenario.layer) ?? [];
  layer.push(scenario);
  byLayer.set(scenario.layer, layer);
}

// Two at a time, and those that wait beside them: a test awaits its own. `npm run faults` prints the same as a table.
describe('what is said of', function () {
  this.timeout(LONGEST_RUN);
  let run: Run;
  before(() => {
    run = startScenarios(SCENARIOS);
  });
  after(() => run.done);

  for (const [layer, scenarios] of byLayer) {
    describe(layer, () => {
      for (const { id, title, expect } of scenarios) {
        it(`${title} → ${expect.rootCause ?? 'healthy'} (${id})`, async () => {
          const outcome = await run.outcomes.get(id);
          if (outcome?.usedServer === true) noteRealServer();
          assert.deepEqual(
            outcome?.faults,
            [],
            `${outcome?.faults.join('; ')} (npm run faults -- ${id} --show)`,
          );
        });
      }
    });
  }
});
