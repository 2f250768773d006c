import { entryOf } from '../tree.js';
import { eachServer } from './rule.js';

const SOURCES = ['apiKey', 'apiKeyFile', 'apiKeyCommand', 'apiKeyKeyring'];

export const keySources = eachServer(({ node, path }) => {
  const [wins, ...others] = SOURCES.filter((key) => entryOf(node, key) !== undefined);
  return others.map((key) => ({
    code: 'config.key-sources',
    path: [...path, key],
    span: entryOf(node, key)?.keySpan ?? node,
    message: `${wins} stands here too and wins over it`,
    suggestion: 'keep one of them',
  }));
});
