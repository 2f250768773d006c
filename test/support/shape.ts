/**
 * A document's keys and types, to be held against what is promised: `{url: 'string', models: [{id: 'string'}]}`. Of an
 * array's elements each different shape is shown once.
 */
export function shape(value: unknown): unknown {
  if (value === null) return 'null';
  if (Array.isArray(value)) {
    const shapes = new Map(value.map((each) => [JSON.stringify(shape(each)), shape(each)]));
    return [...shapes.values()];
  }
  if (typeof value !== 'object') return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shape(inner)]));
}

/** The document of any failure. */
export const ERROR_SHAPE = {
  error: {
    type: 'string',
    code: 'string',
    message: 'string',
    evidence: ['string'],
    suggestions: ['string'],
  },
};
