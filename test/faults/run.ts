// npm run faults [-- ID…]: what diagnose says of each fault, as a table.
import { type Outcome, startScenarios } from './run-scenarios.js';
import { SCENARIOS } from './scenarios.js';

const USAGE = `Usage: npm run faults -- [ID…]

Produces each fault, on a real llama-server where one can have it, and holds what the built program says of it against what
is the cause. With IDs (or their beginnings), only those. Exit 1 where one is not found at rank 1.

  --failed   only the lines that are wrong
  --show     what the program said, too
  --json     the outcomes, one a line
  --help     this
`;

const argv = process.argv.slice(2);
const has = (flag: string) => argv.includes(flag);
const wanted = argv.filter((word) => !word.startsWith('--'));
const scenarios = SCENARIOS.filter(
  ({ id, layer }) => wanted.length === 0 || wanted.some((word) => id.startsWith(word) || layer === word),
);

if (has('--help')) process.stdout.write(USAGE);
else if (scenarios.length === 0) {
  process.stderr.write(`there is no scenario ${wanted.join(', ')}\n`);
  process.exitCode = 2;
} else await main();

async function main(): Promise<void> {
  const started = performance.now();
  const { outcomes, done } = startScenarios(scenarios);
  const all: Outcome[] = [];
  let layer = '';
  if (!has('--json')) print(row('', 'scenario', 'expected', 'found', 'rank', 'seconds'));
  for (const scenario of scenarios) {
    const outcome = await outcomes.get(scenario.id);
    if (outcome === undefined) continue;
    all.push(outcome);
    if (has('--json')) {
      const { found, rank, faults, seconds } = outcome;
      print(JSON.stringify({ id: scenario.id, expect: scenario.expect, found, rank, faults, seconds }));
      continue;
    }
    if (has('--failed') && outcome.faults.length === 0) continue;
    if (scenario.layer !== layer) print(`\n${scenario.layer}`);
    layer = scenario.layer;
    print(lineOf(outcome));
    if (outcome.faults.length > 0) print(`      ${scenario.title}`);
    for (const fault of outcome.faults) print(`      ! ${fault}`);
    if (has('--show')) print(outcome.text);
  }
  await done;
  const right = all.filter(({ faults }) => faults.length === 0).length;
  const healthy = all.filter(({ scenario }) => scenario.expect.rootCause === null);
  const calm = healthy.filter(({ faults }) => faults.length === 0).length;
  const faulty = all.length - healthy.length;
  const first = all.filter(
    ({ scenario, rank, faults }) =>
      scenario.expect.rootCause !== null &&
      (rank === 1 || (scenario.expect.verdict === 'refused' && faults.length === 0)),
  ).length;
  if (!has('--json'))
    print(
      `\n${faulty} faults, ${first} named first · ${healthy.length} in order, ${calm} called so · ${right} of ${all.length} right in all · ${((performance.now() - started) / 1000).toFixed(0)} s`,
    );
  process.exitCode = right === all.length ? 0 : 1;
}

function lineOf({ scenario, found, rank, seconds, faults }: Outcome): string {
  return row(
    faults.length === 0 ? '✓' : '✗',
    scenario.id,
    scenario.expect.rootCause ?? 'healthy',
    found,
    rank === null ? '–' : String(rank),
    seconds.toFixed(1),
  );
}

function row(
  mark: string,
  id: string,
  expected: string,
  found: string,
  rank: string,
  seconds: string,
): string {
  return `${mark.padEnd(1)} ${id.padEnd(38)} ${expected.padEnd(30)} ${found.padEnd(30)} ${rank.padStart(4)} ${seconds.padStart(7)}`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
