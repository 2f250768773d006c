import type { Finding } from '../catalogue/entry.js';
import type { CatalogueCode } from '../errors/codes.js';
import type { Check } from './check.js';
import type { Facts } from './facts.js';

/** A check's line in the document. `crash`: the check itself failed, which says nothing about the server. */
export interface CheckReport {
  readonly id: string;
  readonly status: 'pass' | 'fail' | 'warn' | 'skip' | 'crash';
  /** What was seen, or why it was skipped. */
  readonly reason?: string;
  readonly durationMs: number;
}

export interface Verdict {
  readonly verdict: 'healthy' | 'warning' | 'problem';
  /** The code of the first cause; null where nothing is wrong. */
  readonly rootCause: CatalogueCode | null;
  /** Best first. */
  readonly findings: readonly Finding[];
  readonly checks: readonly CheckReport[];
}

/** The JSON document of `diagnose`. */
export interface Diagnosis extends Verdict {
  readonly schemaVersion: 1;
  readonly target: string | null;
  readonly url: string;
  readonly facts: Facts;
  readonly durationMs: number;
}

const SEVERITIES: readonly Finding['severity'][] = ['error', 'warning', 'info'];

/** Runs the checks over the facts, in order; one whose need failed is skipped, since its failure would say nothing new. */
export function judge(facts: Facts, checks: readonly Check[]): Verdict {
  const reports: CheckReport[] = [];
  const findings: Finding[] = [];
  const unmet = new Set<string>();
  for (const check of checks) {
    const need = check.needs.find((id) => unmet.has(id));
    if (need !== undefined) {
      unmet.add(check.id);
      reports.push({ id: check.id, status: 'skip', reason: `not asked: needs ${need}`, durationMs: 0 });
      continue;
    }
    const started = performance.now();
    try {
      const conclusion = check.run(facts);
      if (conclusion.status === 'fail') unmet.add(check.id);
      findings.push(...(conclusion.findings ?? []));
      reports.push({
        id: check.id,
        status: conclusion.status,
        reason: conclusion.summary,
        durationMs: elapsed(started),
      });
    } catch (error) {
      reports.push({
        id: check.id,
        status: 'crash',
        reason: error instanceof Error ? error.message : String(error),
        durationMs: elapsed(started),
      });
    }
  }
  findings.sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || b.rank - a.rank);
  const [first] = findings;
  const verdict =
    first === undefined || first.severity === 'info'
      ? 'healthy'
      : first.severity === 'error'
        ? 'problem'
        : 'warning';
  return {
    verdict,
    rootCause: verdict === 'healthy' ? null : (first?.code ?? null),
    findings,
    checks: reports,
  };
}

function elapsed(started: number): number {
  return Math.round((performance.now() - started) * 100) / 100;
}
