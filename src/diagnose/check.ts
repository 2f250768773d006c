import type { Finding } from '../catalogue/entry.js';
import { isCatalogueCode } from '../errors/codes.js';
import type { Facts, FailureFact } from './facts.js';

/** What a check concludes. `summary` is the end of its line: `2,048 tokens a slot, 4 slots`. */
export type Conclusion =
  | { readonly status: 'pass'; readonly summary: string; readonly findings?: readonly Finding[] }
  | { readonly status: 'warn' | 'fail'; readonly summary: string; readonly findings: readonly Finding[] }
  | { readonly status: 'skip'; readonly summary: string; readonly findings?: readonly Finding[] };

/** A pure function over facts. */
export interface Check {
  readonly id: string;
  readonly category: 'network' | 'server' | 'model' | 'generation';
  /** Checks that must not have failed; otherwise this one is skipped. */
  readonly needs: readonly string[];
  run(facts: Facts): Conclusion;
}

/** A failure as a finding. Failures that are no server's (usage, our bugs) never get this far. */
export function findingOf(
  failure: FailureFact,
  rank: number,
  severity: Finding['severity'] = 'error',
): Finding {
  const code = isCatalogueCode(failure.code) ? failure.code : 'server.crashed';
  return {
    code,
    severity,
    title: failure.message,
    evidence: failure.evidence,
    remedies: failure.remedies,
    rank,
  };
}
