// What src/deploy/sizing.ts predicts, against the log and the resident memory of a real llama-server on generated shapes.
// Weights and KV cache must be exact, the total within 10 %.
// Run: node --import tsx test/bench/sizing.ts
import { measure, predictedTotal, SIZING_CASES } from '../deploy/measured-sizing.js';

const MIB = 1024 ** 2;
/** What the log rounds away. */
const ROUNDING = 0.02 * MIB;
let failed = 0;

process.stdout.write(
  `${'MiB, predicted/log'.padEnd(30)} ${['weights', 'KV cache', 'compute', 'total', 'off', 'RSS'].map((title) => title.padStart(15)).join('')}\n`,
);
for (const test of SIZING_CASES) {
  const measured = await measure(test);
  const { predicted, log } = measured;
  const total = log.weights + log.kvCache + log.compute + log.output;
  const { min } = predictedTotal(measured);
  const off = min / total - 1;
  const good =
    Math.abs(predicted.weightsBytes - log.weights) < ROUNDING &&
    Math.abs((predicted.kvCacheBytes ?? 0) - log.kvCache) < ROUNDING * 2 &&
    Math.abs(off) < 0.1;
  if (!good) failed++;
  const pair = (a: number, b: number) => `${(a / MIB).toFixed(1)}/${(b / MIB).toFixed(1)}`.padStart(15);
  process.stdout.write(
    `${good ? ' ' : '✗'} ${test.name.padEnd(29)}${pair(predicted.weightsBytes, log.weights)}${pair(predicted.kvCacheBytes ?? 0, log.kvCache)}${pair(predicted.computeBytes?.min ?? 0, log.compute)}${pair(min, total)}${`${(off * 100).toFixed(1)} %`.padStart(15)}${(measured.residentBytes / MIB).toFixed(1).padStart(15)}\n`,
  );
}
process.exitCode = failed === 0 ? 0 : 1;
