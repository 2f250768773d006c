import { type Form, SECTION_NAMES, SECTIONS } from '../form.js';
import { providerOf } from '../nanocoder.js';
import { PROVIDERS, type Provider } from '../schema.js';
import { entryOf, type Node, nodeAt, type ObjectNode } from '../tree.js';
import { type Environment, hasVariable, substituted } from '../variables.js';
import { isPlaceholder } from './placeholders.js';
import type { ServerEntry, TextAt } from './rule.js';

const SECRET_KEY = /^(?:authorization|cookie|basic[-_]?auth|.*(?:api[-_]?key|token|secret|passw\w*|pwd))$/i;

/** The servers that a file names. */
export function serversIn(root: Node, form: Form, env: Environment): ServerEntry[] {
  if (form === 'llamactl') {
    const targets = nodeAt(root, ['targets']);
    if (targets?.kind !== 'object') return [];
    return targets.entries.flatMap(({ key, value }) =>
      value.kind === 'object' ? serverAt(key, ['targets', key], value, env) : [],
    );
  }
  const lists = form === 'provider-list' ? [[]] : [['nanocoder', 'providers'], ['providers']];
  const sections = SECTION_NAMES.flatMap((section) => {
    const node = nodeAt(root, ['nanocoder', section]);
    if (form === 'provider-list' || node?.kind !== 'object') return [];
    const { name, provider, baseUrl } = SECTIONS[section];
    return serverAt(name, ['nanocoder', section], node, env, { provider, baseUrl });
  });
  const providers = lists.flatMap((path) => {
    const list = nodeAt(root, path);
    if (list?.kind !== 'array') return [];
    return list.items.flatMap(({ value }, index) =>
      value.kind === 'object'
        ? serverAt(textIn(value, 'name')?.value ?? '', [...path, index], value, env)
        : [],
    );
  });
  return [...sections, ...providers];
}

/** A text of a group of keys, and where it stands. */
export function textAt(server: ServerEntry, key: string): TextAt | null {
  const found = textIn(server.node, key);
  return found && { ...found, path: [...server.path, key] };
}

/** Every literal secret of a tree, and where it stands. */
export function secretsIn(root: Node, path: readonly PropertyKey[] = []): TextAt[] {
  if (root.kind === 'scalar') return [];
  const members: { key: PropertyKey; value: Node }[] =
    root.kind === 'object'
      ? root.entries.map(({ key, value }) => ({ key, value }))
      : root.items.map(({ value }, index) => ({ key: index, value }));
  return members.flatMap(({ key, value }) => {
    const here = [...path, key];
    if (value.kind !== 'scalar') return secretsIn(value, here);
    const isSecret = typeof key === 'string' && SECRET_KEY.test(key) && typeof value.value === 'string';
    const text = isSecret ? String(value.value) : '';
    return text === '' || hasVariable(text) || isPlaceholder(text)
      ? []
      : [{ value: text, node: value, path: here }];
  });
}

function serverAt(
  name: string,
  path: readonly PropertyKey[],
  node: ObjectNode,
  env: Environment,
  standard: { readonly provider?: Provider; readonly baseUrl?: string } = {},
): ServerEntry[] {
  const written = textIn(node, 'baseUrl')?.value ?? standard.baseUrl;
  const url = written === undefined ? null : substituted(written, env);
  const named = textIn(node, 'provider')?.value;
  const isOurs = path[0] === 'targets';
  const known = PROVIDERS.find((provider) => provider === named);
  const provider = isOurs ? (known ?? 'llama-cpp') : (standard.provider ?? providerOf(url ?? undefined));
  return [{ name, path, node, provider, url }];
}

function textIn(node: ObjectNode, key: string): Omit<TextAt, 'path'> | null {
  const value = entryOf(node, key)?.value;
  return value?.kind === 'scalar' && typeof value.value === 'string'
    ? { value: value.value, node: value }
    : null;
}
