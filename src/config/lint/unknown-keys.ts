import { unknownKey } from '../check-schema.js';
import { isNanocoder } from '../form.js';
import { jsonSchemaOf, knownKeys, schemaAt } from '../introspect.js';
import { nanocoderSchema, providerListSchema } from '../nanocoder-schema.js';
import { isOwnKey } from '../own-keys.js';
import { walk } from '../tree.js';
import type { LintRule } from './rule.js';

/**
 * Keys that neither nanocoder nor llamactl knows: they are passed over when the file is used. In our own form they are
 * errors of the schema; the specification has `llamaCpp` closed, so that they are errors here too.
 */
export const unknownKeys: LintRule = ({ read }) => {
  if (!isNanocoder(read.form)) return [];
  const schema = jsonSchemaOf(read.form === 'provider-list' ? providerListSchema : nanocoderSchema);
  return [...walk(read.tree.root)].flatMap(({ node, path }) => {
    const here = schemaAt(schema, path);
    const known = knownKeys(here);
    // What is closed has been checked by the schema.
    if (node.kind !== 'object' || known === null || here?.additionalProperties === false) return [];
    return node.entries
      .filter(({ key }) => !known.includes(key) && !isOwnKey(key))
      .map(({ key }) => ({
        ...unknownKey(read.tree.root, [...path, key], known),
        severity: path[0] === 'nanocoder' && path[1] === 'llamaCpp' ? 'error' : 'warning',
      }));
  });
};
