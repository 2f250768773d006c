import { usageError } from '../errors/llamactl-error.js';
import { nearest } from '../errors/nearest.js';

/** What a name may be compared with. */
export type Term =
  | {
      readonly kind: 'number';
      /** Each unit that may be written (`''`: none), and what one of it counts: `{ms: 1, s: 1000}`. */
      readonly units: Readonly<Record<string, number>>;
      /** A whole expression, for messages: `ttft.p95<=500ms`. */
      readonly example: string;
    }
  | { readonly kind: 'text'; readonly example: string }
  /** Stands alone, without anything to compare with. */
  | { readonly kind: 'flag'; readonly example: string };

/** The names of a language of comparisons. */
export type Terms = Readonly<Record<string, Term>>;

export const OPERATORS = ['<=', '>=', '!=', '<', '>', '='] as const;
export type Operator = (typeof OPERATORS)[number];

/** `ttft.p95<=500ms`, read. */
export type Expression = {
  /** As it was written, without blanks around it. */
  readonly text: string;
  readonly name: string;
} & (
  | {
      readonly kind: 'number';
      readonly operator: Operator;
      /** In what the term's units count: 0.5 s where `ms` is 1 is 500. */
      readonly value: number;
      readonly unit: string;
    }
  | { readonly kind: 'text'; readonly operator: '=' | '!='; readonly value: string }
  | { readonly kind: 'flag' }
);

/** Milliseconds, as people write them. */
export const DURATION_UNITS = { us: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/**
 * Reads `name`, `name op number unit` or `name op text`; blanks between them do not count.
 * @param what names the flag in messages: `--slo`
 * @throws LlamactlError (usage) that points at what cannot be read and says what may stand there
 */
export function parseExpression(text: string, terms: Terms, what: string): Expression {
  const fail = (at: number, problem: string) => expressionError(text, at, problem, what, terms);
  const [, blank = '', name = '', rest = ''] = /^(\s*)([\w.-]*)([\s\S]*)$/.exec(text) ?? [];
  const nameAt = blank.length;
  if (name === '') throw fail(nameAt, 'a name is missing');
  const term = Object.hasOwn(terms, name) ? terms[name] : undefined;
  if (term === undefined) {
    const close = nearest(name, Object.keys(terms));
    throw fail(nameAt, `there is no ${name}${close === null ? '' : `, did you mean ${close}?`}`);
  }
  const [, gap = '', operator = '', space = '', written = ''] =
    /^(\s*)([<>=!≤≥]*)(\s*)([\s\S]*?)\s*$/.exec(rest) ?? [];
  const operatorAt = nameAt + name.length + gap.length;
  const valueAt = operatorAt + operator.length + space.length;
  const head = { text: text.trim(), name };
  if (term.kind === 'flag') {
    if (operator !== '' || written !== '') throw fail(operatorAt, `${name} stands alone`);
    return { ...head, kind: 'flag' };
  }
  const allowed: readonly Operator[] = term.kind === 'text' ? ['=', '!='] : OPERATORS;
  const known = allowed.find((each) => each === (ALIASES[operator] ?? operator));
  if (known === undefined)
    throw fail(
      operatorAt,
      `${operator === '' ? 'a comparison is missing' : `${operator} is none of the comparisons`}: ${allowed.join(' ')}`,
    );
  if (written === '') throw fail(valueAt, `what ${name} is compared with is missing, e.g. ${term.example}`);
  if (term.kind === 'text')
    return { ...head, kind: 'text', operator: known === '!=' ? '!=' : '=', value: written };
  const [, number = '', unitGap = '', unit = ''] = /^([+-]?[\d_,.]*)(\s*)([\s\S]*)$/.exec(written) ?? [];
  const amount = Number(number.replaceAll(/(?<=\d)[_,](?=\d{3}(?!\d))/g, ''));
  if (number === '' || !Number.isFinite(amount))
    throw fail(valueAt, `a number is missing, e.g. ${term.example}`);
  const factor = Object.hasOwn(term.units, unit) ? term.units[unit] : undefined;
  if (factor === undefined) {
    const units = Object.keys(term.units).filter((each) => each !== '');
    const at = valueAt + number.length + unitGap.length;
    const choice = units.length === 0 ? 'no unit' : units.map((each) => number + each).join(' or ');
    throw fail(at, unit === '' ? `a unit is missing: ${choice}` : `${unit} is no unit of ${name}: ${choice}`);
  }
  return { ...head, kind: 'number', operator: known, value: amount * factor, unit };
}

const ALIASES: Readonly<Record<string, Operator>> = { '==': '=', '≤': '<=', '≥': '>=' };

/** Whether a comparison holds. */
export function compare(left: number, operator: Operator, right: number): boolean {
  switch (operator) {
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
    case '=':
      return left === right;
    case '!=':
      return left !== right;
  }
}

/**
 * An expression that cannot be read, with a caret under what is wrong.
 * @param at index into the text
 */
export function expressionError(text: string, at: number, problem: string, what: string, terms: Terms) {
  const shown = text.replaceAll(/\s/g, ' ');
  return usageError(
    `${what}: ${problem}`,
    [
      {
        text: 'What may be written:',
        commands: Object.values(terms)
          .map(({ example }) => example)
          .filter((example, index, all) => all.indexOf(example) === index),
      },
    ],
    [`${shown}\n${' '.repeat(at)}^`],
  );
}
