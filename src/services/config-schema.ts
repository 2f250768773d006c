import { jsonSchemaOf } from '../config/introspect.js';
import { configSchema } from '../config/schema.js';

/** The JSON Schema of our form, draft 2020-12, as editors take it. */
export function publishedSchema(): Readonly<Record<string, unknown>> {
  const schema = Object.entries(jsonSchemaOf(configSchema)).map(([key, value]) => [key, withOwnKeys(value)]);
  return { $id: 'urn:llamactl:config', ...Object.fromEntries(schema), patternProperties: OWN_KEYS };
}

/** Closed groups take the user's own keys (own-keys.ts), which zod has no word for. */
const OWN_KEYS = { '^x-': {}, '^//$': {} };

function withOwnKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withOwnKeys);
  if (typeof value !== 'object' || value === null) return value;
  const inner = Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withOwnKeys(each)]));
  return inner['additionalProperties'] === false ? { ...inner, patternProperties: OWN_KEYS } : inner;
}
