import type { Finding } from '../catalogue/entry.js';
import { keyOf } from './document.js';
import type { Diagnosis } from './runner.js';

/** One thing that is otherwise: `props.total_slots` 4 → 1. */
export interface FactChange {
  readonly path: string;
  /** Null where it was not known. */
  readonly before: string | number | boolean | null;
  readonly after: string | number | boolean | null;
}

/** The JSON document of `diagnose --diff`. */
export interface Comparison {
  readonly verdict: { readonly before: Diagnosis['verdict']; readonly after: Diagnosis['verdict'] };
  readonly rootCause: { readonly before: Diagnosis['rootCause']; readonly after: Diagnosis['rootCause'] };
  readonly appeared: readonly Finding[];
  readonly disappeared: readonly Finding[];
  readonly facts: readonly FactChange[];
}

/** Facts that are never twice the same: times, process numbers, free memory, and what of traffic is there just now. */
const VOLATILE =
  /(?:Ms|Bytes|pid|decodeCalls|progressed|bursts|state|cacheReuse|holder\.commandLine|requestsProcessing|requestsDeferred)$|^(?:slots|otherSlots)\.(?:busy|reading)$|^generation\.(?:tokens|promptTokensPerSecond)$|^local\.processes|^discovered/;
/** A rate counts as changed from this ratio on: it is of few tokens, on a machine that does other things too. */
const RATE_CHANGED = 2;
/** Tokens a second beyond which nobody waits, and a few tokens measure nothing. */
const FAST = 500;

/** What changed from one diagnosis to another. */
export function compareDiagnoses(before: Diagnosis, after: Diagnosis): Comparison {
  const keys = (diagnosis: Diagnosis) => new Set(diagnosis.findings.map(keyOf));
  const [had, has] = [keys(before), keys(after)];
  return {
    verdict: { before: before.verdict, after: after.verdict },
    rootCause: { before: before.rootCause, after: after.rootCause },
    appeared: after.findings.filter((finding) => !had.has(keyOf(finding))),
    disappeared: before.findings.filter((finding) => !has.has(keyOf(finding))),
    facts: factChanges(before, after),
  };
}

/** Whether there is anything to tell. */
export function hasChanged({ verdict, appeared, disappeared, facts }: Comparison): boolean {
  return verdict.before !== verdict.after || appeared.length + disappeared.length + facts.length > 0;
}

function factChanges(before: Diagnosis, after: Diagnosis): FactChange[] {
  const [a, b] = [flatten(askedInBoth(before, after)), flatten(askedInBoth(after, before))];
  const paths = [...new Set([...a.keys(), ...b.keys()])].filter((path) => !VOLATILE.test(path));
  return paths.flatMap((path) => {
    const [was, is] = [a.get(path) ?? null, b.get(path) ?? null];
    if (was === is) return [];
    if (/PerSecond$/.test(path) && typeof was === 'number' && typeof is === 'number') {
      const ratio = Math.max(was, is) / Math.max(Math.min(was, is), 1e-9);
      if (ratio < RATE_CHANGED || Math.min(was, is) > FAST) return [];
    }
    return [{ path, before: was, after: is }];
  });
}

/**
 * The facts of one that were asked in the other too: what was not asked there follows from something that is told. Of one that
 * failed on either side only that remains.
 */
function askedInBoth(one: Diagnosis, other: Diagnosis): Readonly<Record<string, unknown>> {
  const { deep, ...facts } = one.facts;
  const { deep: otherDeep, ...others } = other.facts;
  const theirs: Readonly<Record<string, unknown>> = { ...others, ...otherDeep };
  return Object.fromEntries(
    Object.entries({ ...facts, ...deep }).flatMap(([name, fact]): [string, unknown][] => {
      const [ours, states] = [stateOf(fact), [stateOf(fact), stateOf(theirs[name])]];
      if (states.includes('not-asked')) return [];
      return [[name, states.includes('failed') && ours === 'known' ? 'answers' : fact]];
    }),
  );
}

function stateOf(fact: unknown): string | null {
  return typeof fact === 'object' && fact !== null && 'state' in fact ? String(fact.state) : null;
}

/** Leaves by path. A fact's wrapping is left out: `props.value.total_slots` reads `props.total_slots`. */
function flatten(value: unknown, path = '', found = new Map<string, FactChange['before']>()) {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    found.set(path, value);
  else if (Array.isArray(value)) {
    if (value.length > 0 && value.every((each) => typeof each === 'string'))
      found.set(path, value.join(', '));
    else
      for (const [index, each] of value.entries())
        flatten(each, join(path, nameIn(each) ?? String(index)), found);
  } else if (typeof value === 'object' && value !== null) {
    // A failure's words are the findings' business; that it failed is the fact's.
    if ('error' in value && 'state' in value) found.set(path, codeOf(value.error));
    else
      for (const [key, inner] of Object.entries(value))
        flatten(inner, key === 'value' ? path : join(path, key), found);
  }
  return found;
}

function nameIn(value: unknown): string | null {
  return typeof value === 'object' && value !== null && 'id' in value ? String(value.id) : null;
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'failed';
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}
