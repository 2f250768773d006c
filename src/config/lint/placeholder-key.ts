import { isPlaceholder } from './placeholders.js';
import { eachServer } from './rule.js';
import { textAt } from './servers.js';

export const placeholderKey = eachServer((server) => {
  const key = textAt(server, 'apiKey');
  if (key === null || !isPlaceholder(key.value)) return [];
  return [
    {
      code: 'config.placeholder-key',
      path: key.path,
      span: key.node,
      message: 'this is an example, no key',
      suggestion: 'write $LLAMACTL_KEY, or leave it out where the server needs none',
    },
  ];
});
