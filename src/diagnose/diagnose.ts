import { CHECKS } from './checks.js';
import { type GatherOptions, gatherFacts, isLocal } from './gather.js';
import { type Diagnosis, factsFor, judge, type Selection, selectChecks } from './runner.js';

export interface DiagnoseOptions extends Omit<GatherOptions, 'wanted'> {
  /** Name of the configuration's target; null for a bare URL. */
  readonly target: string | null;
  readonly selection: Selection;
}

/**
 * Asks a server all that is needed, and says what is wrong, the root cause first.
 * @throws LlamactlError (usage) for a selection of no check; (interrupted)
 */
export async function diagnose({ target, selection, ...options }: DiagnoseOptions): Promise<Diagnosis> {
  const started = performance.now();
  const checks = selectChecks(CHECKS, selection);
  const wanted = new Set(factsFor(checks));
  // Another machine's processes say nothing of that server.
  if (!isLocal(options.baseUrl)) wanted.delete('local');
  const facts = await gatherFacts({ ...options, wanted });
  return {
    schemaVersion: 1,
    target,
    url: facts.url,
    ...judge(facts, checks),
    facts,
    durationMs: Math.round(performance.now() - started),
  };
}
