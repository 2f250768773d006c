import { parseDuration } from '../../config/duration.js';
import { type LlamactlError, usageError } from '../../errors/llamactl-error.js';
import { nearest } from '../../errors/nearest.js';
import { nameOf, type ServerRow } from './track.js';

const DOWN: ReadonlySet<ServerRow['state']> = new Set([
  'unreachable',
  'unauthorized',
  'wrong-server',
  'unresponsive',
  'failed',
]);

interface Metric {
  readonly what: string;
  /** The unit that a number may carry, and what it is in the metric's own. */
  readonly units: Readonly<Record<string, number>>;
  /** Null where nobody knows. */
  of(row: ServerRow): number | null;
}

const NO_UNIT = { '': 1 } as const;
const PERCENT = { '': 1, '%': 1 } as const;

/** What an alert can be about. */
export const ALERT_METRICS: Readonly<Record<string, Metric>> = {
  deferred: { what: 'requests that wait for a slot', units: NO_UNIT, of: (row) => row.deferred },
  busy: { what: 'slots that work', units: NO_UNIT, of: (row) => row.slots.busy },
  idle: {
    what: 'slots that are free',
    units: NO_UNIT,
    of: ({ slots }) => (slots.total === null || slots.busy === null ? null : slots.total - slots.busy),
  },
  prompt: { what: 'prompt tokens a second', units: NO_UNIT, of: (row) => row.promptTokensPerSecond },
  generation: {
    what: 'generated tokens a second',
    units: NO_UNIT,
    of: (row) => row.generationTokensPerSecond,
  },
  context: { what: 'percent of its context that the fullest slot holds', units: PERCENT, of: fullestSlot },
  cache: {
    what: 'percent of the prompt tokens that came from the cache',
    units: PERCENT,
    of: ({ cacheReuse }) => (cacheReuse === null ? null : cacheReuse * 100),
  },
  drafts: {
    what: 'percent of the drafted tokens that were taken',
    units: PERCENT,
    of: ({ draftAcceptance }) => (draftAcceptance === null ? null : draftAcceptance * 100),
  },
  response: {
    what: 'milliseconds that /health takes',
    units: { '': 1, ms: 1, s: 1000 },
    of: (row) => row.responseTimeMs,
  },
  restarts: { what: 'restarts since the watch began', units: NO_UNIT, of: (row) => row.restarts },
  down: {
    what: '1 where it cannot be used: out of reach, key refused, another program; else 0',
    units: NO_UNIT,
    of: ({ state }) => (DOWN.has(state) ? 1 : 0),
  },
};

const OPERATORS: Readonly<Record<string, (value: number, limit: number) => boolean>> = {
  '>': (value, limit) => value > limit,
  '>=': (value, limit) => value >= limit,
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
  '=': (value, limit) => value === limit,
  '!=': (value, limit) => value !== limit,
};

export interface AlertRule {
  /** As it was typed, with single spaces. */
  readonly expression: string;
  readonly metric: string;
  readonly operator: string;
  readonly limit: number;
  /** Milliseconds for which it must hold before it counts, and must not hold before it is over. */
  readonly forMs: number;
}

/**
 * `deferred>3 for 30s`, `context>=95%`, `response>200ms for 1m`, `down for 10s`.
 * @throws LlamactlError (usage) with the list of metrics
 */
export function parseAlert(text: string): AlertRule {
  const expression = text.trim().replace(/\s+/g, ' ');
  const match = /^([a-z-]+) ?(?:(>=|<=|!=|==?|>|<) ?(-?\d+(?:\.\d+)?) ?(%|[a-z]+)?)?(?: for (\S+))?$/i.exec(
    expression,
  );
  const name = match?.[1]?.toLowerCase() ?? /^[a-z-]+/i.exec(expression)?.[0]?.toLowerCase() ?? '';
  const metric = Object.hasOwn(ALERT_METRICS, name) ? ALERT_METRICS[name] : undefined;
  if (name !== '' && metric === undefined) throw unknownMetric(expression, name);
  const [, , operator, number, unit = '', during] = match ?? [];
  if (metric === undefined || (operator === undefined && name !== 'down'))
    throw wrongAlert(expression, 'is no METRIC OPERATOR NUMBER');
  const factor = metric.units[unit.toLowerCase()];
  if (factor === undefined) {
    const units = Object.keys(metric.units).filter((each) => each !== '');
    const known = units.length === 0 ? 'takes a bare number' : `takes ${units.join(' or ')}`;
    throw wrongAlert(expression, `has the unit "${unit}", and ${name} ${known}`);
  }
  return {
    expression,
    metric: name,
    operator: operator === '==' ? '=' : (operator ?? '>='),
    limit: Number(number ?? 1) * factor,
    forMs: during === undefined ? 0 : parseDuration(during, `how long an alert lasts (in "${expression}")`),
  };
}

/** An alert that began, or is over. */
export interface AlertChange {
  readonly expression: string;
  readonly target: string;
  readonly firing: boolean;
  /** What the metric was. */
  readonly value: number;
}

interface Standing {
  readonly firing: boolean;
  /** Since when it has been the other way: milliseconds; null where it is not. */
  readonly turnedAt: number | null;
}

/** What is kept from line to line, by rule and row. */
export type AlertState = ReadonlyMap<string, Standing>;

export const NO_ALERTS: AlertState = new Map();

/**
 * What begins and ends with one more line. An alert that was over for a moment only goes on, so that a value about its limit
 * does not ring again and again; a value that nobody knows changes nothing.
 * @param now milliseconds
 */
export function advanceAlerts(
  state: AlertState,
  rules: readonly AlertRule[],
  rows: readonly ServerRow[],
  now: number,
): { readonly state: AlertState; readonly changes: readonly AlertChange[] } {
  const next = new Map<string, Standing>();
  const changes: AlertChange[] = [];
  for (const row of rows) {
    for (const rule of rules) {
      const target = nameOf(row);
      const key = `${rule.expression}\n${target}`;
      const before = state.get(key) ?? { firing: false, turnedAt: null };
      const value = ALERT_METRICS[rule.metric]?.of(row) ?? null;
      if (value === null) {
        next.set(key, { ...before, turnedAt: null });
        continue;
      }
      const holds = OPERATORS[rule.operator]?.(value, rule.limit) ?? false;
      if (holds === before.firing) {
        next.set(key, { ...before, turnedAt: null });
        continue;
      }
      const turnedAt = before.turnedAt ?? now;
      const turns = now - turnedAt >= rule.forMs;
      next.set(key, turns ? { firing: holds, turnedAt: null } : { firing: before.firing, turnedAt });
      if (turns) changes.push({ expression: rule.expression, target, firing: holds, value });
    }
  }
  return { state: next, changes };
}

function fullestSlot({ slotList }: ServerRow): number | null {
  const fills = (slotList ?? [])
    .filter(({ phase }) => phase !== 'idle')
    .map(({ contextTokens, contextSize }) => (contextTokens / contextSize) * 100);
  return slotList === null ? null : Math.max(0, ...fills);
}

function unknownMetric(expression: string, name: string): LlamactlError {
  const names = Object.keys(ALERT_METRICS);
  const close = nearest(name, names);
  return usageError(
    `there is no metric "${name}" for an alert${close === null ? '' : `, did you mean "${close}"?`}`,
    [
      {
        text: 'The metrics:',
        commands: Object.entries(ALERT_METRICS).map(([each, { what }]) => `${each}: ${what}`),
      },
      ...(close === null
        ? []
        : [{ text: 'Give it so:', commands: [`--alert '${expression.replace(name, close)}'`] }]),
    ],
  );
}

function wrongAlert(expression: string, problem: string): LlamactlError {
  return usageError(`the alert ${JSON.stringify(expression)} ${problem}`, [
    {
      text: 'Alerts look like these:',
      commands: ["--alert 'deferred>3 for 30s'", "--alert 'context>=95%'", "--alert 'down for 10s'"],
    },
    { text: `Metrics are ${Object.keys(ALERT_METRICS).join(', ')}.`, commands: [] },
  ]);
}
