import { entryOf } from '../tree.js';
import { eachServer } from './rule.js';

/** Every other kind is somewhere by default. */
export const noAddress = eachServer(({ provider, node, path, url }) => {
  const isNamed = url !== null || entryOf(node, 'baseUrls') !== undefined;
  if (isNamed || provider !== 'openai-compatible' || path[0] !== 'targets') return [];
  const at = entryOf(node, 'provider');
  return [
    {
      severity: 'error',
      code: 'config.missing-key',
      path: [...path, 'baseUrl'],
      span: at?.keySpan ?? node,
      message: "missing: a server of OpenAI's API has no usual address",
      suggestion: 'write its baseUrl, without /v1',
    },
  ];
});
