import type { Finding, RemedyContext } from '../catalogue/entry.js';
import { remediesFor } from '../catalogue/programs.js';
import { isCatalogueCode } from '../errors/codes.js';
import type { Remedy } from '../errors/llamactl-error.js';
import type { FactName, Facts, FailureFact } from './facts.js';
import { endpointOf } from './gather/network.js';

/** The layers of a diagnosis, causes before their consequences. */
export const CATEGORIES = [
  'configuration',
  'network',
  'server',
  'key',
  'model',
  'context',
  'template',
  'generation',
  'capacity',
  'version',
  'machine',
] as const;
export type Category = (typeof CATEGORIES)[number];

/** What a check concludes. `summary` is the end of its line: `2,048 tokens a slot, 4 slots`. */
export type Conclusion =
  | { readonly status: 'pass'; readonly summary: string; readonly findings?: readonly Finding[] }
  | { readonly status: 'warn' | 'fail'; readonly summary: string; readonly findings: readonly Finding[] }
  | { readonly status: 'skip'; readonly summary: string; readonly findings?: readonly Finding[] };

/** A pure function over facts. */
export interface Check {
  /** `network.dns`: its layer, and what it looks at. */
  readonly id: string;
  /** What holds where it passes: `the name resolves`. */
  readonly title: string;
  readonly category: Category;
  /** Checks that must not have failed; otherwise this one is skipped. */
  readonly needs: readonly string[];
  /** Checks whose failure explains this one's, though it can still be looked at. */
  readonly follows?: readonly string[];
  /** Facts that it reads. */
  readonly asks: readonly FactName[];
  run(facts: Facts): Conclusion;
}

export interface FindingParts {
  readonly severity?: Finding['severity'];
  readonly title: string;
  readonly evidence: readonly string[];
  readonly rank: number;
  /** In place of the catalogue's. */
  readonly remedies?: readonly Remedy[];
  /** What the catalogue's remedies are filled with, beside the server's address. */
  readonly context?: RemedyContext;
}

/** A finding, with the catalogue's remedies for this server unless a check knows better ones. */
export function finding(code: Finding['code'], facts: Facts, parts: FindingParts): Finding {
  const { severity = 'error', title, evidence, rank, remedies, context } = parts;
  return {
    code,
    severity,
    title,
    evidence,
    remedies: remedies ?? catalogueRemedies(code, facts, { ...contextOf(facts), ...context }),
    rank,
  };
}

/** A failure as a finding. Failures that are no server's (usage, our bugs) never get this far. */
export function findingOf(
  failure: FailureFact,
  rank: number,
  severity: Finding['severity'] = 'error',
): Finding {
  return {
    code: isCatalogueCode(failure.code) ? failure.code : 'server.crashed',
    severity,
    title: failure.message,
    evidence: failure.evidence,
    remedies: failure.remedies,
    rank,
  };
}

/** Whether a question had no answer only because the server's HTTP threads are taken: its slots move. */
export function isHeldUpByWork({ slots }: Facts, failure: FailureFact): boolean {
  return (
    failure.type === 'TIMEOUT_ERROR' &&
    slots.state === 'known' &&
    slots.value.busy > 0 &&
    (slots.value.progressed ?? 0) > 0
  );
}

/** A check that failed with one finding. */
export function failed(summary: string, ...findings: readonly Finding[]): Conclusion {
  const isError = findings.some(({ severity }) => severity === 'error');
  return { status: isError ? 'fail' : 'warn', summary, findings };
}

export function passed(summary: string, ...findings: readonly Finding[]): Conclusion {
  return { status: 'pass', summary, ...(findings.length > 0 ? { findings } : {}) };
}

export function skipped(summary: string): Conclusion {
  return { status: 'skip', summary };
}

/** `40960` → `40,960`. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** Where the address is from, where that is not the command line; null where it is. */
export function originLine({ configured: { urlOrigin } }: Facts): string | null {
  if (urlOrigin === 'flag' || urlOrigin === 'default' || urlOrigin === 'discovered') return null;
  return `the address is from: ${urlOrigin}`;
}

/** What remedies are filled with. */
export function contextOf(facts: Facts): RemedyContext {
  const { host, port } = endpointOf(new URL(facts.url));
  const path = facts.props.state === 'known' ? facts.props.value.model_path : null;
  const model = facts.program === 'llama.cpp' ? path : facts.configured.model;
  const place = facts.url.startsWith('unix:') ? {} : { host, port };
  return { url: facts.url, ...place, ...(model ? { model } : {}) };
}

function catalogueRemedies(code: Finding['code'], facts: Facts, context: RemedyContext): readonly Remedy[] {
  return isCatalogueCode(code) ? remediesFor(code, facts.program, context) : [];
}
