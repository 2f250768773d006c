/** A condition of a template, in a form that can be negated and compared. */
export type Condition =
  | { readonly kind: 'is'; readonly expression: string }
  | { readonly kind: 'not'; readonly expression: string }
  | { readonly kind: 'and' | 'or'; readonly of: readonly Condition[] };

/** Holds where a Go template's expression is true, or not empty. */
export function is(expression: string): Condition {
  return { kind: 'is', expression };
}

export function negated(condition: Condition): Condition {
  switch (condition.kind) {
    case 'is':
      return { kind: 'not', expression: condition.expression };
    case 'not':
      return is(condition.expression);
    case 'and':
      return anyOf(condition.of.map(negated));
    case 'or':
      return allOf(condition.of.map(negated));
  }
}

export function allOf(conditions: readonly Condition[]): Condition {
  return joined('and', conditions);
}

export function anyOf(conditions: readonly Condition[]): Condition {
  return joined('or', conditions);
}

function joined(kind: 'and' | 'or', conditions: readonly Condition[]): Condition {
  const flat = conditions.flatMap((each) => (each.kind === kind ? each.of : [each]));
  const byText = new Map(flat.map((each) => [goOf(each), each]));
  const [only, ...others] = byText.values();
  if (only === undefined) throw new Error(`a condition of nothing`);
  return others.length === 0 ? only : { kind, of: [only, ...others] };
}

/** Whether two conditions are the same, whatever the order of their parts. */
export function isSame(a: Condition, b: Condition): boolean {
  return sortedText(a) === sortedText(b);
}

function sortedText(condition: Condition): string {
  if (condition.kind !== 'and' && condition.kind !== 'or') return goOf(condition);
  return `${condition.kind}(${condition.of.map(sortedText).sort().join(', ')})`;
}

/** As a Go template writes it: `and .Values.a (not .Values.b)`. */
export function goOf(condition: Condition): string {
  switch (condition.kind) {
    case 'is':
      return condition.expression;
    case 'not':
      return `not ${inner(condition.expression)}`;
    default:
      return `${condition.kind} ${condition.of.map((each) => inner(goOf(each))).join(' ')}`;
  }
}

function inner(text: string): string {
  return text.includes(' ') ? `(${text})` : text;
}
