import { entryOf } from '../tree.js';
import { eachServer } from './rule.js';

/** Several addresses are those of llama.cpp servers, in place of one. */
export const baseUrls = eachServer(({ node, path, provider }, { read }) => {
  const found = entryOf(node, 'baseUrls');
  if (found === undefined || read.form !== 'llamactl') return [];
  const at = {
    code: 'config.invalid-value',
    severity: 'error',
    path: [...path, 'baseUrls'],
    span: found.keySpan,
  } as const;
  if (entryOf(node, 'baseUrl') !== undefined)
    return [
      {
        ...at,
        message: 'baseUrl stands here too: they exclude each other',
        suggestion: 'put every address into baseUrls',
      },
    ];
  if (provider === 'llama-cpp') return [];
  return [
    { ...at, message: `only llama.cpp servers are balanced, not ${provider}`, suggestion: 'write baseUrl' },
  ];
});
