import { CHECKS } from './checks.js';
import { type GatherOptions, gatherFacts } from './facts.js';
import { type Diagnosis, judge } from './runner.js';

/** Asks a server all that is needed, and says what is wrong, the root cause first. */
export async function diagnose(target: string | null, options: GatherOptions): Promise<Diagnosis> {
  const started = performance.now();
  const facts = await gatherFacts(options);
  const verdict = judge(facts, CHECKS);
  return {
    schemaVersion: 1,
    target,
    url: facts.url,
    ...verdict,
    facts,
    durationMs: Math.round(performance.now() - started),
  };
}
