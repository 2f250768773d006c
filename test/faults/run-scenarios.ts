import { cli } from '../support/cli.js';
import { Lab, Shared } from './lab.js';
import { type Judgement, judge, type Scenario } from './scenario.js';

/** Scenarios at a time: of those that compute, and of those that wait for a deadline. */
const COMPUTING = 2;
const WAITING = 4;
/** Milliseconds: one that takes longer hangs. */
const LONGEST_RUN = 28_000;

export interface Outcome extends Judgement {
  readonly scenario: Scenario;
  /** Of the program, its start included. */
  readonly seconds: number;
  readonly usedServer: boolean;
  /** What it said, for `--show`. */
  readonly text: string;
}

export interface Run {
  /** By the scenario's id. */
  readonly outcomes: ReadonlyMap<string, Promise<Outcome>>;
  /** Everything has ended: the scenarios and the servers they shared. */
  readonly done: Promise<void>;
}

/** Runs scenarios over the built program, some at a time. */
export function startScenarios(scenarios: readonly Scenario[]): Run {
  const shared = new Shared();
  const outcomes = new Map<string, Promise<Outcome>>();
  const settle = new Map<string, (outcome: Outcome) => void>();
  for (const { id } of scenarios) {
    if (outcomes.has(id)) throw new Error(`there are two scenarios "${id}"`);
    outcomes.set(id, new Promise((resolve) => settle.set(id, resolve)));
  }
  const lane = async (queue: Scenario[]) => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift())
      settle.get(next.id)?.(await runScenario(next, shared));
  };
  const lanes = (queue: Scenario[], count: number) => Array.from({ length: count }, () => lane(queue));
  const done = Promise.all([
    ...lanes(
      scenarios.filter(({ waits }) => waits !== true),
      COMPUTING,
    ),
    ...lanes(
      scenarios.filter(({ waits }) => waits === true),
      WAITING,
    ),
  ]).then(() => shared.stop());
  return { outcomes, done };
}

async function runScenario(scenario: Scenario, shared: Shared): Promise<Outcome> {
  const lab = new Lab(shared);
  const started = { at: performance.now() };
  const failed = (found: string, error: unknown): Outcome => ({
    scenario,
    found,
    rank: null,
    faults: [`${found}: ${error instanceof Error ? error.message : String(error)}`],
    seconds: (performance.now() - started.at) / 1000,
    usedServer: lab.usedServer,
    text: '',
  });
  try {
    const call = await scenario.setUp(lab).catch((error: unknown) => failed('not set up', error));
    if ('found' in call) return call;
    started.at = performance.now();
    const result = await cli([...call.args, '--json'], {
      timeout: LONGEST_RUN,
      ...(call.env === undefined ? {} : { env: call.env }),
      ...(call.cwd === undefined ? {} : { cwd: call.cwd }),
    });
    const seconds = (performance.now() - started.at) / 1000;
    const judgement = judge(scenario, call, result);
    const trespass = await call.verify?.().then(
      () => null,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    return {
      scenario,
      ...judgement,
      faults: [...judgement.faults, ...(trespass == null ? [] : [trespass])],
      seconds,
      usedServer: lab.usedServer,
      text: result.text,
    };
  } finally {
    await lab.close();
  }
}
