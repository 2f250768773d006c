import { entryOf } from '../tree.js';
import { eachServer } from './rule.js';

/** What nanocoder needs of a provider and llamactl can do without. */
export const providerFields = eachServer(({ node, path }, { read }) => {
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
