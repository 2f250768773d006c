import type { Finding, FindingCode } from '../catalogue/entry.js';
import { usageError } from '../errors/llamactl-error.js';
import type { Check } from './check.js';
import type { DiscoveredServer } from './discover.js';
import type { FactName, Facts } from './facts.js';

/** A check's line in the document. `crash`: the check itself failed, which says nothing about the server. */
export interface CheckReport {
  readonly id: string;
  readonly status: 'pass' | 'fail' | 'warn' | 'skip' | 'crash';
  /** What was seen, or why it was skipped. */
  readonly reason?: string;
  /** Milliseconds that the facts it read took. */
  readonly durationMs: number;
}

export interface Verdict {
  readonly verdict: 'healthy' | 'warning' | 'problem';
  /** The code of the first cause; null where nothing is wrong. */
  readonly rootCause: FindingCode | null;
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
  /** Where no server was named: the servers of this machine. */
  readonly discovered?: readonly DiscoveredServer[];
  readonly durationMs: number;
}

export interface Selection {
  /** Ids or globs (`network.*`); empty: all. What they need runs too. */
  readonly only: readonly string[];
  readonly skip: readonly string[];
}

const SEVERITIES: readonly Finding['severity'][] = ['error', 'warning', 'info'];

/**
 * The checks that are wanted, in their order, with what they need.
 * @throws LlamactlError (usage) for an id or glob that matches no check
 */
export function selectChecks(checks: readonly Check[], { only, skip }: Selection): Check[] {
  const matching = (patterns: readonly string[], flag: string) =>
    new Set(
      patterns.flatMap((pattern) => {
        const found = checks.filter(({ id }) => globOf(pattern).test(id));
        if (found.length > 0) return found.map(({ id }) => id);
        throw usageError(`${flag}: there is no check "${pattern}"`, [
          { text: 'See all checks:', commands: ['llamactl diagnose --list-checks'] },
        ]);
      }),
    );
  const wanted = only.length === 0 ? new Set(checks.map(({ id }) => id)) : matching(only, '--only');
  const skipped = matching(skip, '--skip');
  const chosen = new Set<string>();
  const choose = (id: string) => {
    if (chosen.has(id)) return;
    chosen.add(id);
    for (const need of checks.find((check) => check.id === id)?.needs ?? []) choose(need);
  };
  for (const id of wanted) if (!skipped.has(id)) choose(id);
  const left = checks.filter(({ id }) => chosen.has(id) && !skipped.has(id));
  // Of a server that nothing was asked of nobody may say that it is well.
  if (left.length === 0)
    throw usageError('--skip: no check is left', [
      { text: 'See all checks:', commands: ['llamactl diagnose --list-checks'] },
    ]);
  return left;
}

/** The facts that some checks read. */
export function factsFor(checks: readonly Check[]): ReadonlySet<FactName> {
  return new Set(checks.flatMap(({ asks }) => asks));
}

/** Runs the checks over the facts, in order; one whose need failed is skipped, since its failure would say nothing new. */
export function judge(facts: Facts, checks: readonly Check[]): Verdict {
  const reports: CheckReport[] = [];
  const findings: Finding[] = [];
  /** Checks that say nothing, and the failure that is behind it. */
  const unmet = new Map<string, string>();
  /** What failed checks found, by their id. */
  const causes = new Map<string, FindingCode>();
  for (const check of checks) {
    const need = check.needs.find((id) => unmet.has(id));
    if (need !== undefined) {
      const root = unmet.get(need) ?? need;
      unmet.set(check.id, root);
      reports.push({ id: check.id, status: 'skip', reason: `not asked: ${root} failed`, durationMs: 0 });
      continue;
    }
    const durationMs = durationOf(check, facts);
    try {
      const conclusion = check.run(facts);
      if (conclusion.status === 'fail') unmet.set(check.id, check.id);
      const cause = check.follows?.map((id) => causes.get(id)).find((code) => code !== undefined);
      for (const finding of conclusion.findings ?? []) {
        if (finding.severity === 'error' && !causes.has(check.id)) causes.set(check.id, finding.code);
        const follows = cause !== undefined && cause !== finding.code;
        findings.push({ ...finding, check: check.id, ...(follows ? { consequenceOf: cause } : {}) });
      }
      reports.push({ id: check.id, status: conclusion.status, reason: conclusion.summary, durationMs });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      reports.push({ id: check.id, status: 'crash', reason, durationMs });
    }
  }
  return { ...verdictOf(merged(findings)), checks: reports };
}

/** What several checks found, once, with what each saw of it. */
function merged(findings: readonly Finding[]): Finding[] {
  const found = new Map<string, Finding>();
  for (const finding of findings) {
    const key = `${finding.code} ${finding.severity} ${finding.title}`;
    const seen = found.get(key);
    const evidence = [...new Set([...(seen?.evidence ?? []), ...finding.evidence])];
    found.set(key, { ...(seen ?? finding), evidence });
  }
  return [...found.values()];
}

/** What findings amount to, the gravest and nearest to the root first. */
export function verdictOf(findings: readonly Finding[]): Omit<Verdict, 'checks'> {
  const sorted = [...findings].sort(
    (a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || b.rank - a.rank,
  );
  const [first] = sorted;
  const verdict =
    first === undefined || first.severity === 'info'
      ? 'healthy'
      : first.severity === 'error'
        ? 'problem'
        : 'warning';
  return {
    verdict,
    rootCause: verdict === 'healthy' ? null : (first?.code ?? null),
    findings: sorted,
  };
}

/** The longest of the questions that the check waited for. */
function durationOf(check: Check, facts: Facts): number {
  const durations = check.asks.map((name) => {
    const fact = facts[name];
    return 'durationMs' in fact ? fact.durationMs : 0;
  });
  return Math.max(0, ...durations);
}

/** `network.*` as an expression. `*` stands for anything. */
function globOf(pattern: string): RegExp {
  const escaped = pattern.replace(/[\\^$+?.()|[\]{}]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${escaped}$`);
}
