import type * as z from 'zod';
import { nearest } from '../errors/nearest.js';
import { allowed, jsonSchemaOf, knownKeys, schemaAt } from './introspect.js';
import type { Complaint, ConfigProblemCode } from './problem.js';
import { PROBLEM_CODES } from './problem.js';
import { targetSchema } from './schema.js';
import { keySpanAt, type Node, nodeAt, plainValue, spanAt, walk } from './tree.js';

/** What people write for our keys, where spelling does not lead there. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  url: 'baseUrl',
  host: 'baseUrl',
  endpoint: 'baseUrl',
  address: 'baseUrl',
  server: 'baseUrl',
  key: 'apiKey',
  token: 'apiKey',
  apitoken: 'apiKey',
  keyfile: 'apiKeyFile',
  keycommand: 'apiKeyCommand',
  keyring: 'apiKeyKeyring',
  apikeyring: 'apiKeyKeyring',
  auth: 'basicAuth',
  header: 'headers',
  user: 'username',
  login: 'username',
  model: 'models',
  retries: 'maxRetries',
  requesttimeout: 'timeout',
  type: 'provider',
  kind: 'provider',
  ctx: 'nCtx',
  ctxsize: 'nCtx',
  contextsize: 'nCtx',
  contextlength: 'nCtx',
  threads: 'nThreads',
  ngl: 'nGpuLayers',
  gpulayers: 'nGpuLayers',
  mmap: 'useMmap',
  mlock: 'useMlock',
  temp: 'temperature',
  repetitionpenalty: 'repeatPenalty',
  tau: 'mirostatTau',
  eta: 'mirostatEta',
  servers: 'targets',
  providers: 'targets',
  defaulttarget: 'default',
};

/** @returns the value as the schema has it, or what is wrong with each part of it */
export function checkSchema<Schema extends z.ZodType>(
  schema: Schema,
  root: Node,
): { readonly value: z.infer<Schema> | null; readonly complaints: readonly Complaint[] } {
  const result = schema.safeParse(plainValue(root));
  const found = result.success ? [] : result.error.issues.flatMap((issue) => explain(issue, schema, root));
  const complaints = [...found, ...unusableKeys(root)];
  return { value: complaints.length === 0 && result.success ? result.data : null, complaints };
}

/** JavaScript has its own meaning for this one, so that zod passes over it without a word. */
function unusableKeys(root: Node): Complaint[] {
  return [...walk(root)].flatMap(({ node, path }) =>
    node.kind === 'object'
      ? node.entries
          .filter(({ key }) => key === '__proto__')
          .map(
            ({ key, keySpan }): Complaint => ({
              code: 'config.invalid-value',
              path: [...path, key],
              span: keySpan,
              message: 'nothing can have this name',
            }),
          )
      : [],
  );
}

/** A key that is not known: what stands there, what was probably meant. */
export function unknownKey(root: Node, path: readonly PropertyKey[], known: readonly string[]): Complaint {
  const key = String(path.at(-1));
  const close = meantKey(key, known);
  return {
    code: 'config.unknown-key',
    path,
    span: keySpanAt(root, path),
    message: close === null ? 'unknown key' : `unknown key, did you mean "${close}"?`,
    suggestion: close === null ? `known here: ${someOf(known)}` : `write "${close}"`,
  };
}

function meantKey(key: string, known: readonly string[]): string | null {
  const other = OTHER_NAMES[key.replace(/[-_]/g, '').toLowerCase()];
  return other !== undefined && known.includes(other) ? other : nearest(key, known);
}

function explain(issue: z.core.$ZodIssue, schema: z.ZodType, root: Node): Complaint[] {
  const json = jsonSchemaOf(schema);
  const { path } = issue;
  const here = schemaAt(json, path);
  const at = (code: ConfigProblemCode, message: string, suggestion?: string): Complaint[] => [
    { code, path, span: spanAt(root, path), message, suggestion },
  ];
  const node = nodeAt(root, path);
  const wanted = allowed(here);
  const wrongType = () => {
    if (node === undefined) return at('config.missing-key', `missing: ${wanted} is needed`);
    return at(
      'config.wrong-type',
      node.kind === 'scalar' && node.value === null
        ? `empty: ${wanted} is needed`
        : `${found(node, here?.writeOnly)} is not ${wanted}`,
      indentation(path) ?? conversion(node, wanted),
    );
  };
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(root, [...path, key], knownKeys(here) ?? []));
    case 'invalid_union': {
      const own = ofTheSameKind(issue.errors, node);
      if (own !== null)
        return own.flatMap((inner) => explain({ ...inner, path: [...path, ...inner.path] }, schema, root));
      return wrongType();
    }
    case 'invalid_type':
      return wrongType();
    case 'too_small':
    case 'too_big': {
      if (node?.kind !== 'scalar' || typeof node.value !== 'number')
        return at(
          'config.out-of-range',
          issue.code === 'too_small' ? 'empty' : `longer than ${issue.maximum}`,
        );
      const bound = issue.code === 'too_small' ? issue.minimum : issue.maximum;
      const side = issue.code === 'too_small' ? 'under' : 'over';
      return at(
        'config.out-of-range',
        `${count(node.value)} is ${side} ${count(Number(bound))}`,
        `${wanted} is allowed`,
      );
    }
    case 'invalid_value': {
      const given = node?.kind === 'scalar' ? String(node.value) : '';
      const close = issue.values.every((value) => typeof value === 'string')
        ? nearest(given, issue.values.map(String))
        : null;
      const hint = close === null ? '' : `, did you mean "${close}"?`;
      return at(
        'config.not-allowed',
        `${node === undefined ? 'nothing' : found(node)} is not ${wanted}${hint}`,
      );
    }
    case 'invalid_key': {
      const [own] = issue.issues;
      const span = keySpanAt(root, path);
      const message = own === undefined || own.code === 'too_small' ? 'a name cannot be empty' : own.message;
      return [{ code: 'config.invalid-value', path, span, message }];
    }
    default: {
      const code = issue.code === 'custom' ? issue.params?.['code'] : undefined;
      return at(isCode(code) ? code : 'config.invalid-value', issue.message);
    }
  }
}

/**
 * Of the ways that a union offers, what is wrong with the one that was meant: a group of keys where one stands.
 * @returns null where none is of the kind that stands there
 */
function ofTheSameKind(
  errors: readonly (readonly z.core.$ZodIssue[])[],
  node: Node | undefined,
): readonly z.core.$ZodIssue[] | null {
  if (node?.kind !== 'object') return null;
  return (
    errors.find((issues) => !issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0)) ??
    null
  );
}

function someOf(names: readonly string[]): string {
  return names.length <= 12 ? names.join(', ') : `${names.slice(0, 11).join(', ')} …`;
}

function isCode(value: unknown): value is ConfigProblemCode {
  return typeof value === 'string' && value in PROBLEM_CODES;
}

/** What stands there: short, and never a secret. */
function found(node: Node, isSecret = false): string {
  if (node.kind === 'object') return 'a group of keys';
  if (node.kind === 'array') return 'a list';
  const { value } = node;
  if (value === null) return 'nothing';
  if (isSecret) return `what stands here (a ${typeof value === 'string' ? 'text' : typeof value})`;
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

/** A key of a target that stands where targets stand. */
function indentation(path: readonly PropertyKey[]): string | undefined {
  const [root, name, ...deeper] = path;
  const isField =
    root === 'targets' && deeper.length === 0 && Object.hasOwn(targetSchema.shape, String(name));
  return isField ? `${String(name)} is a key of a target: indent it further` : undefined;
}

/** `"30s"` where milliseconds are wanted, `"8080"` for a number, one text for a list of them. */
function conversion(node: Node, wanted: string): string | undefined {
  if (node.kind === 'scalar' && typeof node.value === 'string') {
    const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h|)$/.exec(node.value.trim()) ?? [];
    const scale = { '': 1, ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit];
    if (amount !== undefined && scale !== undefined && /number/.test(wanted))
      return `write ${Number(amount) * scale}${unit === '' ? '' : ', milliseconds'}`;
    if (/^(?:true|false)$/.test(node.value) && wanted === 'true or false') return `write ${node.value}`;
    if (wanted === 'a list of texts') return `write [${JSON.stringify(node.value)}]`;
  }
  if (node.kind === 'scalar' && typeof node.value !== 'string' && node.value !== null && wanted === 'a text')
    return 'put it in quotes';
  if (node.kind === 'scalar' && /^\w+:\S/.test(String(node.value)) && wanted === 'a group of keys')
    return 'a blank is missing after the colon';
  if (node.kind === 'scalar' && node.value === null && wanted === 'a group of keys')
    return 'write {} for an empty one';
  return undefined;
}

function count(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 6 });
}
