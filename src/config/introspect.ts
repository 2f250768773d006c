import * as z from 'zod';

/** What is used of a JSON Schema. */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly writeOnly?: boolean;
}

const made = new WeakMap<z.ZodType, JsonSchema>();

/** A zod schema as JSON Schema, draft 2020-12; made once. */
export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  const known = made.get(schema);
  if (known !== undefined) return known;
  // zod's type of its own output is wider than what is read of it here.
  const fresh: JsonSchema = JSON.parse(JSON.stringify(z.toJSONSchema(schema, { target: 'draft-2020-12' })));
  made.set(schema, fresh);
  return fresh;
}

/** The part of a schema that a path leads to; null where it leads out of it. */
export function schemaAt(schema: JsonSchema, path: readonly PropertyKey[]): JsonSchema | null {
  let at: JsonSchema | null = schema;
  for (const part of path) {
    if (at === null) return null;
    if (typeof part === 'number') {
      at = at.items ?? at.anyOf?.find(({ items }) => items !== undefined)?.items ?? null;
      continue;
    }
    // Of a text or a group of keys, the group.
    const group: JsonSchema = at.anyOf?.find(({ properties }) => properties !== undefined) ?? at;
    const property: JsonSchema | undefined = Object.hasOwn(group.properties ?? {}, part)
      ? group.properties?.[String(part)]
      : undefined;
    const others: boolean | JsonSchema | undefined = group.additionalProperties;
    at = property ?? (typeof others === 'object' && Object.keys(others).length > 0 ? others : null);
  }
  return at;
}

/** The keys that an object of this schema may have; null where any may be. */
export function knownKeys(schema: JsonSchema | null): readonly string[] | null {
  return schema?.properties === undefined ? null : Object.keys(schema.properties);
}

/** What a schema allows, in words: `a number from 0 to 2`. */
export function allowed(schema: JsonSchema | null): string {
  if (schema === null) return 'something else';
  if (schema.enum !== undefined) return `one of ${schema.enum.map(String).join(', ')}`;
  if (schema.anyOf !== undefined) return schema.anyOf.map(allowed).join(' or ');
  const { minimum, maximum } = schema;
  switch (schema.type) {
    case 'number':
    case 'integer': {
      const noun = schema.type === 'integer' ? 'a whole number' : 'a number';
      if (minimum === undefined || minimum <= Number.MIN_SAFE_INTEGER) return noun;
      return maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER
        ? `${noun} from ${count(minimum)}`
        : `${noun} from ${count(minimum)} to ${count(maximum)}`;
    }
    case 'array':
      return schema.items?.type === 'string' ? 'a list of texts' : 'a list';
    case 'string':
      return 'a text';
    case 'boolean':
      return 'true or false';
    default:
      return 'a group of keys';
  }
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
