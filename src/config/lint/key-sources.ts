import { entryOf } from '../tree.js';
import { eachServer } from './rule.js';

/** Where a key may be said to be, the first one wins. */
export const KEY_FIELDS = ['apiKey', 'apiKeyFile', 'apiKeyCommand', 'apiKeyKeyring'];

export const keySources = eachServer(({ node, path }) => {
  const [wins, ...others] = KEY_FIELDS.filter((key) => entryOf(node, key) !== undefined);
  return others.map((key) => ({
    code: 'config.key-sources',
    path: [...path, key],
    span: entryOf(node, key)?.keySpan ?? node,
    message: `${wins} stands here too and wins over it`,
    suggestion: 'keep one of them',
  }));
});
