import type { Finding } from '../../src/catalogue/entry.js';
import type { CatalogueCode } from '../../src/errors/codes.js';
import type { CliResult } from '../support/cli.js';
import type { Lab } from './lab.js';

/** Where a fault lies, from the configuration down to the words of a model. */
export type Layer =
  | 'configuration'
  | 'network'
  | 'tls'
  | 'identity'
  | 'path'
  | 'state'
  | 'key'
  | 'models'
  | 'context'
  | 'template'
  | 'generation'
  | 'capacity'
  | 'version'
  | 'host'
  | 'container'
  | 'log'
  | 'healthy';

/** What is typed, once the fault is there. */
export interface Call {
  /** Without `--json`, which is always added. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Milliseconds that the diagnosis was given; default its own 10 s. */
  readonly deadlineMs?: number;
  /** As in the expectation, of what is only known now (a port, a process). */
  readonly mentions?: readonly RegExp[];
  /** Looks, after the diagnosis, whether it did what it must not do (woke a sleeper …). @throws what is wrong */
  readonly verify?: () => Promise<void>;
}

/** What must be said of it. */
export type Expectation =
  | {
      readonly verdict: 'problem' | 'warning';
      readonly rootCause: CatalogueCode;
      /** Other right answers, where the same thing is seen from outside. */
      readonly also?: readonly CatalogueCode[];
      readonly severity: 'error' | 'warning';
      readonly exit: number;
      /** One finding and not its consequences too; what is only info does not count. */
      readonly alone?: boolean;
      /** Each must be found in the first finding: what somebody needs to know to mend it. */
      readonly mentions?: readonly RegExp[];
    }
  /** No finding but info. */
  | { readonly verdict: 'healthy'; readonly rootCause: null; readonly exit: 0 }
  /** The command does not get as far as a server. */
  | {
      readonly verdict: 'refused';
      readonly rootCause: 'config.invalid' | 'usage.invalid';
      readonly exit: 2;
      readonly mentions?: readonly RegExp[];
    }
  /** Of `explain`. */
  | {
      readonly verdict: 'explained';
      readonly rootCause: CatalogueCode;
      readonly also?: readonly CatalogueCode[];
      readonly exit: 0;
    }
  | { readonly verdict: 'unexplained'; readonly rootCause: null; readonly exit: 1 };

export interface Scenario {
  readonly id: string;
  readonly title: string;
  readonly layer: Layer;
  /** It spends its time waiting for a deadline, and may do so beside others. */
  readonly waits?: boolean;
  readonly setUp: (lab: Lab) => Promise<Call>;
  readonly expect: Expectation;
}

/** What came of a scenario. */
export interface Judgement {
  /** The root cause that was named, `healthy`, or what else happened. */
  readonly found: string;
  /** Where the expected code stands among the findings, from 1; null where it is missing, or none is expected. */
  readonly rank: number | null;
  /** Why it failed; empty where it is right. */
  readonly faults: readonly string[];
}

type More = {
  readonly also?: readonly CatalogueCode[];
  readonly alone?: boolean;
  readonly mentions?: readonly RegExp[];
};

export const problem = (rootCause: CatalogueCode, more: More = {}): Expectation => ({
  verdict: 'problem',
  rootCause,
  severity: 'error',
  exit: 1,
  ...more,
});

export const warning = (rootCause: CatalogueCode, more: More & { readonly exit?: 3 } = {}): Expectation => ({
  verdict: 'warning',
  rootCause,
  severity: 'warning',
  exit: 0,
  ...more,
});

export const HEALTHY: Expectation = { verdict: 'healthy', rootCause: null, exit: 0 };

export const refused = (
  rootCause: 'config.invalid' | 'usage.invalid',
  ...mentions: readonly RegExp[]
): Expectation => ({ verdict: 'refused', rootCause, exit: 2, mentions });

const DEADLINE = 10_000;
/** Milliseconds that a loaded machine needs to notice that a deadline has passed. */
const GRACE = 2000;

/** Holds what the program said against what was expected. */
export function judge({ expect }: Scenario, call: Call, result: CliResult): Judgement {
  const { json, code } = result;
  const faults: string[] = [];
  const expectThat = (holds: boolean, otherwise: string) => {
    if (!holds) faults.push(otherwise);
  };
  expectThat(code === expect.exit, `exit ${code ?? result.signal} instead of ${expect.exit}`);
  if (json === undefined) {
    faults.push(`stdout is no JSON document: ${(result.text.trim() || 'nothing').slice(0, 200)}`);
    return { found: 'no document', rank: null, faults };
  }
  if (json.error !== undefined) {
    const found = `error ${json.error.code}`;
    expectThat(
      expect.verdict === 'refused' && json.error.code === expect.rootCause,
      `${found}: ${json.error.message}`,
    );
    if (expect.verdict === 'refused') faults.push(...missing(expect.mentions, json.error));
    return { found, rank: null, faults };
  }
  if (expect.verdict === 'refused')
    return { found: String(json.verdict), rank: null, faults: [...faults, 'nothing was refused'] };
  if (expect.verdict === 'explained' || expect.verdict === 'unexplained') {
    const codes: readonly string[] = (json.matches ?? []).map((match: { code: string }) => match.code);
    expectThat(isRight(expect, codes[0] ?? null), `explained as ${codes.join(', ') || 'nothing'}`);
    return { found: codes[0] ?? 'nothing', rank: rankOf(expect, codes), faults };
  }

  const findings: readonly Finding[] = json.findings ?? [];
  const grave = findings.filter(({ severity }) => severity !== 'info');
  const [first] = findings;
  const crashed = (json.checks ?? []).filter((check: { status: string }) => check.status === 'crash');
  expectThat(crashed.length === 0, `a check crashed: ${JSON.stringify(crashed)}`);
  expectThat(json.verdict === expect.verdict, `verdict ${json.verdict}`);
  expectThat(isRight(expect, json.rootCause), `root cause ${json.rootCause}`);
  expectThat(
    typeof json.durationMs === 'number' && json.durationMs < (call.deadlineMs ?? DEADLINE) + GRACE,
    `took ${json.durationMs} ms`,
  );
  if (expect.verdict === 'healthy') {
    expectThat(
      grave.length === 0,
      `findings: ${grave.map(({ code, title }) => `${code} "${title}"`).join(', ')}`,
    );
  } else {
    expectThat(first?.code === json.rootCause, `the first finding is ${first?.code}`);
    expectThat(first?.severity === expect.severity, `severity ${first?.severity}`);
    expectThat(
      expect.alone !== true || grave.length === 1,
      `${grave.length} findings: ${grave.map(({ code }) => code).join(', ')}`,
    );
    expectThat((first?.evidence ?? []).length > 0, 'no evidence');
    expectThat((first?.remedies ?? []).length > 0, 'no remedy');
    faults.push(...missing([...(expect.mentions ?? []), ...(call.mentions ?? [])], first));
  }
  return {
    found: json.rootCause ?? String(json.verdict),
    rank: rankOf(
      expect,
      findings.map(({ code }) => code),
    ),
    faults,
  };
}

function isRight(expect: Expectation, code: string | null): boolean {
  if (code === expect.rootCause) return true;
  return 'also' in expect && expect.also !== undefined && expect.also.some((other) => other === code);
}

function rankOf(expect: Expectation, codes: readonly string[]): number | null {
  const at = codes.findIndex((code) => isRight(expect, code));
  return at < 0 ? null : at + 1;
}

function missing(mentions: readonly RegExp[] = [], where: unknown): string[] {
  const text = JSON.stringify(where) ?? '';
  return mentions.filter((pattern) => !pattern.test(text)).map((pattern) => `${pattern} is not mentioned`);
}
