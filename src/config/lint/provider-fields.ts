import { entryOf } from '../tree.js';
import { eachServer } from './rule.js';

/** What a server cannot do without: its address, where its kind has no usual one; for nanocoder a list of models. */
export const providerFields = eachServer(({ node, path, provider }, { read }) => {
  const hasAddress = ['baseUrl', 'baseUrls'].some((key) => entryOf(node, key) !== undefined);
  if (read.form === 'llamactl' && provider === 'openai-compatible' && !hasAddress)
    return [
      {
        severity: 'error',
        code: 'config.missing-key',
        path: [...path, 'baseUrl'],
        span: { start: node.start, end: node.start + 1 },
        message: 'missing: an openai-compatible server may be anywhere',
      },
    ];
  const isProvider = read.form !== 'llamactl' && typeof path.at(-1) === 'number';
  if (!isProvider || entryOf(node, 'models') !== undefined) return [];
  return [
    {
      code: 'config.missing-key',
      path: [...path, 'models'],
      span: { start: node.start, end: node.start + 1 },
      message: 'missing: nanocoder needs a list of models',
      suggestion: 'llamactl models shows what the server has',
    },
  ];
});
